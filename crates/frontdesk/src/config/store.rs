//! `[store]`: where threads are kept.

use std::path::{Path, PathBuf};

use super::layers::Layers;
use super::section::Section;
use super::{ConfigError, Environment, ServerSection, Setting};

/// The store's file when nothing is said.
const DEFAULT_URL: &str = "sqlite://frontdesk.db";

/// `[store]`.
#[derive(Debug, Clone)]
pub struct StoreSection {
    /// `url`, or `DATABASE_URL`: the database file, in the data directory where the path is relative.
    pub path: Setting<PathBuf>,
}

impl StoreSection {
    pub(crate) fn read(
        layers: &mut Layers,
        environment: &Environment,
        server: &ServerSection,
    ) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, "store");
        let url = section.text("url")?;
        section.finish()?;
        let url = url
            .or_else(|| environment.get("DATABASE_URL"))
            .unwrap_or_else(|| Setting::default_value(DEFAULT_URL.to_owned()));
        let path = sqlite_path(&url)?;
        Ok(Self {
            path: url.map(|_| server.data_dir.value.join(path)),
        })
    }
}

fn sqlite_path(url: &Setting<String>) -> Result<PathBuf, ConfigError> {
    // The URL is never shown: one for a server has a password in it.
    let (scheme, rest) = url.value.split_once(':').unwrap_or((&url.value, ""));
    if scheme.starts_with("postgres") {
        return Err(ConfigError::NotBuilt {
            key: "store.url".to_owned(),
            origin: url.origin.clone(),
            what: "PostgreSQL".to_owned(),
            instead: "use sqlite://FILE",
        });
    }
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if scheme != "sqlite" || path.is_empty() || path.contains('?') || path == ":memory:" {
        return Err(ConfigError::Invalid {
            key: "store.url".to_owned(),
            origin: url.origin.clone(),
            expected: "sqlite:// and a file".to_owned(),
            found: None,
        });
    }
    Ok(Path::new(path).to_owned())
}
