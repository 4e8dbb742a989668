//! Tasks and projects in SQLite: one connection writes, several read.

mod listing;
mod projects;
mod tasks;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_clock::Clock;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::Store;
use super::migrations::migrator;
use crate::TaskflowError;

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const MIGRATIONS: [(&str, &str); 3] = [
    (
        "create tasks",
        include_str!("../../migrations/0001_create_tasks.sql"),
    ),
    (
        "create projects",
        include_str!("../../migrations/0002_create_projects.sql"),
    ),
    (
        "place tasks",
        include_str!("../../migrations/0003_place_tasks.sql"),
    ),
];

/// A database in a file.
#[derive(Debug)]
pub(super) struct Sqlite {
    reader: SqlitePool,
    writer: SqlitePool,
    clock: Arc<dyn Clock>,
}

impl Sqlite {
    pub(super) async fn open(file: &Path, clock: Arc<dyn Clock>) -> Result<Self, TaskflowError> {
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
        migrator(&MIGRATIONS).run(&writer).await?;
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

    fn now(&self) -> i64 {
        super::micros(self.clock.as_ref())
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
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

#[cfg(test)]
mod tests;
