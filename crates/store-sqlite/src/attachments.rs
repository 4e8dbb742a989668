//! What is known about attachments.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId, ThreadId};
use frontdesk_store::{Attachments, Result, form};
use sqlx::SqliteConnection;

use crate::SqliteStore;
use crate::fault::{fault, is_missing_parent};
use crate::row;
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

    /// Stores the attachment. One that belongs to a thread keeps to it.
    pub(crate) async fn put(&self, scope: &Scope, conn: &mut SqliteConnection) -> Result<()> {
        let done = sqlx::query(
            "insert into attachments (tenant_id, user_id, id, thread_id, attachment)
             values (?1, ?2, ?3, ?4, ?5)
             on conflict (tenant_id, user_id, id) do update set
                 thread_id = excluded.thread_id,
                 attachment = excluded.attachment
                 where attachments.thread_id is null
                     or attachments.thread_id = excluded.thread_id",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(self.id.as_str())
        .bind(self.thread.as_ref().map(ThreadId::as_str))
        .bind(self.json.as_str())
        .execute(conn)
        .await
        .map_err(|error| {
            if is_missing_parent(&error) {
                form::taken("attachment", self.id.as_str())
            } else {
                fault(error)
            }
        })?;
        if done.rows_affected() == 0 {
            return Err(form::taken("attachment", self.id.as_str()));
        }
        Ok(())
    }
}

struct PutAttachment {
    scope: Scope,
    attachment: AttachmentRow,
}

impl Job for PutAttachment {
    type Output = ();

    async fn run(&self, conn: &mut SqliteConnection) -> Result<()> {
        self.attachment.put(&self.scope, conn).await
    }
}

struct DeleteAttachment {
    scope: Scope,
    attachment: AttachmentId,
}

impl Job for DeleteAttachment {
    type Output = bool;

    async fn run(&self, conn: &mut SqliteConnection) -> Result<bool> {
        let done = sqlx::query(
            "delete from attachments where tenant_id = ?1 and user_id = ?2 and id = ?3",
        )
        .bind(self.scope.tenant.as_str())
        .bind(self.scope.user.as_str())
        .bind(self.attachment.as_str())
        .execute(conn)
        .await
        .map_err(fault)?;
        Ok(done.rows_affected() > 0)
    }
}
