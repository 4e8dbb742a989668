//! What is taken and what isn't, and what is given back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use frontdesk_files::{FileError, FileLimits, Place, Purpose, TypePattern};
use frontdesk_protocol::AttachmentId;
use frontdesk_store::Attachments;
use futures_util::future::join_all;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};

use crate::desk::{Desk, PNG, ann, announced, body, broken_body, user};

async fn given(desk: &Desk, id: &AttachmentId, which: Purpose) -> Option<(String, Bytes)> {
    let opened = desk.files.get(&ann(), id, which).await.unwrap()?;
    let chunks: Vec<Bytes> = opened.bytes.try_collect().await.unwrap();
    let bytes = Bytes::from(chunks.concat());
    assert_eq!(u64::try_from(bytes.len()).unwrap(), opened.size);
    Some((opened.media_type, bytes))
}

#[tokio::test]
async fn what_was_uploaded_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let large: Vec<u8> = b"0123456789abcdef".repeat(800_000);
    for place in [Place::Memory, Place::Folder(folder.path().join("files"))] {
        let desk = Desk::with(place, FileLimits::default());
        for bytes in [b"x".as_slice(), &large[..5 << 20], &large] {
            let id = desk
                .announced("notes.txt", "text/plain; charset=utf-8")
                .await;
            assert!(!desk.files.is_there(&ann(), &id).await.unwrap());
            assert!(given(&desk, &id, Purpose::Download).await.is_none());
            let attachment = desk.receive(&id, bytes).await.unwrap().unwrap();
            assert_eq!(attachment.mime_type(), "text/plain");
            assert!(desk.files.is_there(&ann(), &id).await.unwrap());
            let there = given(&desk, &id, Purpose::Download).await.unwrap();
            assert_eq!(there.0, "text/plain");
            assert!(there.1 == bytes, "{} bytes", bytes.len());
            assert!(given(&desk, &id, Purpose::Preview).await.is_none());
        }
        assert_eq!(desk.due().await, 0);
    }
}

/// Nothing is sent with a message that can't be read then, and nobody is told to upload again what is there.
#[tokio::test]
async fn what_another_process_put_elsewhere_is_not_there() {
    let desk = Desk::new();
    let uploaded = desk.uploaded("text/plain", b"here").await.unwrap();
    let elsewhere = desk.beside(Place::Memory);
    let told = elsewhere.files.is_there(&ann(), uploaded.id()).await;
    assert!(
        matches!(&told, Err(FileError::Unavailable { detail }) if detail.contains("need the same")),
        "{told:?}"
    );
    assert!(desk.files.is_there(&ann(), uploaded.id()).await.unwrap());
}

#[tokio::test]
async fn an_image_has_a_preview_and_is_known_by_its_bytes() {
    let desk = Desk::new();
    for announced in ["image/png", "", "application/octet-stream"] {
        let image = desk.uploaded(announced, PNG).await.unwrap();
        let image = serde_json::to_value(&image).unwrap();
        assert_eq!(image["type"], "image");
        assert_eq!(image["mime_type"], "image/png");
        let id = AttachmentId::new(image["id"].as_str().unwrap());
        let (media_type, preview) = given(&desk, &id, Purpose::Preview).await.unwrap();
        assert_eq!(media_type, "image/jpeg");
        assert_eq!(&preview[..3], b"\xff\xd8\xff");
        let read = desk.files.read(&ann(), &id, 1_000).await.unwrap();
        assert_eq!(
            read,
            Some(("image/png".to_owned(), Bytes::from_static(PNG)))
        );
        assert_eq!(desk.files.read(&ann(), &id, 10).await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_is_not_what_it_claims_to_be_is_refused_and_leaves_nothing() {
    let desk = Desk::new();
    let page = b"<html><script>alert(1)</script></html>";
    let cases: &[(&str, &[u8], &str)] = &[
        (
            "image/png",
            page,
            "the file looks like text/plain and not like image/png",
        ),
        (
            "text/plain",
            PNG,
            "the file looks like image/png and not like text/plain",
        ),
        ("image/png", &PNG[..20], "the image can't be read"),
        (
            "application/zip",
            b"PK\x03\x04",
            "files of the type application/zip are not taken",
        ),
        (
            "image/svg+xml",
            b"<svg/>",
            "files of the type image/svg+xml are not taken",
        ),
        (
            "",
            b"PK\x03\x04....",
            "files of the type application/zip are not taken",
        ),
        ("text/plain", b"", "the file is empty"),
    ];
    for (media_type, bytes, expected) in cases {
        let refused = desk.uploaded(media_type, bytes).await.unwrap_err();
        assert_eq!(&refused.to_string(), expected);
    }
    assert_eq!(desk.due().await, 0);
    assert_eq!(desk.files.sweep(Duration::ZERO).await.unwrap(), 0);
}

#[tokio::test]
async fn sizes_are_bounded_and_as_announced() {
    let limits = FileLimits {
        max_bytes: 10,
        unsent: 2,
        ..FileLimits::default()
    };
    let desk = Desk::with(Place::Memory, limits);
    for (size, expected) in [
        (11, "the file is larger than 10 bytes"),
        (0, "the file is empty"),
    ] {
        let announced = announced("a", "text/plain", Some(size));
        let refused = desk.files.announce(&ann(), announced).await.unwrap_err();
        assert_eq!(refused.to_string(), expected);
    }
    let refused = desk.uploaded("text/plain", b"elevenbytes").await;
    assert!(matches!(refused, Err(FileError::TooLarge { limit: 10 })));
    let five = announced("a", "text/plain", Some(5));
    let (files, scope, bob) = (&desk.files, ann(), user("bob"));
    let mut four = body(b"four");
    let refused = files.receive_new(&scope, five, &mut four).await;
    assert!(matches!(refused, Err(FileError::Unusable { .. })));

    for _ in 0..2 {
        desk.uploaded("text/plain", b"tenletters").await.unwrap();
    }
    let refused = desk.uploaded("text/plain", b"third").await.unwrap_err();
    let expected = "you have 2 attachments that were not sent: send or delete some";
    assert_eq!(refused.to_string(), expected);
    let other = announced("a", "text/plain", None);
    let mut theirs = body(b"theirs");
    let stored = files.receive_new(&bob, other, &mut theirs).await;
    assert!(stored.is_ok());
}

#[tokio::test]
async fn an_upload_is_there_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::with(Place::Folder(folder.path().into()), FileLimits::default());
    let id = desk.announced("notes.txt", "text/plain").await;
    let six_megabytes = vec![b'a'; 6 << 20];
    for bytes in [b"some".as_slice(), &six_megabytes] {
        let broken = desk
            .files
            .receive(&ann(), &id, &mut broken_body(bytes))
            .await;
        assert!(matches!(broken, Err(FileError::Broken { .. })));
        assert!(!desk.files.is_there(&ann(), &id).await.unwrap());
        assert_eq!(desk.due().await, 0);
    }
    assert!(desk.receive(&id, b"whole").await.unwrap().is_some());
}

#[tokio::test]
async fn the_same_bytes_may_come_again_and_no_others() {
    let desk = Desk::new();
    let id = desk.announced("notes.txt", "text/plain").await;
    for _ in 0..2 {
        assert!(desk.receive(&id, b"these").await.unwrap().is_some());
    }
    for other in [b"those".as_slice(), b"these and more"] {
        let refused = desk.receive(&id, other).await;
        assert!(matches!(refused, Err(FileError::Conflict { .. })));
    }
    let there = given(&desk, &id, Purpose::Download).await.unwrap();
    assert_eq!(there.1, "these");

    let raced = desk.announced("raced.txt", "text/plain").await;
    let bodies: [&[u8]; 4] = [b"one", b"one", b"two", b"two"];
    let raced_by = bodies.map(|bytes| desk.receive(&raced, bytes));
    let outcomes: Vec<bool> = join_all(raced_by).await.iter().map(Result::is_ok).collect();
    let (_, kept) = given(&desk, &raced, Purpose::Download).await.unwrap();
    let expected: Vec<bool> = bodies.iter().map(|bytes| *bytes == kept).collect();
    assert_eq!(outcomes, expected);
    assert_eq!(desk.due().await, 0);
}

#[tokio::test]
async fn another_user_reaches_nothing() {
    let desk = Desk::new();
    let id = desk.announced("notes.txt", "text/plain").await;
    let (files, bob) = (&desk.files, user("bob"));
    let theirs = files.receive(&bob, &id, &mut body(b"theirs")).await;
    assert!(theirs.unwrap().is_none());
    desk.receive(&id, b"mine").await.unwrap();
    assert!(
        files
            .get(&bob, &id, Purpose::Download)
            .await
            .unwrap()
            .is_none()
    );
    assert!(files.read(&bob, &id, 1_000).await.unwrap().is_none());
    assert!(!files.is_there(&bob, &id).await.unwrap());
    // The same id in other hands is another file.
    let twin = frontdesk_files::Announced {
        id: id.clone(),
        ..announced("twin.txt", "text/plain", None)
    };
    let stored = files.receive_new(&bob, twin, &mut body(b"theirs")).await;
    assert!(stored.is_ok());
    assert!(desk.store.delete_attachment(&bob, &id).await.unwrap());
    files.sweep(Duration::from_hours(1)).await.unwrap();
    let mine = given(&desk, &id, Purpose::Download).await.unwrap();
    assert_eq!(mine.1, "mine");
}

/// A body that counts how many of its kind are being read.
fn counted(
    now: &Arc<AtomicUsize>,
    most: &Arc<AtomicUsize>,
) -> impl Stream<Item = Result<Bytes, FileError>> + Unpin + Send + use<> {
    let (now, most) = (Arc::clone(now), Arc::clone(most));
    stream::unfold(0, move |piece| {
        let (now, most) = (Arc::clone(&now), Arc::clone(&most));
        async move {
            if piece == 0 {
                let reading = now.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(reading, Ordering::SeqCst);
            }
            tokio::task::yield_now().await;
            if piece == 5 {
                now.fetch_sub(1, Ordering::SeqCst);
                return None;
            }
            Some((Ok(Bytes::from_static(b"piece ")), piece + 1))
        }
    })
    .boxed()
}

#[tokio::test]
async fn a_hundred_uploads_at_once_are_read_a_few_at_a_time() {
    let limits = FileLimits {
        uploads_at_once: 4,
        types: vec![TypePattern::read("text/*").unwrap()],
        ..FileLimits::default()
    };
    let desk = Desk::with(Place::Memory, limits);
    let (now, most) = (Arc::default(), Arc::default());
    let uploads = (0..100).map(|_| async {
        let announced = announced("a.txt", "text/plain", None);
        let mut body = counted(&now, &most);
        desk.files.receive_new(&ann(), announced, &mut body).await
    });
    let stored = join_all(uploads).await;
    assert!(stored.iter().all(Result::is_ok));
    assert_eq!(most.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_stands_still_is_given_up() {
    let desk = Desk::new();
    let id = desk.announced("notes.txt", "text/plain").await;
    let begun = body(b"begun");
    let mut still = begun.chain(stream::pending());
    let refused = desk.files.receive(&ann(), &id, &mut still).await;
    assert_eq!(refused.unwrap_err().to_string(), "the upload stood still");
    assert_eq!(desk.due().await, 0);
    assert!(desk.receive(&id, b"again").await.unwrap().is_some());
}
