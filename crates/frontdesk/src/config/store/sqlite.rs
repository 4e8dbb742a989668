//! A store in a file.

use std::path::{Path, PathBuf};

use frontdesk_identity::Secret;

use super::super::{ConfigError, ServerSection, Setting};

/// A store in a file.
#[derive(Debug, Clone)]
pub struct SqliteSection {
    /// The database file, in the data directory where the URL's path is relative.
    pub path: Setting<PathBuf>,
}

impl SqliteSection {
    pub(super) fn read(url: &Setting<Secret>, server: &ServerSection) -> Result<Self, ConfigError> {
        let Some(path) = path(url.value.expose()) else {
            return Err(ConfigError::Invalid {
                key: "store.url".to_owned(),
                origin: url.origin.clone(),
                expected: "sqlite:// and a file, or postgres://USER:PASSWORD@HOST:PORT/DATABASE"
                    .to_owned(),
                found: None,
            });
        };
        Ok(Self {
            path: Setting {
                value: server.data_dir.value.join(path),
                origin: url.origin.clone(),
            },
        })
    }
}

fn path(url: &str) -> Option<&Path> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let is_file = !path.is_empty() && !path.contains('?') && path != ":memory:";
    is_file.then(|| Path::new(path))
}
