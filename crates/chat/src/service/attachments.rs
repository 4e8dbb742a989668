//! `attachments.create` and `attachments.delete`.

use frontdesk_protocol::{AttachmentId, AttachmentsCreate, AttachmentsDelete};

use super::messages::at_most;
use super::{Reply, Service, empty, json};
use crate::{ChatError, NewUpload, RequestContext, Uploads};

/// Bytes of a file's name or media type.
const NAME_BYTES: usize = 1_024;

impl Service {
    pub(super) async fn create_attachment(
        &self,
        params: AttachmentsCreate,
        cx: &RequestContext,
    ) -> Result<Reply, ChatError> {
        let uploads = self.uploads()?;
        at_most("params.name", "bytes", params.name.len(), NAME_BYTES)?;
        at_most(
            "params.mime_type",
            "bytes",
            params.mime_type.len(),
            NAME_BYTES,
        )?;
        let upload = NewUpload {
            id: AttachmentId::new(self.0.parts.ids.next("atc")),
            name: params.name,
            size: params.size,
            mime_type: params.mime_type,
        };
        let attachment = uploads.create(upload, cx).await?;
        self.store()
            .put_attachment(&cx.scope(), attachment.clone())
            .await?;
        json(&attachment.to_wire())
    }

    pub(super) async fn delete_attachment(
        &self,
        params: &AttachmentsDelete,
        cx: &RequestContext,
    ) -> Result<Reply, ChatError> {
        let uploads = self.uploads()?;
        let scope = cx.scope();
        let found = self
            .store()
            .attachment(&scope, &params.attachment_id)
            .await?;
        let attachment = found.ok_or(ChatError::NotFound { what: "attachment" })?;
        uploads.delete(&attachment, cx).await?;
        self.store()
            .delete_attachment(&scope, &params.attachment_id)
            .await?;
        Ok(empty())
    }

    fn uploads(&self) -> Result<&dyn Uploads, ChatError> {
        let uploads = self.0.parts.uploads.as_deref();
        uploads.ok_or(ChatError::NotSupported {
            what: "attachments",
        })
    }
}
