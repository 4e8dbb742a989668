//! The tasks in SQLite: one connection writes, several read, and every statement carries the owner.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_clock::Clock;
use frontdesk_identity::Scope;
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::record::task;
use crate::{Priority, Status, Task, TaskId, TaskflowError};

/// How many tasks a user can have.
pub(crate) const MAX_TASKS: u32 = 10_000;
const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Everybody's tasks.
#[derive(Debug, Clone)]
pub struct Tasks {
    reader: SqlitePool,
    writer: SqlitePool,
    clock: Arc<dyn Clock>,
}

/// A task that isn't there yet; its texts have been checked.
#[derive(Debug)]
pub(crate) struct NewTask {
    pub(crate) title: String,
    pub(crate) notes: String,
    pub(crate) priority: Priority,
    pub(crate) due: Option<String>,
}

/// What changes about a task; `None` stays as it is.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) title: Option<String>,
    pub(crate) notes: Option<String>,
    pub(crate) priority: Option<Priority>,
    /// An empty text removes it.
    pub(crate) due: Option<String>,
    pub(crate) status: Option<Status>,
}

/// Which tasks are listed.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// A status, or `unfinished` for all but done.
    pub(crate) status: Option<&'static str>,
    /// A text that the title or the notes have.
    pub(crate) search: Option<String>,
}

impl Tasks {
    /// Opens the database in this file, made and brought up to date if need be.
    ///
    /// # Errors
    /// The file can't be opened or its tables can't be brought up to date.
    pub async fn open(file: &Path, clock: Arc<dyn Clock>) -> Result<Self, TaskflowError> {
        create(file).map_err(sqlx::Error::Io)?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        migrations().run(&writer).await?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self {
            reader,
            writer,
            clock,
        })
    }

    /// Closes the database; calls that come later fail.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    pub(crate) async fn add(&self, owner: &Scope, new: &NewTask) -> Result<Task, TaskflowError> {
        let now = self.clock.now().as_microsecond();
        let mut transaction = self.writer.begin_with("begin immediate").await?;
        let count: i64 =
            sqlx::query_scalar("select count(*) from tasks where tenant = ?1 and user_id = ?2")
                .bind(owner.tenant.as_str())
                .bind(owner.user.as_str())
                .fetch_one(&mut *transaction)
                .await?;
        if count >= i64::from(MAX_TASKS) {
            return Err(TaskflowError::Full(MAX_TASKS));
        }
        let number: i64 = sqlx::query_scalar(
            "insert into numbers (tenant, user_id, last) values (?1, ?2, 1) \
             on conflict (tenant, user_id) do update set last = last + 1 returning last",
        )
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .fetch_one(&mut *transaction)
        .await?;
        let row = sqlx::query(
            "insert into tasks (tenant, user_id, number, title, notes, status, priority, due, created_at, updated_at) \
             values (?1, ?2, ?3, ?4, ?5, 'open', ?6, ?7, ?8, ?8) \
             returning number, title, notes, status, priority, due, created_at, updated_at",
        )
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(number)
        .bind(&new.title)
        .bind(&new.notes)
        .bind(new.priority.as_str())
        .bind(&new.due)
        .bind(now)
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        task(&row)
    }

    pub(crate) async fn get(
        &self,
        owner: &Scope,
        id: TaskId,
    ) -> Result<Option<Task>, TaskflowError> {
        let row = sqlx::query(
            "select number, title, notes, status, priority, due, created_at, updated_at from tasks \
             where tenant = ?1 and user_id = ?2 and number = ?3",
        )
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(id.0)
        .fetch_optional(&self.reader)
        .await?;
        row.as_ref().map(task).transpose()
    }

    /// The first `limit` tasks after a number, by number.
    pub(crate) async fn list(
        &self,
        owner: &Scope,
        filter: &Filter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Task>, TaskflowError> {
        let rows = sqlx::query(
            "select number, title, notes, status, priority, due, created_at, updated_at from tasks \
             where tenant = ?1 and user_id = ?2 and number > ?3 \
             and (?4 is null or status = ?4 or (?4 = 'unfinished' and status <> 'done')) \
             and (?5 is null or title like ?5 escape '\\' or notes like ?5 escape '\\') \
             order by number limit ?6",
        )
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(after)
        .bind(filter.status)
        .bind(filter.pattern())
        .bind(limit)
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(task).collect()
    }

    pub(crate) async fn count(&self, owner: &Scope, filter: &Filter) -> Result<i64, TaskflowError> {
        let count = sqlx::query_scalar(
            "select count(*) from tasks where tenant = ?1 and user_id = ?2 \
             and (?3 is null or status = ?3 or (?3 = 'unfinished' and status <> 'done')) \
             and (?4 is null or title like ?4 escape '\\' or notes like ?4 escape '\\')",
        )
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(filter.status)
        .bind(filter.pattern())
        .fetch_one(&self.reader)
        .await?;
        Ok(count)
    }

    pub(crate) async fn change(
        &self,
        owner: &Scope,
        id: TaskId,
        change: &Change,
    ) -> Result<Option<Task>, TaskflowError> {
        let row = sqlx::query(
            "update tasks set title = coalesce(?4, title), notes = coalesce(?5, notes), \
             priority = coalesce(?6, priority), due = case when ?7 is null then due else nullif(?7, '') end, \
             status = coalesce(?8, status), updated_at = ?9 \
             where tenant = ?1 and user_id = ?2 and number = ?3 \
             returning number, title, notes, status, priority, due, created_at, updated_at",
        )
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(id.0)
        .bind(&change.title)
        .bind(&change.notes)
        .bind(change.priority.map(Priority::as_str))
        .bind(&change.due)
        .bind(change.status.map(Status::as_str))
        .bind(self.clock.now().as_microsecond())
        .fetch_optional(&self.writer)
        .await?;
        row.as_ref().map(task).transpose()
    }

    pub(crate) async fn delete(
        &self,
        owner: &Scope,
        id: TaskId,
    ) -> Result<Option<Task>, TaskflowError> {
        let row = sqlx::query(
            "delete from tasks where tenant = ?1 and user_id = ?2 and number = ?3 \
             returning number, title, notes, status, priority, due, created_at, updated_at",
        )
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(id.0)
        .fetch_optional(&self.writer)
        .await?;
        row.as_ref().map(task).transpose()
    }
}

impl Filter {
    fn pattern(&self) -> Option<String> {
        self.search.as_ref().map(|text| {
            let text = text
                .replace('\\', "\\\\")
                .replace('%', "\\%")
                .replace('_', "\\_");
            format!("%{text}%")
        })
    }
}

/// Makes the file, readable for its owner alone; SQLite gives the files beside it the same permissions.
fn create(file: &Path) -> std::io::Result<()> {
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    match open.open(file) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn migrations() -> Migrator {
    let create = include_str!("../migrations/0001_create_tasks.sql").into_sql_str();
    Migrator::with_migrations(vec![Migration::new(
        1,
        "create tasks".into(),
        MigrationType::Simple,
        create,
        false,
    )])
}
