//! A store in a database, for any number of processes.

mod url;

use std::path::PathBuf;
use std::time::Duration;

use frontdesk_identity::Secret;

use super::super::section::Section;
use super::super::{ConfigError, ServerSection, Setting};

pub(super) use url::is_meant;

/// The longest name of a schema, in bytes: PostgreSQL cuts off what is longer.
const MAX_SCHEMA_BYTES: usize = 63;
/// Names that PostgreSQL keeps for itself begin so.
const RESERVED: &str = "pg_";
/// The most connections of one process.
const MAX_POOL: u32 = 1_000;
/// What has no meaning where the store is a file.
const KEYS: [&str; 8] = [
    "schema",
    "pool",
    "acquire_timeout",
    "statement_timeout",
    "lock_timeout",
    "listen_url",
    "listen_url_file",
    "tls_root_file",
];

/// A store in a database. What nobody has set is as the store has it.
#[derive(Debug, Clone)]
pub struct PostgresSection {
    /// `url` or `url_file`, in the form of [libpq](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS).
    pub url: Setting<Secret>,
    /// `listen_url` or `listen_url_file`: the database itself, where `url` goes through a pooler.
    pub listen_url: Option<Setting<Secret>>,
    /// `schema`: where the tables are, beside the application's own.
    pub schema: Option<Setting<String>>,
    /// `pool`: the most connections of one process.
    pub pool: Option<Setting<u32>>,
    /// `acquire_timeout`: how long a request waits for a connection.
    pub acquire_timeout: Option<Setting<Duration>>,
    /// `statement_timeout`: how long one statement may take.
    pub statement_timeout: Option<Setting<Duration>>,
    /// `lock_timeout`: how long a statement waits for another one's lock.
    pub lock_timeout: Option<Setting<Duration>>,
    /// `tls_root_file`: certificates (PEM) that are trusted beside the well-known ones.
    pub tls_root_file: Option<Setting<PathBuf>>,
    /// Host, port and database, as they may be shown.
    pub shown: String,
}

impl PostgresSection {
    pub(super) fn read(
        given: Setting<Secret>,
        section: &mut Section<'_>,
    ) -> Result<Self, ConfigError> {
        let (url, shown) = url::read(&section.key("url"), given)?;
        let listen_url = section.secret("listen_url")?;
        let listen_url = listen_url.map(|given| url::read(&section.key("listen_url"), given));
        let listen_url = listen_url.transpose()?.map(|(url, _)| url);
        let tls_root_file = section.path("tls_root_file")?;
        if let Some(file) = &tls_root_file {
            check_mode(section, file, "url", &url)?;
            if let Some(url) = &listen_url {
                check_mode(section, file, "listen_url", url)?;
            }
        }
        let expected = format!(
            "a name of 1 to {MAX_SCHEMA_BYTES} bytes that doesn't begin with \"{RESERVED}\""
        );
        let schema = section.read("schema", &expected, |value| {
            let name = value.as_str()?;
            let fits = (1..=MAX_SCHEMA_BYTES).contains(&name.len())
                && !name.starts_with(RESERVED)
                && !name.contains('\0');
            fits.then(|| name.to_owned())
        })?;
        let expected = format!("a number of connections from 1 to {MAX_POOL}");
        let pool = section.number::<u32>("pool", &expected)?;
        if let Some(pool) = pool.as_ref().filter(|pool| pool.value > MAX_POOL) {
            return Err(ConfigError::Invalid {
                key: section.key("pool"),
                origin: pool.origin.clone(),
                expected,
                found: Some(pool.value.to_string()),
            });
        }
        Ok(Self {
            url,
            listen_url,
            schema,
            pool,
            acquire_timeout: section.deadline("acquire_timeout")?,
            statement_timeout: section.deadline("statement_timeout")?,
            lock_timeout: section.deadline("lock_timeout")?,
            tls_root_file,
            shown,
        })
    }
}

/// A root against which nothing is checked would be no more than a hope.
fn check_mode(
    section: &Section<'_>,
    file: &Setting<PathBuf>,
    key: &str,
    url: &Setting<Secret>,
) -> Result<(), ConfigError> {
    if url::is_verifying(&url.value) {
        return Ok(());
    }
    Err(ConfigError::Conflict {
        message: format!(
            "{} (from {}) counts with sslmode=verify-full or verify-ca alone, and {} (from {}) asks for neither",
            section.key("tls_root_file"),
            file.origin,
            section.key(key),
            url.origin
        ),
    })
}

/// Fails if a key is set that belongs to a database.
pub(super) fn refuse_keys(section: &mut Section<'_>) -> Result<(), ConfigError> {
    section.refuse(&KEYS, "is for PostgreSQL, and store.url names none")
}

/// Processes on one database sign with one secret, so none of them may make its own.
pub(super) fn check_secret(server: &ServerSection) -> Result<(), ConfigError> {
    if server.secret.is_some() {
        return Ok(());
    }
    Err(ConfigError::Missing {
        key: "server.secret".to_owned(),
        expected: "a secret that all processes on this database share, there or in the file that server.secret_file \
                   names; `openssl rand -hex 32` makes one"
            .to_owned(),
    })
}
