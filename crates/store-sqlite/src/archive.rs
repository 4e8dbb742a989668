//! What an archive reads that nothing else does.

use async_trait::async_trait;
use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{Attachment, AttachmentId, ItemId, ThreadId, ThreadMetadata, Timestamp};
use frontdesk_store::limit::page_limit;
use frontdesk_store::{
    ApiKey, Archive, Entry, Forgotten, KeyId, Result, StoredFile, StoredItem, TurnId, TurnRecord,
    UtcDay, form,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::SqliteStore;
use crate::fault::fault;
use crate::files::FileRow;
use crate::forget;
use crate::restore::Restore;
use crate::threads::ThreadRow;
use crate::turns::TurnRow;
use crate::{items, keys, row};

/// Entries that are restored in one transaction.
const RESTORED_AT_ONCE: usize = 500;

#[async_trait]
impl Archive for SqliteStore {
    async fn owner_after(&self, tenant: &str, user: &str) -> Result<Option<Scope>> {
        let found: Option<(String, String)> = sqlx::query_as(
            "select tenant_id, user_id from (
                 select * from (select tenant_id, user_id from threads
                     where (tenant_id, user_id) > (?1, ?2) order by tenant_id, user_id limit 1)
                 union all
                 select * from (select tenant_id, user_id from attachments
                     where (tenant_id, user_id) > (?1, ?2) order by tenant_id, user_id limit 1)
                 union all
                 select * from (select tenant_id, user_id from connections
                     where (tenant_id, user_id) > (?1, ?2) order by tenant_id, user_id limit 1)
                 union all
                 select * from (select tenant_id, user_id from usage
                     where (tenant_id, user_id) > (?1, ?2) order by tenant_id, user_id limit 1))
             order by tenant_id, user_id
             limit 1",
        )
        .bind(tenant)
        .bind(user)
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        let corrupt = |error| row::corrupt("owner", error);
        let scope = |(tenant, user): (String, String)| {
            Ok(Scope {
                tenant: TenantId::new(tenant).map_err(corrupt)?,
                user: UserId::new(user).map_err(corrupt)?,
            })
        };
        found.map(scope).transpose()
    }

    async fn threads_of(
        &self,
        scope: &Scope,
        after: Option<(Timestamp, &ThreadId)>,
        limit: u32,
    ) -> Result<Vec<ThreadMetadata>> {
        let (time, id) = row::behind(after.map(|(time, id)| (time, id.as_str())));
        let rows: Vec<ThreadRow> = sqlx::query_as(
            "select id, created_at, title, status, image_domains, metadata, extra
             from threads
             where tenant_id = ?1 and user_id = ?2 and (created_at, id) > (?3, ?4)
             order by created_at, id
             limit ?5",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(time)
        .bind(id)
        .bind(i64::from(page_limit(limit)))
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        rows.into_iter().map(ThreadRow::read).collect()
    }

    async fn turns_of(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        after: Option<&TurnId>,
        limit: u32,
    ) -> Result<Vec<TurnRecord>> {
        let rows: Vec<TurnRow> = sqlx::query_as(
            "select id, thread_id, status, attempt, created_at, ended_at, request_key, request_body
             from turns
             where tenant_id = ?1 and user_id = ?2 and thread_id = ?3
                 and (?4 is null or (created_at, id) > (
                     select created_at, id from turns
                     where tenant_id = ?1 and user_id = ?2 and thread_id = ?3 and id = ?4))
             order by created_at, id
             limit ?5",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread.as_str())
        .bind(after.map(TurnId::as_str))
        .bind(i64::from(page_limit(limit)))
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        rows.into_iter().map(TurnRow::read).collect()
    }

    async fn stored_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        after: Option<(Timestamp, &ItemId)>,
        limit: u32,
    ) -> Result<Vec<StoredItem>> {
        let (time, id) = row::behind(after.map(|(time, id)| (time, id.as_str())));
        let rows: Vec<(Option<String>, i64, String)> = sqlx::query_as(
            "select turn_id, created_at, item from items
             where tenant_id = ?1 and user_id = ?2 and thread_id = ?3 and (created_at, id) > (?4, ?5)
             order by created_at, id
             limit ?6",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread.as_str())
        .bind(time)
        .bind(id)
        .bind(i64::from(page_limit(limit)))
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        let stored = rows.into_iter().map(|(turn, time, json)| {
            Ok(StoredItem {
                item: items::read(time, &json)?,
                turn: turn.map(TurnId::new),
            })
        });
        stored.collect()
    }

    async fn attachments_of(
        &self,
        scope: &Scope,
        after: Option<&AttachmentId>,
        limit: u32,
    ) -> Result<Vec<(Attachment, Option<StoredFile>)>> {
        let rows: Vec<AttachedRow> = sqlx::query_as(
            "select attachments.attachment, files.object, files.size, files.media_type,
                 files.sha256, files.preview_type
             from attachments
                 left join files on files.tenant_id = attachments.tenant_id
                     and files.user_id = attachments.user_id
                     and files.attachment_id = attachments.id
             where attachments.tenant_id = ?1 and attachments.user_id = ?2 and attachments.id > ?3
             order by attachments.id
             limit ?4",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(after.map_or("", AttachmentId::as_str))
        .bind(i64::from(page_limit(limit)))
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        rows.into_iter().map(AttachedRow::read).collect()
    }

    async fn days_used(&self, scope: &Scope) -> Result<Vec<(UtcDay, u64)>> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "select day, tokens from usage
             where tenant_id = ?1 and user_id = ?2
             order by day",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        let day = |(day, tokens)| Ok((UtcDay::from_number(day), row::number(tokens)?));
        rows.into_iter().map(day).collect()
    }

    async fn keys_of(
        &self,
        tenant: Option<&TenantId>,
        after: Option<(Timestamp, &KeyId)>,
        limit: u32,
    ) -> Result<Vec<ApiKey>> {
        let behind = row::behind(after.map(|(time, id)| (time, id.as_str())));
        let mut conn = self.reader().await?;
        keys::behind(&mut conn, tenant, behind, page_limit(limit)).await
    }

    async fn restore(&self, entries: &[Entry]) -> Result<u64> {
        form::check_entries(entries)?;
        let mut stored = 0;
        for entries in entries.chunks(RESTORED_AT_ONCE) {
            stored += self.write(Restore(entries.to_vec())).await?;
        }
        Ok(stored)
    }

    async fn forget(&self, scope: &Scope) -> Result<Forgotten> {
        forget::forget(self, scope).await
    }
}

struct AttachedRow {
    attachment: String,
    file: Option<FileRow>,
}

impl AttachedRow {
    fn read(self) -> Result<(Attachment, Option<StoredFile>)> {
        let attachment = row::record("attachment", &self.attachment)?;
        Ok((attachment, self.file.map(FileRow::read).transpose()?))
    }
}

impl FromRow<'_, SqliteRow> for AttachedRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let object: Option<String> = row.try_get("object")?;
        Ok(Self {
            attachment: row.try_get("attachment")?,
            file: object.map(|_| FileRow::from_row(row)).transpose()?,
        })
    }
}
