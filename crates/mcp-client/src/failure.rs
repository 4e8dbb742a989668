//! What can go wrong with a server, and what that means for the request that was on its way.

use std::error::Error;

use frontdesk_agent::{ToolError, ToolsetError};
use rmcp::ServiceError;
use rmcp::service::ClientInitializeError;
use rmcp::transport::streamable_http_client::StreamableHttpError;

type HttpError = StreamableHttpError<reqwest::Error>;

/// The longest detail that is kept, in bytes.
const MAX_DETAIL_BYTES: usize = 2 * 1024;

/// Why a server didn't do what it was asked. Details are for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum McpError {
    /// The server wasn't reached: the request surely was not carried out.
    #[error("the server is away: {detail}")]
    Away {
        /// What was tried.
        detail: String,
    },
    /// The connection broke: the request may have been carried out.
    #[error("the connection broke: {detail}")]
    Broken {
        /// What happened.
        detail: String,
    },
    /// The server refuses our identity.
    #[error("the server refuses the sign-in: {detail}")]
    Unauthorized {
        /// What it said.
        detail: String,
    },
    /// The server took the request and answered with an error of the protocol.
    #[error("the server refuses the request: {message}")]
    Refused {
        /// What it said; the model may read it.
        message: String,
    },
    /// No answer in time.
    #[error("no answer in time: {detail}")]
    Timeout {
        /// What took too long.
        detail: String,
    },
    /// The server speaks something else, or more than we take.
    #[error("unexpected answer: {detail}")]
    Unexpected {
        /// What it was.
        detail: String,
    },
}

impl McpError {
    /// What came of a request on a standing connection.
    pub(crate) fn of_request(error: &ServiceError) -> Self {
        match error {
            ServiceError::McpError(error) => Self::Refused {
                message: bounded(&error.message),
            },
            ServiceError::TransportSend(error) => Self::of_transport(error.error.as_ref()),
            ServiceError::TransportClosed => Self::Broken {
                detail: "the connection is closed".to_owned(),
            },
            ServiceError::Timeout { timeout } => Self::Timeout {
                detail: format!("{} s", timeout.as_secs()),
            },
            ServiceError::Cancelled { .. } => Self::Broken {
                detail: "the request was cancelled".to_owned(),
            },
            other => Self::Unexpected {
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
                message: bounded(&error.message),
            },
            ClientInitializeError::ConnectionClosed(detail) => Self::Broken {
                detail: bounded(detail),
            },
            other => Self::Unexpected {
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
            if let Some(error) = current.downcast_ref::<reqwest::Error>() {
                return Self::of_reqwest(error);
            }
            cause = current.source();
        }
        Self::Broken {
            detail: chain(error),
        }
    }

    fn of_http(error: &HttpError) -> Self {
        match error {
            StreamableHttpError::Client(error) => Self::of_reqwest(error),
            StreamableHttpError::AuthRequired(_) | StreamableHttpError::InsufficientScope(_) => {
                Self::Unauthorized {
                    detail: bounded(&error.to_string()),
                }
            }
            StreamableHttpError::UnexpectedServerResponse(text)
                if text.starts_with("HTTP 401") || text.starts_with("HTTP 403") =>
            {
                Self::Unauthorized {
                    detail: bounded(text),
                }
            }
            StreamableHttpError::SessionExpired => Self::Away {
                detail: "the session has ended".to_owned(),
            },
            StreamableHttpError::HttpStatus(status) if matches!(status.status, 429 | 503) => {
                Self::Away {
                    detail: bounded(&error.to_string()),
                }
            }
            StreamableHttpError::UnexpectedServerResponse(_)
            | StreamableHttpError::UnexpectedContentType(_)
            | StreamableHttpError::ResponseBodyTooLarge { .. }
            | StreamableHttpError::Deserialize(_) => Self::Unexpected {
                detail: bounded(&error.to_string()),
            },
            other => Self::Broken {
                detail: chain(other),
            },
        }
    }

    fn of_reqwest(error: &reqwest::Error) -> Self {
        if error.is_connect() {
            Self::Away {
                detail: chain(error),
            }
        } else {
            Self::Broken {
                detail: chain(error),
            }
        }
    }

    /// Whether the connection is of no more use.
    pub(crate) fn ends_connection(&self) -> bool {
        match self {
            Self::Broken { .. } | Self::Away { .. } | Self::Unauthorized { .. } => true,
            Self::Refused { .. } | Self::Timeout { .. } | Self::Unexpected { .. } => false,
        }
    }

    /// What the model is told about a call that came to this.
    pub(crate) fn into_tool_error(self, server: &str) -> ToolError {
        let message = match &self {
            Self::Away { .. } => {
                format!("the tool server {server} can't be reached at the moment; nothing was done")
            }
            Self::Broken { .. } => format!(
                "the connection to the tool server {server} broke; whether anything was done is not known"
            ),
            Self::Unauthorized { .. } => {
                format!("the tool server {server} refuses the user's sign-in")
            }
            Self::Refused { message } => {
                format!("the tool server {server} refuses the call: {message}")
            }
            Self::Timeout { detail } => format!("tool timed out after {detail} without an answer"),
            Self::Unexpected { .. } => {
                format!("the tool server {server} gave an answer that can't be read")
            }
        };
        ToolError::new(message, self.to_string())
    }
}

impl From<McpError> for ToolsetError {
    fn from(error: McpError) -> Self {
        Self {
            detail: error.to_string(),
        }
    }
}

fn chain(error: &dyn Error) -> String {
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
    let end = text.floor_char_boundary(MAX_DETAIL_BYTES);
    text.get(..end).unwrap_or(text).to_owned()
}
