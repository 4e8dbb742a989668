//! What is known about attachments' bytes, which lie elsewhere.
//!
//! Bytes are written as a draft first: their object is noted as one to be removed later. Giving them to an attachment
//! takes the note away, and whatever deletes the attachment puts it back. So no way of ending leaves an object behind
//! that nobody knows of. All times are by the store's clock.

use std::time::Duration;

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId};

use crate::{Kept, ObjectName, Result, StoredFile};

/// The files of an owner. A store of which nothing else keeps attachments' bytes needs none.
#[async_trait]
pub trait Files: Send + Sync {
    /// Notes that bytes are about to be written as this object. They are removed after this time, unless an attachment
    /// has them by then. A name that is noted or used already is a conflict.
    async fn draft_object(
        &self,
        scope: &Scope,
        object: &ObjectName,
        length: Duration,
    ) -> Result<()>;

    /// Gives an attachment that is there and wasn't sent yet the bytes of a draft, and stores how it looks now, in one
    /// transaction.
    async fn keep_file(
        &self,
        scope: &Scope,
        attachment: Attachment,
        file: StoredFile,
    ) -> Result<Kept>;

    /// The bytes of an attachment, once they are there.
    async fn file(&self, scope: &Scope, attachment: &AttachmentId) -> Result<Option<StoredFile>>;

    /// How many attachments the owner has that were never sent.
    async fn unsent_attachments(&self, scope: &Scope) -> Result<u64>;
}

/// The upkeep of files, across owners; never for a request.
#[async_trait]
pub trait FileUpkeep: Send + Sync {
    /// Deletes attachments, with their files, that were never sent and were first stored longer ago than this; at most
    /// `limit`. Says how many.
    async fn drop_unsent(&self, older_than: Duration, limit: u32) -> Result<u64>;

    /// Objects that nothing needs any more, the longest due first; at most `limit`.
    async fn due_objects(&self, limit: u32) -> Result<Vec<(Scope, ObjectName)>>;

    /// Forgets objects that were removed.
    async fn forget_objects(&self, objects: &[(Scope, ObjectName)]) -> Result<()>;
}
