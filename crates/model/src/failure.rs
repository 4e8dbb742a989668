//! What the provider's refusals and failures mean: the kind of error, and whether to try again.

use std::fmt::Write as _;
use std::time::Duration;

use frontdesk_identity::Secret;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::{Error, ErrorKind};

/// How much of a provider's own words an error carries, in bytes.
const MAX_DETAIL_BYTES: usize = 2 * 1024;

/// An error, with what it means for another try.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) again: Again,
}

/// Whether another try may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    MayHelp,
    Pointless,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind, again: Again, detail: impl Into<String>) -> Self {
        Self {
            error: Error::new(kind, detail),
            again,
        }
    }

    /// The answer broke off before its end.
    pub(crate) fn cut(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Protocol, Again::MayHelp, detail)
    }

    /// The answer isn't what the API promises.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Protocol, Again::Pointless, detail)
    }

    /// The request could not be sent, or no answer came.
    pub(crate) fn of_transport(error: reqwest::Error) -> Self {
        let (kind, again) = if error.is_builder() {
            (ErrorKind::InvalidRequest, Again::Pointless)
        } else if error.is_timeout() && !error.is_connect() {
            (ErrorKind::Timeout, Again::Pointless)
        } else {
            (ErrorKind::Connect, Again::MayHelp)
        };
        Self::new(kind, again, causes(&error.without_url()))
    }

    /// The answer's status is an error.
    pub(crate) fn of_status(status: StatusCode, headers: &HeaderMap, body: &str) -> Self {
        let code = frontdesk_json::read(body.as_bytes()).ok().and_then(|body| {
            body.pointer("/error/code")
                .and_then(Value::as_str)
                .map(str::to_owned)
        });
        let (kind, again) = match status.as_u16() {
            429 if code.as_deref() == Some("insufficient_quota") => {
                (ErrorKind::RateLimited, Again::Pointless)
            }
            status => meaning(status),
        };
        let mut failure = Self::new(kind, again, format!("status {}: {body}", status.as_u16()));
        failure.error.retry_after = retry_after(headers);
        failure
    }

    /// The provider says in the stream that it failed; `error` is its object with `code` and `message`.
    pub(crate) fn of_event(error: &Value) -> Self {
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let code = match text("code") {
            "" => text("type"),
            code => code,
        };
        // Gateways send the status that they were given themselves.
        let status = error.get("code").and_then(Value::as_u64);
        if let Some(status) = status.and_then(|status| u16::try_from(status).ok()) {
            let (kind, again) = meaning(status);
            return Self::new(kind, again, format!("{status}: {}", text("message")));
        }
        let (kind, again) = match code {
            "rate_limit_exceeded" | "rate_limit_error" => (ErrorKind::RateLimited, Again::MayHelp),
            "insufficient_quota" | "billing_error" => (ErrorKind::RateLimited, Again::Pointless),
            "server_is_overloaded" | "overloaded_error" | "slow_down" => {
                (ErrorKind::Overloaded, Again::MayHelp)
            }
            "server_error" | "api_error" => (ErrorKind::Failed, Again::MayHelp),
            "timeout_error" => (ErrorKind::Timeout, Again::MayHelp),
            "invalid_api_key" | "authentication_error" | "permission_error" => {
                (ErrorKind::Unauthorized, Again::Pointless)
            }
            "not_found_error" | "request_too_large" | "previous_response_not_found" => {
                (ErrorKind::InvalidRequest, Again::Pointless)
            }
            code if code.starts_with("invalid_") || code == "context_length_exceeded" => {
                (ErrorKind::InvalidRequest, Again::Pointless)
            }
            _ => (ErrorKind::Failed, Again::Pointless),
        };
        let detail = match (code, text("message")) {
            ("", "") => error.to_string(),
            (code, message) => format!("{code}: {message}"),
        };
        let mut failure = Self::new(kind, again, detail);
        failure.error.retry_after = asked_wait(text("message"));
        failure
    }

    /// The error as it may leave: bounded, and without the key even where the provider repeats it.
    pub(crate) fn into_error(self, key: Option<&Secret>) -> Error {
        let mut error = self.error;
        if let Some(key) = key
            .map(|key| key.expose().trim())
            .filter(|key| !key.is_empty())
        {
            error.detail = error.detail.replace(key, "[key]");
        }
        if error.detail.len() > MAX_DETAIL_BYTES {
            error
                .detail
                .truncate(error.detail.floor_char_boundary(MAX_DETAIL_BYTES));
            error.detail.push('…');
        }
        error
    }
}

/// The wait that the provider asks for in words, as in `try again in 1.3s`: in a stream there are no headers left.
fn asked_wait(message: &str) -> Option<Duration> {
    let (_, wait) = message.split_once("try again in ")?;
    let end = wait.find(|it: char| !it.is_ascii_digit() && it != '.')?;
    let (number, unit) = wait.split_at_checked(end)?;
    let seconds = match unit.trim_start() {
        unit if unit.starts_with("ms") => 0.001,
        unit if unit.starts_with('s') => 1.0,
        unit if unit.starts_with('m') => 60.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

/// What an error's status means.
fn meaning(status: u16) -> (ErrorKind, Again) {
    match status {
        401 | 403 => (ErrorKind::Unauthorized, Again::Pointless),
        402 => (ErrorKind::RateLimited, Again::Pointless),
        429 => (ErrorKind::RateLimited, Again::MayHelp),
        408 | 409 | 500 | 502..=504 | 520..=529 => (ErrorKind::Overloaded, Again::MayHelp),
        501 | 505..=599 => (ErrorKind::Failed, Again::Pointless),
        _ => (ErrorKind::InvalidRequest, Again::Pointless),
    }
}

/// An error's text with those of its causes.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Writing to a string doesn't fail.
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

/// The wait that the provider asks for, in its own milliseconds or the standard's seconds. Dates are not read.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let seconds = number("retry-after-ms")
        .map(|milliseconds| milliseconds / 1000.0)
        .or_else(|| number("retry-after"))?;
    Duration::try_from_secs_f64(seconds).ok()
}
