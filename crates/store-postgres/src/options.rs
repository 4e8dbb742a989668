//! How a database is reached and used.

use std::path::PathBuf;
use std::time::Duration;

use frontdesk_identity::Secret;

/// The schema in which everything is, where nothing else is said.
const DEFAULT_SCHEMA: &str = "frontdesk";

/// How a database is reached and used.
#[derive(Debug, Clone)]
pub struct Options {
    /// The database: `postgres://user:password@host:port/database?sslmode=…`, as
    /// [libpq has it](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS).
    pub url: Secret,
    /// The database itself, where `url` goes through a pooler that passes no notifications on.
    pub listen_url: Option<Secret>,
    /// The schema, 1 to 63 bytes. It is made if it is missing.
    pub schema: String,
    /// The most connections for requests. Beside them are one that listens and, where requests take all of these while
    /// turns run, up to two that keep the turns.
    pub connections: u32,
    /// How long a call waits for a connection.
    pub acquire_timeout: Duration,
    /// How long the database works on one statement; at least a millisecond.
    pub statement_timeout: Duration,
    /// How long a statement waits for another one's lock; at least a millisecond.
    pub lock_timeout: Duration,
    /// A file with certificates (PEM) that are trusted beside the well-known ones, where the mode checks any.
    pub root_certificate: Option<PathBuf>,
}

impl Options {
    /// The database at this address, with everything else as it is by default.
    pub fn new(url: Secret) -> Self {
        Self {
            url,
            listen_url: None,
            schema: DEFAULT_SCHEMA.to_owned(),
            connections: 16,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
            root_certificate: None,
        }
    }
}
