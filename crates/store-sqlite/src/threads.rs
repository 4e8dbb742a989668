//! Threads.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Map, Page, ThreadId, ThreadMetadata};
use frontdesk_store::limit::page_limit;
use frontdesk_store::{PageRequest, Result, ThreadPatch, Threads, form};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use crate::SqliteStore;
use crate::fault::fault;
use crate::script::Script;
use crate::writer::Job;
use crate::{row, search};

#[async_trait]
impl Threads for SqliteStore {
    async fn thread(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<ThreadMetadata>> {
        let found: Option<ThreadRow> = sqlx::query_as(
            "select id, created_at, title, status, image_domains, metadata, extra
             from threads
             where tenant_id = ?1 and user_id = ?2 and id = ?3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        found.map(ThreadRow::read).transpose()
    }

    async fn threads(
        &self,
        scope: &Scope,
        request: &PageRequest,
    ) -> Result<Option<Page<ThreadMetadata>>> {
        let mut conn = self.reader().await?;
        let descending = form::newest_first(request.order);
        let cursor = match &request.after {
            None => row::outermost(descending),
            Some(after) => {
                let Some(time) = time_of(scope, after, &mut conn).await? else {
                    return Ok(None);
                };
                (time, after.as_str())
            }
        };
        let limit = page_limit(request.limit);
        let statement = if descending {
            "select id, created_at, title, status, image_domains, metadata, extra
             from threads
             where tenant_id = ?1 and user_id = ?2 and (created_at, id) < (?3, ?4)
             order by created_at desc, id desc
             limit ?5"
        } else {
            "select id, created_at, title, status, image_domains, metadata, extra
             from threads
             where tenant_id = ?1 and user_id = ?2 and (created_at, id) > (?3, ?4)
             order by created_at, id
             limit ?5"
        };
        let rows: Vec<ThreadRow> = sqlx::query_as(statement)
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(cursor.0)
            .bind(cursor.1)
            .bind(i64::from(limit) + 1)
            .fetch_all(&mut *conn)
            .await
            .map_err(fault)?;
        let threads = rows
            .into_iter()
            .map(ThreadRow::read)
            .collect::<Result<Vec<_>>>()?;
        Ok(Some(row::page(threads, limit, |thread| thread.id.as_str())))
    }

    async fn update_thread(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        patch: ThreadPatch,
    ) -> Result<Option<ThreadMetadata>> {
        let patch = PatchRow::new(thread, patch)?;
        self.write(UpdateThread {
            scope: scope.clone(),
            patch,
        })
        .await
    }

    async fn delete_thread(&self, scope: &Scope, thread: &ThreadId) -> Result<bool> {
        self.write(DeleteThread {
            scope: scope.clone(),
            thread: thread.clone(),
        })
        .await
    }

    async fn create_thread(&self, scope: &Scope, thread: ThreadMetadata) -> Result<()> {
        let thread = ThreadRow::new(&thread)?;
        self.write(CreateThread {
            scope: scope.clone(),
            thread,
        })
        .await
    }
}

/// The time of a thread.
pub(crate) async fn time_of(
    scope: &Scope,
    thread: &str,
    conn: &mut SqliteConnection,
) -> Result<Option<i64>> {
    sqlx::query_scalar(
        "select created_at from threads
         where tenant_id = ?1 and user_id = ?2 and id = ?3",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(thread)
    .fetch_optional(conn)
    .await
    .map_err(fault)
}

/// A thread as it is stored.
#[derive(Debug)]
pub(crate) struct ThreadRow {
    id: String,
    created_at: i64,
    title: Option<String>,
    status: String,
    image_domains: Option<String>,
    metadata: String,
    extra: String,
}

impl ThreadRow {
    pub(crate) fn new(thread: &ThreadMetadata) -> Result<Self> {
        form::thread_json(thread)?;
        Ok(Self {
            id: thread.id.as_str().to_owned(),
            created_at: thread.created_at.as_microsecond(),
            title: thread.title.clone(),
            status: row::json("status", &thread.status)?,
            image_domains: domains_json(thread.allowed_image_domains.as_ref())?,
            metadata: row::json("metadata", &thread.metadata)?,
            extra: row::json("thread", &thread.extra)?,
        })
    }

    pub(crate) fn read(self) -> Result<ThreadMetadata> {
        let domains = self.image_domains.as_deref();
        Ok(ThreadMetadata {
            created_at: row::time(self.created_at)?,
            status: row::record("status of a thread", &self.status)?,
            allowed_image_domains: domains
                .map(|json| row::record("image domains of a thread", json))
                .transpose()?,
            metadata: map(&self.metadata)?,
            extra: map(&self.extra)?,
            id: ThreadId::new(self.id),
            title: self.title,
        })
    }

    /// Stores the thread, which must be new.
    pub(crate) fn insert(&self, scope: &Scope, script: &mut Script<'_>) {
        script
            .add(
                "insert into threads (tenant_id, user_id, id, created_at, title, status,
                     image_domains, metadata, extra, indexed)
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
                "thread",
                &self.id,
            )
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str());
        self.bind(script);
        if self.title.is_some() {
            search::put_title(scope, &self.id, self.title.as_deref(), script);
        }
    }
}

impl ThreadRow {
    /// Stores the thread, if it is new.
    pub(crate) fn restore(&self, scope: &Scope, script: &mut Script<'_>) {
        script
            .add(
                "insert into threads (tenant_id, user_id, id, created_at, title, status,
                     image_domains, metadata, extra, indexed)
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
                 on conflict do nothing",
                "thread",
                &self.id,
            )
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str());
        self.bind(script);
    }

    fn bind(&self, script: &mut Script<'_>) {
        script
            .bind(self.id.as_str())
            .bind(self.created_at)
            .bind(self.title.as_deref())
            .bind(self.status.as_str())
            .bind(self.image_domains.as_deref())
            .bind(self.metadata.as_str())
            .bind(self.extra.as_str());
    }
}

impl FromRow<'_, SqliteRow> for ThreadRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            created_at: row.try_get("created_at")?,
            title: row.try_get("title")?,
            status: row.try_get("status")?,
            image_domains: row.try_get("image_domains")?,
            metadata: row.try_get("metadata")?,
            extra: row.try_get("extra")?,
        })
    }
}

/// A change of a thread as it is stored.
#[derive(Debug)]
#[expect(
    clippy::option_option,
    reason = "as in `ThreadPatch`: whether to change, and to what"
)]
pub(crate) struct PatchRow {
    thread: ThreadId,
    title: Option<Option<String>>,
    title_was: Option<Option<String>>,
    status: Option<String>,
    metadata: Option<String>,
    image_domains: Option<Option<String>>,
}

impl PatchRow {
    pub(crate) fn new(thread: &ThreadId, patch: ThreadPatch) -> Result<Self> {
        form::check_patch(thread, &patch)?;
        let status = patch.status.map(|status| row::json("status", &status));
        let metadata = patch
            .metadata
            .map(|metadata| row::json("metadata", &metadata));
        let domains = patch.allowed_image_domains;
        Ok(Self {
            thread: thread.clone(),
            title: patch.title,
            title_was: patch.title_was,
            status: status.transpose()?,
            metadata: metadata.transpose()?,
            image_domains: domains
                .map(|domains| domains_json(domains.as_ref()))
                .transpose()?,
        })
    }

    /// Changes the thread and returns it, if it is there.
    pub(crate) fn update(&self, scope: &Scope, script: &mut Script<'_>) {
        script.add(
            "update threads set
                 title = case when ? and (? or title is ?) then ? else title end,
                 status = coalesce(?, status),
                 metadata = coalesce(?, metadata),
                 image_domains = case when ? then ? else image_domains end
             where tenant_id = ? and user_id = ? and id = ?
             returning id, created_at, title, status, image_domains, metadata, extra",
            "thread",
            self.thread.as_str(),
        );
        self.bind(scope, script);
    }

    /// Changes the thread, if it is there.
    pub(crate) fn apply(&self, scope: &Scope, script: &mut Script<'_>) {
        script.add(
            "update threads set
                 title = case when ? and (? or title is ?) then ? else title end,
                 status = coalesce(?, status),
                 metadata = coalesce(?, metadata),
                 image_domains = case when ? then ? else image_domains end
             where tenant_id = ? and user_id = ? and id = ?",
            "thread",
            self.thread.as_str(),
        );
        self.bind(scope, script);
        self.index(scope, script);
    }

    /// Makes the thread findable by its new title.
    fn index(&self, scope: &Scope, script: &mut Script<'_>) {
        if let Some(title) = &self.title {
            search::put_title(scope, self.thread.as_str(), title.as_deref(), script);
        }
    }

    fn bind(&self, scope: &Scope, script: &mut Script<'_>) {
        script
            .bind(self.title.is_some())
            .bind(self.title_was.is_none())
            .bind(self.title_was.as_ref().and_then(Option::as_deref))
            .bind(self.title.as_ref().and_then(Option::as_deref))
            .bind(self.status.as_deref())
            .bind(self.metadata.as_deref())
            .bind(self.image_domains.is_some())
            .bind(self.image_domains.as_ref().and_then(Option::as_deref))
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(self.thread.as_str());
    }
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

struct UpdateThread {
    scope: Scope,
    patch: PatchRow,
}

impl Job for UpdateThread {
    type Output = Option<ThreadMetadata>;

    async fn run(&self, script: &mut Script<'_>) -> Result<Self::Output> {
        self.patch.update(&self.scope, script);
        let changed = script.row().await?;
        self.patch.index(&self.scope, script);
        changed
            .map(|row| ThreadRow::from_row(&row).map_err(fault)?.read())
            .transpose()
    }
}

struct DeleteThread {
    scope: Scope,
    thread: ThreadId,
}

impl Job for DeleteThread {
    type Output = bool;

    async fn run(&self, script: &mut Script<'_>) -> Result<bool> {
        // All that belongs to the thread goes with it by its foreign key.
        script
            .add(
                "delete from threads where tenant_id = ? and user_id = ? and id = ?",
                "thread",
                self.thread.as_str(),
            )
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(self.thread.as_str());
        Ok(script.send().await?.changed > 0)
    }
}

struct CreateThread {
    scope: Scope,
    thread: ThreadRow,
}

impl Job for CreateThread {
    type Output = ();

    async fn run(&self, script: &mut Script<'_>) -> Result<()> {
        self.thread.insert(&self.scope, script);
        Ok(())
    }
}
