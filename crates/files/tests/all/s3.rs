//! Files in a bucket, at a service that speaks S3 and isn't ours.

use bytes::Bytes;
use frontdesk_files::{Addressing, FileLimits, Place, Purpose, S3};
use frontdesk_identity::Secret;
use frontdesk_protocol::AttachmentId;
use frontdesk_store::Attachments;
use frontdesk_testkit::python::{Python, S3Server};
use frontdesk_testkit::skip;
use futures_util::TryStreamExt;

use crate::desk::{Desk, PNG, ann, broken_body};

async fn service(test: &str) -> Option<S3Server> {
    match Python::find_s3() {
        Ok(python) => Some(python.s3_server().await.unwrap()),
        Err(reason) => {
            skip::note(&format!("files::{test}"), &reason).unwrap();
            None
        }
    }
}

fn bucket(service: &S3Server, secret: &str) -> Place {
    Place::S3(Box::new(S3 {
        bucket: S3Server::BUCKET.to_owned(),
        prefix: "front/desk".to_owned(),
        endpoint: Some(service.endpoint().parse().unwrap()),
        region: Some("us-east-1".to_owned()),
        addressing: Addressing::Path,
        access_key: Some(("id".to_owned(), Secret::new(secret))),
        environment: Vec::new(),
    }))
}

async fn given(desk: &Desk, id: &AttachmentId, which: Purpose) -> Option<Bytes> {
    let opened = desk.files.get(&ann(), id, which).await.unwrap()?;
    let chunks: Vec<Bytes> = opened.bytes.try_collect().await.unwrap();
    Some(chunks.concat().into())
}

#[tokio::test]
async fn a_bucket_keeps_files_gives_them_and_lets_them_go() {
    let Some(service) = service("a_bucket_keeps_files_gives_them_and_lets_them_go").await else {
        return;
    };
    let desk = Desk::with(bucket(&service, "secret"), FileLimits::default());
    // In one request, and in three parts.
    let large: Vec<u8> = b"0123456789abcdef".repeat(800_000);
    for (media_type, bytes) in [("image/png", PNG), ("text/plain", &large)] {
        let stored = desk.uploaded(media_type, bytes).await.unwrap();
        let id = stored.id();
        let there = given(&desk, id, Purpose::Download).await.unwrap();
        assert!(there == bytes, "{media_type}");
        let preview = given(&desk, id, Purpose::Preview).await;
        assert_eq!(preview.is_some(), media_type == "image/png");
        assert!(desk.store.delete_attachment(&ann(), id).await.unwrap());
        let long = std::time::Duration::from_hours(1);
        assert_eq!(desk.files.sweep(long).await.unwrap(), 1);
    }
    assert_eq!(service.objects().await.unwrap(), Vec::<String>::new());

    let id = desk.announced("notes.txt", "text/plain").await;
    let (scope, mut cut) = (ann(), broken_body(&large));
    assert!(desk.files.receive(&scope, &id, &mut cut).await.is_err());
    assert!(desk.receive(&id, b"whole").await.unwrap().is_some());
    let objects = service.objects().await.unwrap();
    assert_eq!(objects.len(), 1);
    assert!(objects[0].starts_with("front/desk/"), "{objects:?}");
    assert!(!objects[0].contains("ann"), "{objects:?}");
}

#[tokio::test]
async fn a_bucket_that_is_away_is_told() {
    let Some(service) = service("a_bucket_that_is_away_is_told").await else {
        return;
    };
    let place = bucket(&service, "secret");
    drop(service);
    let desk = Desk::with(place, FileLimits::default());
    let refused = desk.uploaded("text/plain", b"text").await.unwrap_err();
    assert_eq!(refused.to_string(), "temporarily unavailable");
}
