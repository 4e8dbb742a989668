//! Variables of an application that brings a prefix of its own: `TASKFLOW_CHATKIT_DATABASE_URL`.

use std::collections::BTreeMap;

use super::super::layers::{VARIABLE_PREFIX, nearest};
use super::super::{ConfigError, Origin};
use super::{Environment, Value};

/// What is known elsewhere by a name, and by which name it is read here, behind an own prefix and without.
const NAMES: [(&str, &str); 14] = [
    ("DATABASE_URL", "DATABASE_URL"),
    ("MCP_SERVER_URL", "MCP_SERVER_URL"),
    ("OPENAI_API_KEY", "OPENAI_API_KEY"),
    ("OPENAI_BASE_URL", "OPENAI_BASE_URL"),
    ("OPENAI_MODEL", "OPENAI_MODEL"),
    ("ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY"),
    ("ANTHROPIC_BASE_URL", "ANTHROPIC_BASE_URL"),
    ("RUST_LOG", "RUST_LOG"),
    ("SCHEMA_NAME", "FRONTDESK__STORE__SCHEMA"),
    ("LISTEN", "FRONTDESK__SERVER__LISTEN"),
    ("PUBLIC_URL", "FRONTDESK__SERVER__PUBLIC_URL"),
    ("DATA_DIR", "FRONTDESK__SERVER__DATA_DIR"),
    ("SECRET", "FRONTDESK__SERVER__SECRET"),
    ("SECRET_FILE", "FRONTDESK__SERVER__SECRET_FILE"),
];
/// What an application has for itself: without the prefix it isn't ours.
const OF_THE_APPLICATION: [&str; 2] = ["DATABASE_URL", "MCP_SERVER_URL"];

impl Environment {
    /// Reads `PREFIX` + `SECTION__KEY` in place of `FRONTDESK__SECTION__KEY`, and well-known names behind the prefix,
    /// such as `PREFIX` + `DATABASE_URL`. `DATABASE_URL` and `MCP_SERVER_URL` without it are the application's own;
    /// the keys of models and `RUST_LOG` count without it, too.
    ///
    /// A name that is nearly one of these is an error; others are given by [`unread`](Self::unread).
    pub fn with_own_prefix(mut self, prefix: &str) -> Result<Self, ConfigError> {
        let prefix = whole(prefix)?;
        let variables = std::mem::take(&mut self.variables);
        let (own, others): (BTreeMap<_, _>, BTreeMap<_, _>) = variables
            .into_iter()
            .partition(|(name, _)| name.starts_with(&prefix));
        self.variables
            .extend(others.into_iter().filter(|(name, _)| {
                !name.starts_with(VARIABLE_PREFIX) && !OF_THE_APPLICATION.contains(&name.as_str())
            }));
        for (name, value) in own {
            let rest = name.get(prefix.len()..).unwrap_or_default();
            match read_as(rest) {
                Some(known) => {
                    self.variables.insert(known, value);
                }
                None => self.unread.push(not_read(&prefix, rest, value)?),
            }
        }
        Ok(self)
    }

    /// The variables with the own prefix that nothing reads.
    pub fn unread(&self) -> &[String] {
        &self.unread
    }
}

/// The prefix with the line that parts it from the name.
fn whole(prefix: &str) -> Result<String, ConfigError> {
    let fits = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    if prefix.is_empty() || !prefix.chars().all(fits) {
        return Err(ConfigError::Invalid {
            key: "the prefix of variables".to_owned(),
            origin: Origin::Flag("--env-prefix"),
            expected: "letters, digits and _".to_owned(),
            found: Some(format!("{prefix:?}")),
        });
    }
    let parted = prefix.ends_with('_');
    Ok(format!("{prefix}{}", if parted { "" } else { "_" }))
}

/// The name by which the product reads what stands behind the prefix.
fn read_as(rest: &str) -> Option<String> {
    if rest.contains("__") {
        return Some(format!("{VARIABLE_PREFIX}{rest}"));
    }
    let (_, known) = NAMES.iter().find(|(name, _)| *name == rest)?;
    Some((*known).to_owned())
}

/// The whole name, unless it looks like a slip.
fn not_read(prefix: &str, rest: &str, value: Value) -> Result<String, ConfigError> {
    match nearest(rest, NAMES.iter().map(|(name, _)| *name)) {
        Some(near) => Err(ConfigError::UnknownKey {
            key: value.called.clone(),
            origin: super::origin(value.place, &value.called),
            suggestion: Some(format!("{prefix}{near}")),
        }),
        None => Ok(value.called),
    }
}
