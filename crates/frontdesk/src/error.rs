//! Why the product can't be put together or served. All of it is for the operator.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::config::{ConfigError, Origin};

/// Why the product can't start. Each message tells the whole reason; there is no source to tell it again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration can't be used.
    #[error("configuration: {0}")]
    Config(ConfigError),
    /// The address can't be listened on.
    #[error("cannot listen on {address} (server.listen, from {origin}): {detail}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Where it was set.
        origin: Origin,
        /// Why.
        detail: String,
    },
    /// A file or directory can't be read, made or had alone.
    #[error("{detail}")]
    Data {
        /// The file or directory.
        path: PathBuf,
        /// Why, with its name.
        detail: String,
    },
    /// The store can't be opened.
    #[error("store: {detail}")]
    Store {
        /// Why.
        detail: String,
    },
    /// The place for files can't be used.
    #[error("files: {detail}")]
    Files {
        /// Why.
        detail: String,
    },
    /// Sign-in or the signing of identities can't be set up.
    #[error("sign-in: {0}")]
    Auth(frontdesk_auth::AuthError),
    /// The model can't be set up.
    #[error("model.{name}: {detail}")]
    Model {
        /// Which model.
        name: String,
        /// Why.
        detail: String,
    },
    /// Tools can't be set up.
    #[error("tools: {detail}")]
    Tools {
        /// Why.
        detail: String,
    },
    /// Serving ended with a fault.
    #[error("serving failed: {detail}")]
    Serve {
        /// Why.
        detail: String,
    },
}

impl Error {
    /// What the system, or something that was built on the file, says about it.
    pub(crate) fn data(path: &Path, reason: impl Display) -> Self {
        Self::Data {
            path: path.to_owned(),
            detail: format!("{}: {reason}", path.display()),
        }
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<frontdesk_auth::AuthError> for Error {
    fn from(error: frontdesk_auth::AuthError) -> Self {
        Self::Auth(error)
    }
}
