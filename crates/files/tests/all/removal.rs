//! What goes, and when.

use std::path::{Path, PathBuf};
use std::time::Duration;

use frontdesk_files::{FileLimits, Place};
use frontdesk_protocol::{Attachment, ThreadId, ThreadMetadata, Timestamp};
use frontdesk_store::{Attachments, FileUpkeep, Files, ObjectName, Threads};
use futures_util::{StreamExt, stream};
use tokio::task::JoinSet;

use crate::desk::{Desk, PNG, ann, body};

const LONG: Duration = Duration::from_hours(1);

/// The files of a folder, whatever folders they are in.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let below = |entry: std::fs::DirEntry| {
        let path = entry.path();
        if path.is_dir() {
            files_of(&path)
        } else {
            vec![path]
        }
    };
    entries.flat_map(|entry| below(entry.unwrap())).collect()
}

async fn send(desk: &Desk, attachment: &mut Attachment, thread: &str) {
    let thread = ThreadId::new(thread);
    let made = ThreadMetadata::new(thread.clone(), Timestamp::UNIX_EPOCH);
    desk.store.create_thread(&ann(), made).await.unwrap();
    attachment.set_thread_id(Some(thread));
    let scope = ann();
    let sent = desk.store.put_attachment(&scope, attachment.clone());
    sent.await.unwrap();
}

#[tokio::test]
async fn bytes_and_previews_go_with_their_attachment_or_its_thread() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::with(Place::Folder(folder.path().into()), FileLimits::default());
    let alone = desk.uploaded("image/png", PNG).await.unwrap();
    let mut sent = desk.uploaded("image/png", PNG).await.unwrap();
    send(&desk, &mut sent, "thr_1").await;
    assert_eq!(files_of(folder.path()).len(), 4);

    assert!(
        desk.store
            .delete_attachment(&ann(), alone.id())
            .await
            .unwrap()
    );
    assert_eq!(desk.files.sweep(LONG).await.unwrap(), 1);
    assert_eq!(files_of(folder.path()).len(), 2);
    let thread = ThreadId::new("thr_1");
    assert!(desk.store.delete_thread(&ann(), &thread).await.unwrap());
    assert_eq!(desk.files.sweep(LONG).await.unwrap(), 1);
    assert_eq!(files_of(folder.path()).len(), 0);
    assert_eq!(desk.files.sweep(LONG).await.unwrap(), 0);
}

#[tokio::test]
async fn what_was_never_sent_goes_after_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::with(Place::Folder(folder.path().into()), FileLimits::default());
    desk.announced("never.txt", "text/plain").await;
    let unsent = desk.uploaded("text/plain", b"unsent").await.unwrap();
    let mut sent = desk.uploaded("text/plain", b"sent").await.unwrap();
    send(&desk, &mut sent, "thr_1").await;
    assert_eq!(desk.files.sweep(LONG).await.unwrap(), 0);
    assert_eq!(desk.files.sweep(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(files_of(folder.path()).len(), 1);
    let left = desk.store.unsent_attachments(&ann()).await.unwrap();
    assert_eq!(left, 0);
    assert!(!desk.files.is_there(&ann(), unsent.id()).await.unwrap());
    assert!(desk.files.is_there(&ann(), sent.id()).await.unwrap());
}

/// A process that dies while it writes leaves a note of what it wrote, and what it wrote, whole or not.
#[tokio::test]
async fn what_a_dead_process_wrote_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let place = || Place::Folder(folder.path().into());
    let desk = Desk::with(place(), FileLimits::default());
    let other = desk.uploaded("text/plain", b"another one").await.unwrap();
    let there = files_of(folder.path());

    // It comes to the middle, and no further.
    let dying = desk.beside(place());
    let id = desk.announced("long.txt", "text/plain").await;
    let mut body = body(&b"x".repeat(6 << 20)).chain(stream::pending());
    let mut dead = JoinSet::new();
    dead.spawn(async move { dying.files.receive(&ann(), &id, &mut body).await.is_ok() });
    let unfinished = loop {
        tokio::task::yield_now().await;
        let now = files_of(folder.path());
        if let Some(new) = now.into_iter().find(|file| !there.contains(file)) {
            break new;
        }
    };
    let (whole, number) = unfinished.to_str().unwrap().split_once('#').unwrap();
    for written in ["", ".preview", ".preview#1", "#2"] {
        std::fs::write(format!("{whole}{written}"), "bytes").unwrap();
    }
    assert_eq!((number, files_of(folder.path()).len()), ("1", 6));

    assert_eq!(desk.files.sweep(LONG).await.unwrap(), 0, "it may go on");
    assert_eq!(files_of(folder.path()).len(), 6);
    let draft = ObjectName::new(Path::new(whole).file_name().unwrap().to_str().unwrap());
    let noted = [(ann(), draft.clone())];
    desk.store.forget_objects(&noted).await.unwrap();
    let scope = ann();
    let due = desk.store.draft_object(&scope, &draft, Duration::ZERO);
    due.await.unwrap();
    assert_eq!(desk.files.sweep(LONG).await.unwrap(), 1);
    assert_eq!(files_of(folder.path()), there);
    assert_eq!(desk.due().await, 0);
    assert!(desk.files.is_there(&ann(), other.id()).await.unwrap());
    drop(dead);
}
