//! Why a request was refused, in terms of what the caller can do about it.

use std::time::Duration;

use frontdesk_protocol::BadRequest;
use frontdesk_store::StoreError;

/// A refused request. What the caller may read and what the operator needs are kept apart.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// The request is malformed.
    #[error("{field}: {message}")]
    BadRequest {
        /// The field, as a path; empty for the body itself.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// The caller has no such thing.
    #[error("not found: {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The thread's state doesn't allow it now.
    #[error("{message}")]
    Conflict {
        /// What stands in the way.
        message: String,
    },
    /// The request is well-formed and too much.
    #[error("{field}: {message}")]
    Unprocessable {
        /// The field, as a path.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// The caller has too much going on.
    #[error("{message}")]
    TooMany {
        /// Of what, and what helps.
        message: String,
        /// After what time another try can succeed.
        retry_after: Duration,
    },
    /// This installation doesn't do that.
    #[error("not supported: {what}")]
    NotSupported {
        /// What was asked for.
        what: &'static str,
    },
    /// Something that we need is away; a later try may work.
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

impl ChatError {
    /// The code of the error answer.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadRequest { .. } => "bad_request",
            Self::NotFound { .. } => "not_found",
            Self::Conflict { .. } => "conflict",
            Self::Unprocessable { .. } => "unprocessable",
            Self::TooMany { .. } => "too_many",
            Self::NotSupported { .. } => "not_supported",
            Self::Unavailable { .. } => "unavailable",
            Self::Internal { .. } => "internal",
        }
    }

    /// The HTTP status that fits.
    pub fn status(&self) -> u16 {
        match self {
            Self::BadRequest { .. } | Self::NotSupported { .. } => 400,
            Self::NotFound { .. } => 404,
            Self::Conflict { .. } => 409,
            Self::Unprocessable { .. } => 422,
            Self::TooMany { .. } => 429,
            Self::Unavailable { .. } => 503,
            Self::Internal { .. } => 500,
        }
    }

    /// What the caller may read.
    pub fn public_message(&self) -> String {
        match self {
            Self::BadRequest { field, message } if field.is_empty() => message.clone(),
            other => other.to_string(),
        }
    }

    /// How long the caller should wait before another try, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    /// What only the operator may read.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Unavailable { detail } | Self::Internal { detail } => Some(detail),
            _ => None,
        }
    }

    pub(crate) fn unprocessable(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Unprocessable {
            field: field.into(),
            message: message.into(),
        }
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict {
            message: message.into(),
        }
    }
}

impl From<BadRequest> for ChatError {
    fn from(bad: BadRequest) -> Self {
        Self::BadRequest {
            field: bad.field,
            message: bad.message,
        }
    }
}

impl From<StoreError> for ChatError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { detail } => Self::Unavailable { detail },
            StoreError::TooLarge { .. } => {
                Self::unprocessable("params", "is more than can be stored")
            }
            other => Self::Internal {
                detail: other.to_string(),
            },
        }
    }
}
