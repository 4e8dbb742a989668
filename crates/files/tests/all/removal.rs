//! What goes, and when.

use std::path::Path;
use std::time::Duration;

use frontdesk_files::{FileLimits, Place};
use frontdesk_protocol::{Attachment, ThreadId, ThreadMetadata, Timestamp};
use frontdesk_store::{Attachments, Files, ObjectName, Threads};

use crate::desk::{Desk, PNG, ann};

const LONG: Duration = Duration::from_hours(1);

fn files_in(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    let count = |entry: std::fs::DirEntry| {
        let is_folder = entry.file_type().unwrap().is_dir();
        if is_folder {
            files_in(&entry.path())
        } else {
            1
        }
    };
    entries.map(|entry| count(entry.unwrap())).sum()
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
    assert_eq!(files_in(folder.path()), 4);

    assert!(
        desk.store
            .delete_attachment(&ann(), alone.id())
            .await
            .unwrap()
    );
    assert_eq!(desk.files.sweep(LONG).await.unwrap(), 1);
    assert_eq!(files_in(folder.path()), 2);
    let thread = ThreadId::new("thr_1");
    assert!(desk.store.delete_thread(&ann(), &thread).await.unwrap());
    assert_eq!(desk.files.sweep(LONG).await.unwrap(), 1);
    assert_eq!(files_in(folder.path()), 0);
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
    assert_eq!(files_in(folder.path()), 1);
    let left = desk.store.unsent_attachments(&ann()).await.unwrap();
    assert_eq!(left, 0);
    assert!(!desk.files.is_there(&ann(), unsent.id()).await.unwrap());
    assert!(desk.files.is_there(&ann(), sent.id()).await.unwrap());
}

/// A process that dies while it writes leaves a note of what it wrote.
#[tokio::test]
async fn what_a_dead_process_wrote_is_removed() {
    let desk = Desk::new();
    let draft = ObjectName::new("obj_dead");
    let scope = ann();
    let noted = desk.store.draft_object(&scope, &draft, Duration::ZERO);
    noted.await.unwrap();
    assert_eq!(desk.files.sweep(LONG).await.unwrap(), 1);
    assert_eq!(desk.due().await, 0);
}
