//! What is wrong with a configuration: which key, from where, what was expected.

use std::path::PathBuf;

use super::Origin;

/// A configuration that can't be used. The message is for the operator and never shows a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A file can't be read.
    #[error("{}: {detail}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// A key that nothing reads.
    #[error("unknown key: {key} (from {origin}){}", suggestion.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
    UnknownKey {
        /// The key, dotted.
        key: String,
        /// Where it was set.
        origin: Origin,
        /// The nearest key that there is.
        suggestion: Option<String>,
    },
    /// A value of the wrong kind.
    #[error("{key} (from {origin}): expected {expected}{}", found.as_ref().map(|found| format!(", found {found}")).unwrap_or_default())]
    Invalid {
        /// The key, dotted.
        key: String,
        /// Where it was set.
        origin: Origin,
        /// What it should be.
        expected: String,
        /// What it is, unless that is a secret.
        found: Option<String>,
    },
    /// A key that has to be set and isn't.
    #[error("{key} is missing: expected {expected}")]
    Missing {
        /// The key, dotted.
        key: String,
        /// What it should be.
        expected: String,
    },
    /// A value that will be understood in a later version.
    #[error("{key} (from {origin}): {what} isn't built yet; {instead}")]
    NotBuilt {
        /// The key, dotted.
        key: String,
        /// Where it was set.
        origin: Origin,
        /// What was asked for.
        what: String,
        /// What works today.
        instead: &'static str,
    },
    /// Two values that don't go together.
    #[error("{message}")]
    Conflict {
        /// Which, and from where.
        message: String,
    },
}
