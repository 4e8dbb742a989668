//! What can go wrong with a server, and what that means for the request that was on its way.

use std::error::Error;
use std::time::Duration;

use frontdesk_agent::{ToolError, ToolsetError};
use frontdesk_auth::outgoing::OutgoingError;
use rmcp::ServiceError;
use rmcp::model::ErrorCode;
use rmcp::service::ClientInitializeError;
use rmcp::transport::streamable_http_client::StreamableHttpError;

use crate::http_failure::{HttpError, HttpFailure, bounded, chain};
use crate::redact::Redactor;

/// Why a server didn't do what it was asked. Details are for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum McpError {
    /// The server wasn't reached: the request surely was not carried out.
    #[error("the server is away: {detail}")]
    Away {
        /// What was tried.
        detail: String,
    },
    /// The server has failed so often that nothing is tried for a while.
    #[error("the server has failed repeatedly; it is tried again in {} s", wait.as_secs_f64().ceil())]
    Resting {
        /// How long nothing is tried.
        wait: Duration,
    },
    /// The server has too much to do, or is going down.
    #[error("the server is busy: HTTP {status}")]
    Busy {
        /// The status that it answered with.
        status: u16,
    },
    /// The connection broke: the request may have been carried out.
    #[error("the connection broke: {detail}")]
    Broken {
        /// What happened.
        detail: String,
    },
    /// The call can't be made with an identity that the server takes, or lacks a value that only the caller has.
    #[error("{0}")]
    Identity(#[from] OutgoingError),
    /// The server took the request and answered with an error of the protocol.
    #[error("the server refuses the request: {message}")]
    Refused {
        /// The error's number.
        code: i32,
        /// What it said; the model may read it.
        message: String,
    },
    /// No answer in time.
    #[error("no answer in time: {} s", limit.as_secs_f64())]
    Timeout {
        /// How long was waited.
        limit: Duration,
    },
    /// The server speaks something else, or more than we take.
    #[error("unexpected answer: {reason}: {detail}")]
    Unexpected {
        /// What is wrong with it; the model may read it.
        reason: &'static str,
        /// What it was.
        detail: String,
    },
}

/// The number of an error that is about headers which don't repeat what the body says.
const HEADER_MISMATCH: i32 = -32020;
/// The number of an error that says that the revision isn't spoken.
const UNSUPPORTED_VERSION: i32 = -32022;
/// What is wrong with an answer of HTTP that says that the request is, as one in another revision's form may be.
const NOT_TAKEN: &str = "it doesn't take the request";
/// What an answer says that is given on a session which the server no longer knows.
const SESSION_ENDED: &str = "the session has ended";
/// How rmcp marks an error of its own: a stream that ended before its answer.
const STREAM_ENDED: &str = "streamable HTTP";

impl McpError {
    /// What came of a request on a standing connection.
    pub(crate) fn of_request(error: &ServiceError) -> Self {
        match error {
            ServiceError::McpError(error)
                if error.code == ErrorCode::INTERNAL_ERROR
                    && error.message.starts_with(STREAM_ENDED) =>
            {
                Self::Broken {
                    detail: bounded(&error.message),
                }
            }
            ServiceError::McpError(error) => Self::Refused {
                code: error.code.0,
                message: bounded(&error.message),
            },
            ServiceError::TransportSend(error) => Self::of_transport(error.error.as_ref()),
            ServiceError::TransportClosed => Self::Broken {
                detail: "the connection is closed".to_owned(),
            },
            ServiceError::Timeout { timeout } => Self::Timeout { limit: *timeout },
            ServiceError::Cancelled { .. } => Self::Broken {
                detail: "the request was cancelled".to_owned(),
            },
            other => Self::Unexpected {
                reason: "it isn't what was asked for",
                detail: bounded(&other.to_string()),
            },
        }
    }

    /// What came of a handshake.
    pub(crate) fn of_handshake(error: &ClientInitializeError) -> Self {
        match error {
            ClientInitializeError::TransportError { error, .. } => {
                Self::of_transport(error.error.as_ref())
            }
            ClientInitializeError::JsonRpcError(error) => Self::Refused {
                code: error.code.0,
                message: bounded(&error.message),
            },
            ClientInitializeError::ConnectionClosed(detail) => Self::Broken {
                detail: bounded(detail),
            },
            other => Self::Unexpected {
                reason: "it isn't what was asked for",
                detail: bounded(&other.to_string()),
            },
        }
    }

    fn of_transport(error: &(dyn Error + Send + Sync + 'static)) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(current) = cause {
            if let Some(error) = current.downcast_ref::<HttpError>() {
                return Self::of_http(error);
            }
            cause = current.source();
        }
        Self::Broken {
            detail: chain(error),
        }
    }

    fn of_http(error: &HttpError) -> Self {
        match error {
            StreamableHttpError::Client(failure) => Self::of_failure(failure),
            StreamableHttpError::SessionExpired => Self::Away {
                detail: SESSION_ENDED.to_owned(),
            },
            StreamableHttpError::UnexpectedServerResponse(_)
            | StreamableHttpError::Deserialize(_) => Self::Unexpected {
                reason: "it can't be read",
                detail: bounded(&error.to_string()),
            },
            other => Self::Broken {
                detail: chain(other),
            },
        }
    }

    fn of_failure(failure: &HttpFailure) -> Self {
        let unexpected = |reason| Self::Unexpected {
            reason,
            detail: bounded(&failure.to_string()),
        };
        match failure {
            HttpFailure::Unreachable(detail) => Self::Away {
                detail: detail.clone(),
            },
            HttpFailure::Broken(detail) => Self::Broken {
                detail: detail.clone(),
            },
            HttpFailure::Identity(error) => Self::Identity(error.clone()),
            HttpFailure::Busy(status) => Self::Busy { status: *status },
            HttpFailure::Status(status, body) => Self::Unexpected {
                reason: match status {
                    400 | 404..=406 | 415 | 426 => NOT_TAKEN,
                    400..500 => "it refuses the request",
                    _ => "it says that it failed",
                },
                detail: bounded(&format!("HTTP {status}: {body}")),
            },
            HttpFailure::Redirected(_) => unexpected("it redirects elsewhere"),
            HttpFailure::TooLong(_) => unexpected("it is too long"),
            HttpFailure::NotProtocol(_) => unexpected("it can't be read"),
            HttpFailure::ForNobody => Self::Broken {
                detail: failure.to_string(),
            },
        }
    }

    /// Whether the connection is of no more use.
    pub(crate) fn ends_connection(&self) -> bool {
        match self {
            Self::Broken { .. } | Self::Away { .. } => true,
            Self::Identity(_)
            | Self::Busy { .. }
            | Self::Resting { .. }
            | Self::Refused { .. }
            | Self::Timeout { .. }
            | Self::Unexpected { .. } => false,
        }
    }

    /// Whether it is a server that answers, but has forgotten this one session.
    pub(crate) fn is_ended_session(&self) -> bool {
        matches!(self, Self::Away { detail } if detail == SESSION_ENDED)
    }

    /// Whether the server wants headers that we would send if we knew its tools.
    pub(crate) fn wants_headers(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == HEADER_MISMATCH)
    }

    /// Whether it may be that the server speaks another revision than it did.
    pub(crate) fn doubts_era(&self) -> bool {
        match self {
            Self::Refused { code, .. } => *code == UNSUPPORTED_VERSION,
            Self::Unexpected { reason, .. } => *reason == NOT_TAKEN,
            _ => false,
        }
    }

    /// The same without what nobody may see.
    pub(crate) fn redacted(self, redactor: &Redactor) -> Self {
        match self {
            Self::Away { detail } => Self::Away {
                detail: redactor.text(detail),
            },
            Self::Broken { detail } => Self::Broken {
                detail: redactor.text(detail),
            },
            Self::Refused { code, message } => Self::Refused {
                code,
                message: redactor.text(message),
            },
            Self::Unexpected { reason, detail } => Self::Unexpected {
                reason,
                detail: redactor.text(detail),
            },
            other => other,
        }
    }

    /// What the model is told about a call that came to this, and what the user alone is.
    pub(crate) fn into_tool_error(self, server: &str) -> ToolError {
        let message = match &self {
            Self::Away { .. } => {
                format!("the tool server {server} can't be reached at the moment; nothing was done")
            }
            Self::Resting { .. } => format!(
                "the tool server {server} has failed repeatedly and isn't asked at the moment; nothing was done"
            ),
            Self::Busy { .. } => {
                format!("the tool server {server} is too busy at the moment; try again later")
            }
            Self::Broken { .. } => format!(
                "the connection to the tool server {server} broke; whether anything was done is not known"
            ),
            Self::Identity(error) => {
                let told = identity_message(error, server);
                return match link(error) {
                    Some(link) => ToolError::new(told, self.to_string())
                        .with_user_message(format!("[Connect your account at {server}]({link})")),
                    None => ToolError::new(told, self.to_string()),
                };
            }
            Self::Refused { message, .. } => {
                format!("the tool server {server} refuses the call: {message}")
            }
            Self::Timeout { limit } => format!(
                "tool timed out after {} s without an answer",
                limit.as_secs_f64()
            ),
            Self::Unexpected { reason, .. } => {
                format!("the tool server {server} gave an answer that can't be used: {reason}")
            }
        };
        ToolError::new(message, self.to_string())
    }
}

fn identity_message(error: &OutgoingError, server: &str) -> String {
    match error {
        OutgoingError::NotConnected { .. } => {
            format!("the user has to connect their account at {server} first; nothing was done")
        }
        OutgoingError::MissingScope { scopes, .. } => format!(
            "the permission {} is missing at {server}; nothing was done",
            bounded(&scopes.join(" "))
        ),
        OutgoingError::NotUsable { reason } => {
            format!("the user's sign-in can't be used for {server}: {reason}")
        }
        OutgoingError::Expired => {
            format!("the user's sign-in has run out, so {server} wasn't asked")
        }
        OutgoingError::Refused { .. } => {
            format!("the tool server {server} refuses the user's sign-in")
        }
        OutgoingError::Unavailable { .. } => {
            format!("signing in at {server} doesn't work at the moment; nothing was done")
        }
    }
}

fn link(error: &OutgoingError) -> Option<&str> {
    match error {
        OutgoingError::NotConnected { link } | OutgoingError::MissingScope { link, .. } => {
            link.as_deref()
        }
        OutgoingError::NotUsable { .. }
        | OutgoingError::Expired
        | OutgoingError::Refused { .. }
        | OutgoingError::Unavailable { .. } => None,
    }
}

impl From<McpError> for ToolsetError {
    fn from(error: McpError) -> Self {
        Self {
            detail: error.to_string(),
        }
    }
}
