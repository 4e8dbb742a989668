//! Error answers: `{"error": {"code", "message", "request_id"}}`, with the field where the request is at fault.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use frontdesk_auth::AuthError;
use frontdesk_chat::ChatError;
use serde::Serialize;

/// A refused or failed request. The [envelope](super::envelope) writes and logs it, once.
#[derive(Debug, Clone)]
pub(crate) struct HttpError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    /// For the caller.
    pub(crate) message: String,
    /// What in the request is at fault.
    pub(crate) field: Option<String>,
    /// For the operator alone.
    pub(crate) detail: Option<String>,
    /// When it may be worth another try, in seconds from 1.
    pub(crate) retry_after: Option<u32>,
    /// How to sign in, where that is what is missing.
    pub(crate) challenge: Option<&'static str>,
}

/// When to come back while the identity provider is away, in seconds.
const SIGN_IN_WAIT: u32 = 10;

#[derive(Serialize)]
struct Body<'a> {
    error: Fields<'a>,
}

#[derive(Serialize)]
struct Fields<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    request_id: &'a str,
}

impl HttpError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            field: None,
            detail: None,
            retry_after: None,
            challenge: None,
        }
    }

    pub(crate) fn bad_request(field: impl Into<String>, message: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, "bad_request", message);
        Self {
            field: Some(field.into()),
            ..error
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
    }

    /// Too much is asked for; it may be asked again after a while.
    pub(crate) fn too_many(message: impl Into<String>, wait: Duration) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", message);
        Self {
            retry_after: Some(whole_seconds(wait)),
            ..error
        }
    }

    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        let error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "internal error",
        );
        Self {
            detail: Some(detail.into()),
            ..error
        }
    }

    /// The answer with its body.
    pub(crate) fn write(&self, request_id: &str) -> Response {
        let fields = Fields {
            code: self.code,
            message: &self.message,
            field: self.field.as_deref(),
            request_id,
        };
        let body = serde_json::to_vec(&Body { error: fields }).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, JSON)], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(challenge) = self.challenge {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        response
    }
}

fn whole_seconds(wait: Duration) -> u32 {
    let begun = u64::from(wait.subsec_nanos() > 0);
    let seconds = wait.as_secs().saturating_add(begun).max(1);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// The content type of every JSON answer.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<ChatError> for HttpError {
    fn from(error: ChatError) -> Self {
        let status =
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let field = match &error {
            ChatError::BadRequest { field, .. } | ChatError::Unprocessable { field, .. } => {
                Some(field.clone())
            }
            _ => None,
        };
        Self {
            field,
            detail: error.detail().map(str::to_owned),
            retry_after: error.retry_after().map(whole_seconds),
            ..Self::new(status, error.code(), error.public_message())
        }
    }
}

impl From<AuthError> for HttpError {
    fn from(error: AuthError) -> Self {
        let (status, code, detail) = match &error {
            AuthError::Unauthenticated { detail } => (
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                Some((*detail).to_owned()),
            ),
            AuthError::Forbidden { .. } => (StatusCode::FORBIDDEN, "forbidden", None),
            AuthError::Invalid { .. } => (StatusCode::BAD_REQUEST, "bad_request", None),
            AuthError::Unavailable { detail } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                Some(detail.clone()),
            ),
            AuthError::Key { detail } => return Self::internal(*detail),
        };
        let is_away = status == StatusCode::SERVICE_UNAVAILABLE;
        Self {
            detail,
            retry_after: is_away.then_some(SIGN_IN_WAIT),
            ..Self::new(status, code, error.to_string())
        }
    }
}

/// A path that nothing lies at.
pub(crate) async fn not_found() -> HttpError {
    HttpError::not_found()
}

/// A path that has other methods.
pub(crate) async fn method_not_allowed() -> HttpError {
    HttpError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path doesn't take that method",
    )
}
