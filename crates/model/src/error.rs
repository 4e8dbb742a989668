//! What can go wrong with a model call, sorted by what a caller can do about it.

use std::time::Duration;

/// A model call that failed.
///
/// Its `Display` names the kind alone and is fit for anyone; [`Error::detail`] is for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct Error {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What the operator needs to know; bounded, and never with a key in it.
    pub detail: String,
    /// How long the provider asks to wait before the next try.
    pub retry_after: Option<Duration>,
}

/// The kinds of failure of a model call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ErrorKind {
    /// The provider could not be reached.
    #[error("the model could not be reached")]
    Connect,
    /// The provider took too long, to begin or between two bytes.
    #[error("the model took too long")]
    Timeout,
    /// The provider's limit of requests, tokens or money is reached.
    #[error("the model's rate limit is reached")]
    RateLimited,
    /// The provider is overloaded or fails for the moment.
    #[error("the model is overloaded")]
    Overloaded,
    /// The key is missing, wrong or may not use this model.
    #[error("the model refused the credentials")]
    Unauthorized,
    /// The provider refuses this request; sending it again won't help.
    #[error("the model refused the request")]
    InvalidRequest,
    /// The provider's answer can't be understood, or ended before its end.
    #[error("the model's answer was broken off or malformed")]
    Protocol,
    /// The provider says that it failed.
    #[error("the model failed")]
    Failed,
}

impl Error {
    /// An error without a wait.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            ErrorKind::Connect
            | ErrorKind::Timeout
            | ErrorKind::RateLimited
            | ErrorKind::Overloaded => true,
            ErrorKind::Unauthorized
            | ErrorKind::InvalidRequest
            | ErrorKind::Protocol
            | ErrorKind::Failed => false,
        }
    }
}
