//! What is known about attachments; their bytes are elsewhere.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId};

use crate::Result;

/// The attachments of an owner.
#[async_trait]
pub trait Attachments: Send + Sync {
    /// An attachment.
    async fn attachment(
        &self,
        scope: &Scope,
        attachment: &AttachmentId,
    ) -> Result<Option<Attachment>>;

    /// Stores an attachment. One that belongs to a thread already may be stored again for this thread only;
    /// anything else is a conflict. A thread that isn't there is a conflict, too.
    async fn put_attachment(&self, scope: &Scope, attachment: Attachment) -> Result<()>;

    /// Deletes an attachment. `false` if there is no such attachment.
    async fn delete_attachment(&self, scope: &Scope, attachment: &AttachmentId) -> Result<bool>;
}
