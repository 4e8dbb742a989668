//! What is known about attachments.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId, ThreadId};
use frontdesk_store::{Attachments, Result, form};
use sqlx::SqliteConnection;

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
    pub(crate) id: AttachmentId,
    pub(crate) thread: Option<ThreadId>,
    json: String,
}

impl AttachmentRow {
    pub(crate) fn new(attachment: &Attachment) -> Result<Self> {
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

    /// Stores how the attachment looks now.
    pub(crate) fn change(&self, scope: &Scope, script: &mut Script<'_>) {
        script
            .add(
                "update attachments set attachment = ?
                 where tenant_id = ? and user_id = ? and id = ?",
                "attachment",
                self.id.as_str(),
            )
            .bind(self.json.as_str())
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(self.id.as_str());
    }

    /// Stores the attachment. One that belongs to another thread would be left without content, which fails.
    pub(crate) fn put(&self, scope: &Scope, script: &mut Script<'_>) {
        script
            .add(
                "insert into attachments (tenant_id, user_id, id, thread_id, attachment, created_at)
                 values (?, ?, ?, ?, ?, cast(unixepoch('subsec') * 1000000 as integer))
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

/// The attachments that items of a thread name, from this position on.
pub(crate) async fn named_from(
    scope: &Scope,
    thread: &ThreadId,
    (time, item): (i64, &str),
    conn: &mut SqliteConnection,
) -> Result<Vec<String>> {
    sqlx::query_scalar(
        "select distinct named.value ->> 'id'
         from items, json_each(items.item, '$.attachments') as named
         where items.tenant_id = ?1 and items.user_id = ?2 and items.thread_id = ?3
             and (items.created_at, items.id) >= (?4, ?5) and named.type = 'object'",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(thread.as_str())
    .bind(time)
    .bind(item)
    .fetch_all(conn)
    .await
    .map_err(fault)
}

/// Deletes those of these attachments that belong to the thread and that none of its items names any more.
pub(crate) fn delete_unnamed(
    scope: &Scope,
    thread: &ThreadId,
    candidates: &[String],
    script: &mut Script<'_>,
) -> Result<()> {
    script
        .add(
            "delete from attachments
             where tenant_id = ? and user_id = ? and thread_id = ?
                 and id in (select value from json_each(?))
                 and not exists (
                     select 1 from items, json_each(items.item, '$.attachments') as named
                     where items.tenant_id = attachments.tenant_id
                         and items.user_id = attachments.user_id
                         and items.thread_id = attachments.thread_id
                         and named.type = 'object' and named.value ->> 'id' = attachments.id)",
            "attachment",
            "",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread.as_str())
        .bind(row::json("attachments", &candidates)?);
    Ok(())
}
