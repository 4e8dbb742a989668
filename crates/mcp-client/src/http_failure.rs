//! Why an HTTP request gave nothing that the protocol knows. No variant holds a credential.

use std::error::Error;

use frontdesk_auth::outgoing::OutgoingError;
use rmcp::transport::streamable_http_client::StreamableHttpError;

pub(crate) type HttpError = StreamableHttpError<HttpFailure>;

/// The longest detail that is kept, in bytes.
pub(crate) const MAX_DETAIL_BYTES: usize = 2 * 1024;

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HttpFailure {
    #[error("can't be reached: {0}")]
    Unreachable(String),
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("{0}")]
    Identity(#[from] OutgoingError),
    #[error("answers with {0}")]
    Busy(u16),
    #[error("answers with {0}")]
    Status(u16, String),
    #[error("redirects elsewhere: {0}")]
    Redirected(String),
    #[error("an answer of more than {0} bytes")]
    TooLong(usize),
    #[error("not an answer of the protocol: {0}")]
    NotProtocol(String),
    #[error("a request that doesn't say for whom it is")]
    ForNobody,
}

impl HttpFailure {
    /// Said without the address, which may hold a key.
    pub(crate) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let detail = chain(&error);
        if error.is_connect() {
            Self::Unreachable(detail)
        } else {
            Self::Broken(detail)
        }
    }
}

impl From<HttpFailure> for HttpError {
    fn from(failure: HttpFailure) -> Self {
        Self::Client(failure)
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        text.push_str(": ");
        text.push_str(&current.to_string());
        cause = current.source();
    }
    bounded(&text)
}

pub(crate) fn bounded(text: &str) -> String {
    within(text, MAX_DETAIL_BYTES)
}

/// The beginning of a text, of so many bytes at most.
pub(crate) fn within(text: &str, max: usize) -> String {
    let end = text.floor_char_boundary(max);
    text.get(..end).unwrap_or(text).to_owned()
}
