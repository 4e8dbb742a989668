//! What is known about attachments.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId, ThreadId};
use frontdesk_store::{Attachments, Result, form};

use crate::SqliteStore;
use crate::fault::fault;
use crate::row;
use crate::script::Script;
use crate::writer::Job;

#[async_trait]
impl Attachments for SqliteStore {
    async fn attachment(
        &self,
        scope: &Scope,
        attachment: &AttachmentId,
    ) -> Result<Option<Attachment>> {
        let found: Option<String> = sqlx::query_scalar(
            "select attachment from attachments
             where tenant_id = ?1 and user_id = ?2 and id = ?3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(attachment.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        found
            .map(|json| row::record("attachment", &json))
            .transpose()
    }

    async fn put_attachment(&self, scope: &Scope, attachment: Attachment) -> Result<()> {
        let attachment = AttachmentRow::new(&attachment)?;
        self.write(PutAttachment {
            scope: scope.clone(),
            attachment,
        })
        .await
    }

    async fn delete_attachment(&self, scope: &Scope, attachment: &AttachmentId) -> Result<bool> {
        let (scope, attachment) = (scope.clone(), attachment.clone());
        self.write(DeleteAttachment { scope, attachment }).await
    }
}

/// An attachment as it is stored.
#[derive(Debug)]
pub(crate) struct AttachmentRow {
    id: AttachmentId,
    thread: Option<ThreadId>,
    json: String,
}

impl AttachmentRow {
    fn new(attachment: &Attachment) -> Result<Self> {
        Ok(Self {
            id: attachment.id().clone(),
            thread: attachment.thread_id().cloned(),
            json: form::attachment_json(attachment)?,
        })
    }

    /// Attachments that belong to this thread from now on.
    pub(crate) fn linked(thread: &ThreadId, attachments: Vec<Attachment>) -> Result<Vec<Self>> {
        let link = |mut attachment: Attachment| {
            attachment.set_thread_id(Some(thread.clone()));
            Self::new(&attachment)
        };
        attachments.into_iter().map(link).collect()
    }

    /// Stores the attachment. One that belongs to another thread would be left without content, which fails.
    pub(crate) fn put(&self, scope: &Scope, script: &mut Script<'_>) {
        script
            .add(
                "insert into attachments (tenant_id, user_id, id, thread_id, attachment)
                 values (?, ?, ?, ?, ?)
                 on conflict (tenant_id, user_id, id) do update set
                     thread_id = excluded.thread_id,
                     attachment = iif(attachments.thread_id is null
                         or attachments.thread_id is excluded.thread_id, excluded.attachment, null)",
                "attachment",
                self.id.as_str(),
            )
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(self.id.as_str())
            .bind(self.thread.as_ref().map(ThreadId::as_str))
            .bind(self.json.as_str());
    }
}

struct PutAttachment {
    scope: Scope,
    attachment: AttachmentRow,
}

impl Job for PutAttachment {
    type Output = ();

    async fn run(&self, script: &mut Script<'_>) -> Result<()> {
        self.attachment.put(&self.scope, script);
        Ok(())
    }
}

struct DeleteAttachment {
    scope: Scope,
    attachment: AttachmentId,
}

impl Job for DeleteAttachment {
    type Output = bool;

    async fn run(&self, script: &mut Script<'_>) -> Result<bool> {
        script
            .add(
                "delete from attachments where tenant_id = ? and user_id = ? and id = ?",
                "attachment",
                self.attachment.as_str(),
            )
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(self.attachment.as_str());
        Ok(script.send().await?.changed > 0)
    }
}
