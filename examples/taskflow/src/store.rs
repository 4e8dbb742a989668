//! Tasks and projects in SQLite: one connection writes, several read, and every statement carries the owner.

mod listing;
mod projects;
mod tasks;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_clock::Clock;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::TaskflowError;

pub(crate) use listing::{After, Filter, Order};
pub(crate) use projects::{Deletion, Named, State};
pub(crate) use tasks::{Change, NewTask, Place};

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const MIGRATIONS: [(&str, &str); 3] = [
    (
        "create tasks",
        include_str!("../migrations/0001_create_tasks.sql"),
    ),
    (
        "create projects",
        include_str!("../migrations/0002_create_projects.sql"),
    ),
    (
        "place tasks",
        include_str!("../migrations/0003_place_tasks.sql"),
    ),
];

/// Everybody's tasks and projects.
#[derive(Debug, Clone)]
pub struct Tasks {
    reader: SqlitePool,
    writer: SqlitePool,
    clock: Arc<dyn Clock>,
    more_room: Option<Arc<str>>,
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
            more_room: None,
        })
    }

    /// Names the page where users whose list is full get more room.
    #[must_use]
    pub fn with_more_room_at(self, url: impl Into<Arc<str>>) -> Self {
        Self {
            more_room: Some(url.into()),
            ..self
        }
    }

    /// The page where there is more room.
    pub(crate) fn more_room(&self) -> Option<&str> {
        self.more_room.as_deref()
    }

    /// Closes the database; calls that come later fail.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    /// Today's day in UTC.
    pub(crate) fn today(&self) -> Date {
        self.clock.now().to_zoned(TimeZone::UTC).date()
    }

    /// The time that rows carry: microseconds since the epoch.
    fn now(&self) -> i64 {
        self.clock.now().as_microsecond()
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

/// What an older program doesn't know is left alone, so that it can run beside a newer one.
fn migrations() -> Migrator {
    let migrations = (1..).zip(MIGRATIONS).map(|(version, (name, sql))| {
        let sql = sql.into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.set_ignore_missing(true);
    migrator
}

#[cfg(test)]
mod tests;
