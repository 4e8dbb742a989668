//! Attachments in memory.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId};

use super::MemoryStore;
use crate::{Attachments, Result, form};

#[async_trait]
impl Attachments for MemoryStore {
    async fn attachment(
        &self,
        scope: &Scope,
        attachment: &AttachmentId,
    ) -> Result<Option<Attachment>> {
        Ok(self.read(scope, |owner| owner.attachments.get(attachment).cloned()))
    }

    async fn put_attachment(&self, scope: &Scope, attachment: Attachment) -> Result<()> {
        self.write(scope, |owner| {
            owner.check_attachment(&attachment, attachment.thread_id())?;
            let thread = attachment.thread_id();
            if thread.is_some_and(|thread| !owner.threads.contains_key(thread)) {
                return Err(form::taken("attachment", attachment.id().as_str()));
            }
            owner.put_attachment(attachment);
            Ok(())
        })
    }

    async fn delete_attachment(&self, scope: &Scope, attachment: &AttachmentId) -> Result<bool> {
        Ok(self.write(scope, |owner| owner.remove_attachment(attachment)))
    }
}
