//! Where attachments' bytes go; the store keeps only what describes them.

use async_trait::async_trait;
use frontdesk_protocol::{Attachment, AttachmentId};

use crate::{ChatError, RequestContext};

/// An attachment that a client announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// The id that it will have.
    pub id: AttachmentId,
    /// The file's name, as the client has it.
    pub name: String,
    /// The announced size, in bytes.
    pub size: u64,
    /// The announced media type.
    pub mime_type: String,
}

/// Takes the bytes of attachments.
#[async_trait]
pub trait Uploads: Send + Sync {
    /// Prepares an upload and says where the client sends the bytes.
    async fn create(&self, upload: NewUpload, cx: &RequestContext)
    -> Result<Attachment, ChatError>;

    /// Removes the bytes. Called before the attachment leaves the store.
    async fn delete(&self, attachment: &Attachment, cx: &RequestContext) -> Result<(), ChatError>;
}
