//! Why a file isn't taken or given, in terms of what the caller can do about it.

use frontdesk_store::StoreError;

/// A refused or failed file. `detail` is for the operator alone, all else for the caller.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is larger than files may be.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The most bytes.
        limit: u64,
    },
    /// It is of a type that isn't taken, or isn't what it claims to be.
    #[error("{message}")]
    Unsupported {
        /// Which, and what is taken.
        message: String,
    },
    /// It is well-sent and can't be used: empty, of another size than announced, or a broken image.
    #[error("{message}")]
    Unusable {
        /// Why.
        message: String,
    },
    /// The attachment has other bytes already, or is gone.
    #[error("{message}")]
    Conflict {
        /// What stands in the way.
        message: String,
    },
    /// The caller has too much going on; it may be tried again.
    #[error("{message}")]
    TooMany {
        /// Of what, and what helps.
        message: String,
    },
    /// The upload broke off or stood still.
    #[error("{message}")]
    Broken {
        /// Why.
        message: String,
    },
    /// The store or the place for files is away; a later try may work.
    #[error("temporarily unavailable")]
    Unavailable {
        /// For the operator.
        detail: String,
    },
    /// A fault of ours.
    #[error("internal error")]
    Internal {
        /// For the operator.
        detail: String,
    },
}

impl From<StoreError> for FileError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { detail } => Self::Unavailable { detail },
            other => Self::Internal {
                detail: other.to_string(),
            },
        }
    }
}

impl From<object_store::Error> for FileError {
    fn from(error: object_store::Error) -> Self {
        Self::Unavailable {
            detail: format!("place for files: {error}"),
        }
    }
}
