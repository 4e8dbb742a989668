//! What an archive reads that nothing else does.

use async_trait::async_trait;
use frontdesk_identity::{Scope, TenantId};
use frontdesk_protocol::{Attachment, AttachmentId, ItemId, ThreadId, ThreadMetadata, Timestamp};
use frontdesk_store::limit::page_limit;
use frontdesk_store::{
    ApiKey, Archive, Entry, Forgotten, KeyId, Result, StoredFile, StoredItem, TurnId, TurnRecord,
    UtcDay, form,
};

use crate::PostgresStore;
use crate::files::file_of;
use crate::items::stored_item_of;
use crate::text::stored;
use crate::turns::turn_of;
use crate::{row, threads};

/// Entries that are restored in one transaction.
const RESTORED_AT_ONCE: usize = 500;

#[async_trait]
impl Archive for PostgresStore {
    async fn owner_after(&self, tenant: &str, user: &str) -> Result<Option<Scope>> {
        let statement = sqlx::query(
            "select tenant_id, user_id from (
                 (select tenant_id, user_id from threads
                     where (tenant_id, user_id) > ($1, $2) order by tenant_id, user_id limit 1)
                 union all
                 (select tenant_id, user_id from attachments
                     where (tenant_id, user_id) > ($1, $2) order by tenant_id, user_id limit 1)
                 union all
                 (select tenant_id, user_id from connections
                     where (tenant_id, user_id) > ($1, $2) order by tenant_id, user_id limit 1)
                 union all
                 (select tenant_id, user_id from usage
                     where (tenant_id, user_id) > ($1, $2) order by tenant_id, user_id limit 1)
             ) as owners
             order by tenant_id, user_id
             limit 1",
        )
        .bind(tenant)
        .bind(user);
        self.row(statement)
            .await?
            .as_ref()
            .map(row::scope)
            .transpose()
    }

    async fn threads_of(
        &self,
        scope: &Scope,
        after: Option<(Timestamp, &ThreadId)>,
        limit: u32,
    ) -> Result<Vec<ThreadMetadata>> {
        let (time, id) = row::behind(after.map(|(time, id)| (time, id.as_str())));
        let statement = sqlx::query(
            "select id, created_at, title, status::text, image_domains::text, metadata::text,
                 extra::text
             from threads
             where tenant_id = $1 and user_id = $2 and (created_at, id) > ($3, $4)
             order by created_at, id
             limit $5",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(time)
        .bind(stored(id))
        .bind(i64::from(page_limit(limit)));
        let rows = self.rows(statement).await?;
        rows.iter().map(threads::read).collect()
    }

    async fn turns_of(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        after: Option<&TurnId>,
        limit: u32,
    ) -> Result<Vec<TurnRecord>> {
        let statement = sqlx::query(
            "select id, thread_id, status, attempt, created_at, ended_at, request_key, request_body
             from turns
             where tenant_id = $1 and user_id = $2 and thread_id = $3
                 and ($4::text is null or (created_at, id) > (
                     select created_at, id from turns
                     where tenant_id = $1 and user_id = $2 and thread_id = $3 and id = $4))
             order by created_at, id
             limit $5",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()))
        .bind(after.map(|after| stored(after.as_str())))
        .bind(i64::from(page_limit(limit)));
        self.rows(statement).await?.iter().map(turn_of).collect()
    }

    async fn stored_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        after: Option<(Timestamp, &ItemId)>,
        limit: u32,
    ) -> Result<Vec<StoredItem>> {
        let (time, id) = row::behind(after.map(|(time, id)| (time, id.as_str())));
        let statement = sqlx::query(
            "select turn_id, created_at, coalesce(as_written::text, item::text) as item from items
             where tenant_id = $1 and user_id = $2 and thread_id = $3 and (created_at, id) > ($4, $5)
             order by created_at, id
             limit $6",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()))
        .bind(time)
        .bind(stored(id))
        .bind(i64::from(page_limit(limit)));
        let rows = self.rows(statement).await?;
        rows.iter().map(stored_item_of).collect()
    }

    async fn attachments_of(
        &self,
        scope: &Scope,
        after: Option<&AttachmentId>,
        limit: u32,
    ) -> Result<Vec<(Attachment, Option<StoredFile>)>> {
        let statement = sqlx::query(
            "select coalesce(attachments.as_written::text, attachments.attachment::text)
                     as attachment,
                 files.object is not null as has_file, files.object, files.size,
                 files.media_type, files.sha256, files.preview_type
             from attachments
                 left join files on files.tenant_id = attachments.tenant_id
                     and files.user_id = attachments.user_id
                     and files.attachment_id = attachments.id
             where attachments.tenant_id = $1 and attachments.user_id = $2 and attachments.id > $3
             order by attachments.id
             limit $4",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(after.map_or("", AttachmentId::as_str)))
        .bind(i64::from(page_limit(limit)));
        let rows = self.rows(statement).await?;
        let attached = rows.iter().map(|row| {
            let attachment = row::record("attachment", row::column(row, "attachment")?)?;
            let has_file: bool = row::column(row, "has_file")?;
            Ok((attachment, has_file.then(|| file_of(row)).transpose()?))
        });
        attached.collect()
    }

    async fn days_used(&self, scope: &Scope) -> Result<Vec<(UtcDay, u64)>> {
        let statement = sqlx::query(
            "select day, tokens from usage
             where tenant_id = $1 and user_id = $2
             order by day",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str());
        let rows = self.rows(statement).await?;
        let days = rows.iter().map(|row| {
            let day = UtcDay::from_number(row::column(row, "day")?);
            Ok((day, row::number(row::column(row, "tokens")?)?))
        });
        days.collect()
    }

    async fn keys_of(
        &self,
        tenant: Option<&TenantId>,
        after: Option<(Timestamp, &KeyId)>,
        limit: u32,
    ) -> Result<Vec<ApiKey>> {
        let behind = row::behind(after.map(|(time, id)| (time, id.as_str())));
        self.keys_behind(tenant, behind, page_limit(limit)).await
    }

    async fn restore(&self, entries: &[Entry]) -> Result<u64> {
        form::check_entries(entries)?;
        let mut stored = 0;
        for entries in entries.chunks(RESTORED_AT_ONCE) {
            stored += self.restore_some(entries).await?;
        }
        Ok(stored)
    }

    async fn forget(&self, scope: &Scope) -> Result<Forgotten> {
        self.forget_all(scope).await
    }
}
