//! `[store]`: where threads are kept.

mod postgres;
mod sqlite;

use std::fmt;

use frontdesk_identity::Secret;

use super::layers::Layers;
use super::section::Section;
use super::{ConfigError, Environment, ServerSection, Setting};

pub use postgres::PostgresSection;
pub use sqlite::SqliteSection;

/// The store when nothing is said.
const DEFAULT_URL: &str = "sqlite://frontdesk.db";

/// `[store]`.
#[derive(Debug, Clone)]
pub struct StoreSection {
    /// `url`, `url_file` or `DATABASE_URL`, and what belongs to its kind.
    pub place: StorePlace,
}

/// Where threads are kept.
#[derive(Debug, Clone)]
pub enum StorePlace {
    /// `sqlite://FILE`: a file, and one process.
    Sqlite(SqliteSection),
    /// `postgres://…`: a database, and any number of processes.
    Postgres(Box<PostgresSection>),
}

impl StoreSection {
    pub(crate) fn read(
        layers: &mut Layers,
        environment: &Environment,
        server: &ServerSection,
    ) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, "store");
        // Never shown: the URL of a database has a password in it.
        let url = section
            .secret("url")?
            .or_else(|| {
                let known = environment.get("DATABASE_URL")?;
                Some(known.map(Secret::new))
            })
            .unwrap_or_else(|| Setting::default_value(Secret::new(DEFAULT_URL)));
        let place = if postgres::is_meant(url.value.expose()) {
            let postgres = PostgresSection::read(url, &mut section)?;
            postgres::check_secret(server)?;
            StorePlace::Postgres(Box::new(postgres))
        } else {
            postgres::refuse_keys(&mut section)?;
            StorePlace::Sqlite(SqliteSection::read(&url, server)?)
        };
        section.finish()?;
        Ok(Self { place })
    }
}

impl fmt::Display for StorePlace {
    /// Where it is, without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(sqlite) => write!(f, "{}", sqlite.path.value.display()),
            Self::Postgres(postgres) => f.write_str(&postgres.shown),
        }
    }
}
