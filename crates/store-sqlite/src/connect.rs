//! Opening the database: one connection to write, several to read.

use std::path::Path;
use std::time::Duration;

use frontdesk_store::{Result, StoreError};
use log::LevelFilter;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, SqliteConnection};

use crate::fault::{fault, is_busy};

/// How often something is tried while another process holds the lock, each time for the busy timeout.
pub(crate) const BUSY_ATTEMPTS: u32 = 3;

/// How a database is used.
#[derive(Debug, Clone)]
pub struct Options {
    /// The number of connections that read.
    pub readers: u32,
    /// The number of writes that may wait for their turn.
    pub queue: usize,
    /// How long one try waits for another process's lock, and a call for a place in the queue.
    pub busy_timeout: Duration,
    /// The most pages that the database may grow to; as many as the disk has room for where none is said.
    pub max_pages: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            queue: 1_024,
            busy_timeout: Duration::from_secs(5),
            max_pages: None,
        }
    }
}

/// Opens the connection that writes, and makes the file if there is none.
pub(crate) async fn writer(path: &Path, options: &Options) -> Result<SqliteConnection> {
    create(path)?;
    let mut connect = connect_options(path, options)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true);
    if let Some(pages) = options.max_pages {
        connect = connect.pragma("max_page_count", pages.to_string());
    }
    let mut attempt = 1;
    loop {
        match connect.connect().await {
            Err(error) if is_busy(&error) && attempt < BUSY_ATTEMPTS => attempt += 1,
            outcome => return outcome.map_err(fault),
        }
    }
}

/// The connections that read.
pub(crate) fn readers(path: &Path, options: &Options) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(options.readers.max(1))
        .acquire_timeout(options.busy_timeout)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(connect_options(path, options).pragma("query_only", "on"))
}

fn connect_options(path: &Path, options: &Options) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(options.busy_timeout)
        // By their text, without values, for whoever wants the finest log.
        .log_statements(LevelFilter::Trace)
        .log_slow_statements(LevelFilter::Off, Duration::MAX)
}

/// Makes the file, readable for its owner alone; SQLite gives the files beside it the same permissions.
fn create(path: &Path) -> Result<()> {
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    match open.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::Unavailable {
                detail: format!("{}: {error}", path.display()),
            })
        }
        _ => Ok(()),
    }
}
