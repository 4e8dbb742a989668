//! What is known about attachments.

use std::collections::BTreeMap;

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId, ThreadId};
use frontdesk_store::{Attachments, Result, StoreError, form};

use crate::PostgresStore;
use crate::fault::Fault;
use crate::row;
use crate::text::{Json, stored};

#[async_trait]
impl Attachments for PostgresStore {
    async fn attachment(
        &self,
        scope: &Scope,
        attachment: &AttachmentId,
    ) -> Result<Option<Attachment>> {
        let statement = sqlx::query(
            "select coalesce(as_written::text, attachment::text) as attachment from attachments
             where tenant_id = $1 and user_id = $2 and id = $3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(attachment.as_str()));
        match self.row(statement).await? {
            Some(row) => row::record("attachment", row::column(&row, "attachment")?).map(Some),
            None => Ok(None),
        }
    }

    async fn put_attachment(&self, scope: &Scope, attachment: Attachment) -> Result<()> {
        let json = Json::new(form::attachment_json(&attachment)?);
        // One that belongs to another thread would be left without content, which fails.
        let statement = sqlx::query(
            "insert into attachments (tenant_id, user_id, id, thread_id, attachment, as_written)
             values ($1, $2, $3, $4, $5::jsonb, $6::json)
             on conflict (tenant_id, user_id, id) do update set
                 thread_id = excluded.thread_id,
                 attachment = case when attachments.thread_id is null
                     or attachments.thread_id = excluded.thread_id then excluded.attachment end,
                 as_written = excluded.as_written",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(attachment.id().as_str()))
        .bind(attachment.thread_id().map(|thread| stored(thread.as_str())))
        .bind(json.binary)
        .bind(json.as_written);
        let put = self.run(statement).await;
        put.map_err(|fault| fault.of_write("attachment", attachment.id().as_str()))?;
        Ok(())
    }

    async fn delete_attachment(&self, scope: &Scope, attachment: &AttachmentId) -> Result<bool> {
        let statement = sqlx::query(
            "delete from attachments where tenant_id = $1 and user_id = $2 and id = $3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(attachment.as_str()));
        Ok(self.run(statement).await? > 0)
    }
}

/// Attachments as they are stored, column by column; each id once.
#[derive(Debug, Default)]
pub(crate) struct AttachmentRows {
    pub(crate) ids: Vec<String>,
    pub(crate) attachments: Vec<String>,
    pub(crate) as_written: Vec<Option<String>>,
}

impl AttachmentRows {
    /// Attachments that belong to this thread from now on. Of those that come twice the last counts.
    pub(crate) fn linked(thread: &ThreadId, attachments: Vec<Attachment>) -> Result<Self> {
        let mut last = BTreeMap::new();
        for mut attachment in attachments {
            attachment.set_thread_id(Some(thread.clone()));
            let id = stored(attachment.id().as_str()).into_owned();
            last.insert(id, Json::new(form::attachment_json(&attachment)?));
        }
        let mut rows = Self::default();
        for (id, json) in last {
            rows.ids.push(id);
            rows.attachments.push(json.binary);
            rows.as_written.push(json.as_written);
        }
        Ok(rows)
    }

    /// The failure to store them.
    pub(crate) fn refused(&self, fault: Fault) -> StoreError {
        match self.ids.as_slice() {
            [id] => fault.of_write("attachment", id),
            ids => fault.of_write("one of the attachments", &ids.join(", ")),
        }
    }
}
