//! The store: a writer and readers on one file.

use std::path::Path;

use frontdesk_store::{Result, Wakeup};
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqlitePool;
use tokio::sync::broadcast;

use crate::connect::{self, Options};
use crate::fault::fault;
use crate::migrate::migrate;
use crate::wakeups::WAKEUPS_KEPT;
use crate::writer::{Job, Writer};

/// A store in a SQLite file. Other processes may use the same file at the same time.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    pub(crate) wakeups: broadcast::Sender<Wakeup>,
}

impl SqliteStore {
    /// Opens a database, makes it if there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// The file can't be used, is no database, or was written by a newer version.
    pub async fn open(path: impl AsRef<Path>, options: Options) -> Result<Self> {
        let path = path.as_ref();
        let mut conn = connect::writer(path, &options).await?;
        migrate(&mut conn, path).await?;
        let writer = Writer::start(conn, &options);
        Ok(Self {
            writer,
            readers: connect::readers(path, &options),
            wakeups: broadcast::Sender::new(WAKEUPS_KEPT),
        })
    }

    /// Takes no more writes, waits for those that are queued, and closes the database.
    ///
    /// A store that is dropped without this finishes its queue in the background.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }

    pub(crate) async fn write<J: Job>(&self, job: J) -> Result<J::Output> {
        self.writer.run(job).await
    }

    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>> {
        self.readers.acquire().await.map_err(fault)
    }
}
