//! Files to try.

use std::sync::Arc;

use bytes::Bytes;
use frontdesk_clock::{Ids, RandomIds};
use frontdesk_files::{Announced, FileError, FileLimits, Files, Parts, Place};
use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{Attachment, AttachmentId};
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{Attachments, FileUpkeep};
use futures_util::{Stream, StreamExt, stream};
use tokio_util::task::TaskTracker;

/// Files with their store.
pub(crate) struct Desk {
    pub(crate) files: Files,
    pub(crate) store: Arc<MemoryStore>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with(Place::Memory, FileLimits::default())
    }

    pub(crate) fn with(place: Place, limits: FileLimits) -> Self {
        Self::on(Arc::new(MemoryStore::new()), place, limits)
    }

    /// Another process on the same store.
    pub(crate) fn beside(&self, place: Place) -> Self {
        Self::on(self.store.clone(), place, FileLimits::default())
    }

    fn on(store: Arc<MemoryStore>, place: Place, limits: FileLimits) -> Self {
        let files = Files::open(Parts {
            store: store.clone(),
            records: store.clone(),
            upkeep: store.clone(),
            place,
            limits,
            ids: Arc::new(RandomIds),
            tasks: TaskTracker::new(),
        });
        let files = files.unwrap();
        Self { files, store }
    }

    /// An attachment that waits for its bytes.
    pub(crate) async fn announced(&self, name: &str, media_type: &str) -> AttachmentId {
        let announced = announced(name, media_type, None);
        let attachment = self.files.announce(&ann(), announced).await.unwrap();
        let id = attachment.id().clone();
        self.store.put_attachment(&ann(), attachment).await.unwrap();
        id
    }

    pub(crate) async fn receive(
        &self,
        id: &AttachmentId,
        bytes: &[u8],
    ) -> Result<Option<Attachment>, FileError> {
        self.files.receive(&ann(), id, &mut body(bytes)).await
    }

    pub(crate) async fn uploaded(
        &self,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Attachment, FileError> {
        let announced = announced("a file", media_type, None);
        self.files
            .receive_new(&ann(), announced, &mut body(bytes))
            .await
    }

    pub(crate) async fn due(&self) -> usize {
        self.store.due_objects(100).await.unwrap().len()
    }
}

pub(crate) fn announced(name: &str, media_type: &str, size: Option<u64>) -> Announced {
    Announced {
        id: AttachmentId::new(RandomIds.next("atc")),
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        size,
    }
}

/// The bytes in pieces.
pub(crate) fn body(
    bytes: &[u8],
) -> impl Stream<Item = Result<Bytes, FileError>> + Unpin + Send + use<> {
    let pieces = bytes.chunks(100_000).map(Bytes::copy_from_slice);
    stream::iter(pieces.map(Ok).collect::<Vec<_>>()).boxed()
}

/// A body that breaks off after these bytes.
pub(crate) fn broken_body(
    bytes: &[u8],
) -> impl Stream<Item = Result<Bytes, FileError>> + Unpin + Send + use<> {
    let broken = FileError::Broken {
        message: "gone".to_owned(),
    };
    body(bytes).chain(stream::once(async { Err(broken) }).boxed())
}

pub(crate) fn user(name: &str) -> Scope {
    Scope {
        tenant: TenantId::single(),
        user: UserId::new(name).unwrap(),
    }
}

pub(crate) fn ann() -> Scope {
    user("ann")
}

/// An image of 3 × 2 pixels.
pub(crate) const PNG: &[u8] = include_bytes!("../data/small.png");
