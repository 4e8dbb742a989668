//! `attachments.create` and `attachments.delete`.

use frontdesk_identity::Scope;
use frontdesk_protocol::{
    Attachment, AttachmentId, AttachmentsCreate, AttachmentsDelete, ThreadId, UserMessageInput,
    UserMessageItem,
};

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
        let mut attachment = uploads.create(upload, cx).await?;
        let scope = cx.scope();
        self.store()
            .put_attachment(&scope, attachment.clone())
            .await?;
        uploads.invite(&mut attachment, &scope);
        uploads.show(&mut attachment, &scope);
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

    /// The attachments of a message, which are there and may be sent in this thread.
    pub(super) async fn attachments_of(
        &self,
        input: &UserMessageInput,
        thread: &ThreadId,
        scope: &Scope,
    ) -> Result<Vec<Attachment>, ChatError> {
        const FIELD: &str = "params.input.attachments";
        let mut attachments = Vec::with_capacity(input.attachments.len());
        for id in &input.attachments {
            let found = self.store().attachment(scope, id).await?;
            let mut attachment = found.ok_or(ChatError::NotFound { what: "attachment" })?;
            let linked = attachment.thread_id();
            if linked.is_some_and(|linked| linked != thread) {
                let message = format!("{id} belongs to another thread");
                return Err(ChatError::unprocessable(FIELD, message));
            }
            if let Some(uploads) = &self.0.parts.uploads {
                uploads.admit(&attachment, scope).await?;
            }
            attachment.set_thread_id(Some(thread.clone()));
            attachments.push(attachment);
        }
        Ok(attachments)
    }

    /// The message as it is sent: its attachments with addresses that are good now.
    pub(super) fn show_attachments(&self, message: &mut UserMessageItem, scope: &Scope) {
        if let Some(uploads) = &self.0.parts.uploads {
            for attachment in &mut message.attachments {
                uploads.show(attachment, scope);
            }
        }
    }

    fn uploads(&self) -> Result<&dyn Uploads, ChatError> {
        let uploads = self.0.parts.uploads.as_deref();
        uploads.ok_or(ChatError::NotSupported {
            what: "attachments",
        })
    }
}
