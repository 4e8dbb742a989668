//! Threads.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Map, Page, ThreadId, ThreadMetadata};
use frontdesk_store::limit::page_limit;
use frontdesk_store::{PageRequest, Result, ThreadPatch, Threads, form};
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::row;
use crate::search::words_of;
use crate::text::stored;

#[async_trait]
impl Threads for PostgresStore {
    async fn thread(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<ThreadMetadata>> {
        let statement = sqlx::query(
            "select id, created_at, title, status::text, image_domains::text, metadata::text,
                 extra::text
             from threads
             where tenant_id = $1 and user_id = $2 and id = $3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()));
        self.row(statement).await?.as_ref().map(read).transpose()
    }

    async fn threads(
        &self,
        scope: &Scope,
        request: &PageRequest,
    ) -> Result<Option<Page<ThreadMetadata>>> {
        let descending = form::newest_first(request.order);
        let (time, id) = match &request.after {
            None => row::outermost(descending),
            Some(after) => match self.time_of_thread(scope, after).await? {
                Some(time) => (time, after.as_str()),
                None => return Ok(None),
            },
        };
        let limit = page_limit(request.limit);
        let statement = if descending {
            "select id, created_at, title, status::text, image_domains::text, metadata::text,
                 extra::text
             from threads
             where tenant_id = $1 and user_id = $2 and (created_at, id) < ($3, $4)
             order by created_at desc, id desc
             limit $5"
        } else {
            "select id, created_at, title, status::text, image_domains::text, metadata::text,
                 extra::text
             from threads
             where tenant_id = $1 and user_id = $2 and (created_at, id) > ($3, $4)
             order by created_at, id
             limit $5"
        };
        let statement = sqlx::query(statement)
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(time)
            .bind(stored(id))
            .bind(i64::from(limit) + 1);
        let rows = self.rows(statement).await?;
        let threads = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
        Ok(Some(row::page(threads, limit, |thread| thread.id.as_str())))
    }

    async fn update_thread(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        patch: ThreadPatch,
    ) -> Result<Option<ThreadMetadata>> {
        let patch = PatchRow::new(scope, thread, patch)?;
        let statement = sqlx::query(
            "update threads set
                 title = case when $4 and ($5 or title is not distinct from $6) then $7 else title end,
                 status = coalesce($8::json, status),
                 metadata = coalesce($9::json, metadata),
                 image_domains = case when $10 then $11::json else image_domains end,
                 words = case when $4 and ($5 or title is not distinct from $6)
                     then array_to_tsvector(string_to_array($12, ' ')) else words end
             where tenant_id = $1 and user_id = $2 and id = $3
             returning id, created_at, title, status::text, image_domains::text, metadata::text,
                 extra::text",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()))
        .bind(patch.changes_title)
        .bind(patch.whatever_title)
        .bind(patch.title_was)
        .bind(patch.title)
        .bind(patch.status)
        .bind(patch.metadata)
        .bind(patch.changes_domains)
        .bind(patch.image_domains)
        .bind(patch.words);
        self.row(statement).await?.as_ref().map(read).transpose()
    }

    async fn delete_thread(&self, scope: &Scope, thread: &ThreadId) -> Result<bool> {
        let mut attempts = 1;
        loop {
            // All that belongs to the thread goes with it by its foreign key.
            let statement = sqlx::query(
                "delete from threads where tenant_id = $1 and user_id = $2 and id = $3",
            )
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(stored(thread.as_str()));
            match self.run(statement).await {
                Err(fault) if fault.may_pass(attempts) => attempts += 1,
                outcome => return Ok(outcome? > 0),
            }
        }
    }

    async fn create_thread(&self, scope: &Scope, thread: ThreadMetadata) -> Result<()> {
        let new = ThreadRow::new(scope, &thread)?;
        let statement = sqlx::query(
            "insert into threads (tenant_id, user_id, id, created_at, title, status,
                 image_domains, metadata, extra, words)
             values ($1, $2, $3, $4, $5, $6::json, $7::json, $8::json, $9::json,
                 array_to_tsvector(string_to_array($10, ' ')))",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.id.as_str()))
        .bind(new.created_at)
        .bind(new.title)
        .bind(new.status)
        .bind(new.image_domains)
        .bind(new.metadata)
        .bind(new.extra)
        .bind(new.words);
        let created = self.run(statement).await;
        created.map_err(|fault| fault.of_write("thread", thread.id.as_str()))?;
        Ok(())
    }
}

impl PostgresStore {
    /// The time of a thread.
    pub(crate) async fn time_of_thread(&self, scope: &Scope, thread: &str) -> Result<Option<i64>> {
        let statement = sqlx::query(
            "select created_at from threads
             where tenant_id = $1 and user_id = $2 and id = $3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread));
        let found = self.row(statement).await?;
        found.map(|row| row::column(&row, "created_at")).transpose()
    }
}

/// A thread as it is stored, without its owner and id.
#[derive(Debug, Default)]
pub(crate) struct ThreadRow {
    pub(crate) created_at: i64,
    pub(crate) title: Option<String>,
    pub(crate) status: String,
    pub(crate) image_domains: Option<String>,
    pub(crate) metadata: String,
    pub(crate) extra: String,
    /// What the title is found by.
    pub(crate) words: String,
}

impl ThreadRow {
    pub(crate) fn new(scope: &Scope, thread: &ThreadMetadata) -> Result<Self> {
        form::thread_json(thread)?;
        Ok(Self {
            created_at: thread.created_at.as_microsecond(),
            title: title(thread.title.as_deref()),
            status: row::json("status", &thread.status)?,
            image_domains: domains_json(thread.allowed_image_domains.as_ref())?,
            metadata: row::json("metadata", &thread.metadata)?,
            extra: row::json("thread", &thread.extra)?,
            words: words_of(scope, thread.title.as_deref().unwrap_or_default()),
        })
    }
}

pub(crate) fn read(row: &PgRow) -> Result<ThreadMetadata> {
    let title: Option<String> = row::column(row, "title")?;
    let domains: Option<&str> = row::column(row, "image_domains")?;
    Ok(ThreadMetadata {
        id: ThreadId::new(row::text(row, "id")?),
        created_at: row::time(row::column(row, "created_at")?)?,
        title: title.map(crate::text::read),
        status: row::record("status of a thread", row::column(row, "status")?)?,
        allowed_image_domains: domains
            .map(|json| row::record("image domains of a thread", json))
            .transpose()?,
        metadata: map(row::column(row, "metadata")?)?,
        extra: map(row::column(row, "extra")?)?,
    })
}

/// A change of a thread as it is stored.
#[derive(Debug, Default)]
pub(crate) struct PatchRow {
    pub(crate) changes_title: bool,
    /// Whether the title changes whatever it is.
    pub(crate) whatever_title: bool,
    pub(crate) title_was: Option<String>,
    pub(crate) title: Option<String>,
    /// What the new title is found by.
    pub(crate) words: String,
    pub(crate) status: Option<String>,
    pub(crate) metadata: Option<String>,
    pub(crate) changes_domains: bool,
    pub(crate) image_domains: Option<String>,
}

impl PatchRow {
    pub(crate) fn new(scope: &Scope, thread: &ThreadId, patch: ThreadPatch) -> Result<Self> {
        form::check_patch(thread, &patch)?;
        let status = patch.status.map(|status| row::json("status", &status));
        let metadata = patch
            .metadata
            .map(|metadata| row::json("metadata", &metadata));
        let domains = patch.allowed_image_domains;
        let changes_title = patch.title.is_some();
        let new_title = patch.title.flatten();
        Ok(Self {
            changes_title,
            whatever_title: patch.title_was.is_none(),
            title_was: title(patch.title_was.flatten().as_deref()),
            title: title(new_title.as_deref()),
            words: words_of(scope, new_title.as_deref().unwrap_or_default()),
            status: status.transpose()?,
            metadata: metadata.transpose()?,
            changes_domains: domains.is_some(),
            image_domains: domains_json(domains.flatten().as_ref())?,
        })
    }
}

fn title(title: Option<&str>) -> Option<String> {
    title.map(|title| stored(title).into_owned())
}

fn domains_json(domains: Option<&Vec<String>>) -> Result<Option<String>> {
    domains
        .map(|domains| row::json("image domains", domains))
        .transpose()
}

fn map(json: &str) -> Result<Map> {
    if json == "{}" {
        Ok(Map::new())
    } else {
        row::record("fields of a thread", json)
    }
}
