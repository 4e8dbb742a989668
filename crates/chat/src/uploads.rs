//! Where attachments' bytes go; the store keeps only what describes them.

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk_identity::Scope;
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

/// The bytes of an attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedFile {
    /// What they are, by their content.
    pub media_type: String,
    /// The bytes.
    pub bytes: Bytes,
}

/// Takes the bytes of attachments.
///
/// What is good for a while only, such as a signed address, isn't stored with an attachment:
/// [`invite`](Self::invite) and [`show`](Self::show) say it whenever the attachment is sent.
#[async_trait]
pub trait Uploads: Send + Sync {
    /// Prepares an upload: the attachment as it is stored.
    async fn create(&self, upload: NewUpload, cx: &RequestContext)
    -> Result<Attachment, ChatError>;

    /// Says where the client sends the bytes of an attachment that was just made.
    fn invite(&self, attachment: &mut Attachment, scope: &Scope) {
        let _ = (attachment, scope);
    }

    /// Says where the client finds what it shows of an attachment.
    fn show(&self, attachment: &mut Attachment, scope: &Scope) {
        let _ = (attachment, scope);
    }

    /// Refuses an attachment that can't be sent with a message yet.
    async fn admit(&self, attachment: &Attachment, scope: &Scope) -> Result<(), ChatError> {
        let _ = (attachment, scope);
        Ok(())
    }

    /// The bytes of an attachment for a model to read; `None` if there are none, or more than `most`.
    async fn read(
        &self,
        attachment: &AttachmentId,
        scope: &Scope,
        most: usize,
    ) -> Result<Option<UploadedFile>, ChatError> {
        let _ = (attachment, scope, most);
        Ok(None)
    }

    /// Removes the bytes. Called before the attachment leaves the store.
    async fn delete(&self, attachment: &Attachment, cx: &RequestContext) -> Result<(), ChatError>;
}
