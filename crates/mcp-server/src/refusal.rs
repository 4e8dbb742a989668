//! Refusals that say what they are as JSON-RPC does
//! ([section 5.1](https://www.jsonrpc.org/specification#error_object)), whoever refuses.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rmcp::model::ProtocolVersion;
use serde_json::{Value, json};

pub(crate) const PARSE_ERROR: i32 = -32_700;
pub(crate) const INVALID_REQUEST: i32 = -32_600;
const INTERNAL_ERROR: i32 = -32_603;
const UNSUPPORTED_VERSION: i32 = -32_022;

/// Who may not come in, and for now.
pub(crate) const SERVER_ERROR: i32 = -32_000;

/// A session that isn't there, or isn't the caller's.
pub(crate) const NO_SESSION: i32 = -32_001;

/// The longest plain text that is read out of a refusal.
const MAX_TEXT_BYTES: usize = 4 * 1024;

/// A refusal of a request whose id isn't known.
pub(crate) fn refusal(status: StatusCode, code: i32, message: &str) -> Response {
    with_data(status, code, message, None)
}

pub(crate) fn with_data(
    status: StatusCode,
    code: i32,
    message: &str,
    data: Option<Value>,
) -> Response {
    let mut error = json!({"code": code, "message": message});
    if let (Some(data), Some(error)) = (data, error.as_object_mut()) {
        error.insert("data".to_owned(), data);
    }
    let body = json!({"jsonrpc": "2.0", "id": null, "error": error});
    (status, Json(body)).into_response()
}

/// Makes JSON-RPC of refusals in plain text, and keeps their other headers.
pub(crate) async fn reword(request: Request, next: Next) -> Response {
    let asked = request.headers().get("mcp-protocol-version").cloned();
    let sent_json = is_json(request.headers());
    let response = next.run(request).await;
    let status = response.status();
    let refused = status.is_client_error() || status.is_server_error();
    if !refused || is_json(response.headers()) {
        return response;
    }
    // The library says of JSON that isn't a message that it isn't JSON.
    if status == StatusCode::UNSUPPORTED_MEDIA_TYPE && sent_json {
        return refusal(
            StatusCode::BAD_REQUEST,
            INVALID_REQUEST,
            "the request is not a JSON-RPC message",
        );
    }
    let (parts, body) = response.into_parts();
    let text = to_bytes(body, MAX_TEXT_BYTES).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    // What is wrong inside isn't for callers.
    let message = if status.is_server_error() {
        "the server failed"
    } else {
        text.split_once(": ")
            .map_or(text.as_ref(), |(_, rest)| rest)
    };
    let supported: Vec<&str> = ProtocolVersion::KNOWN_VERSIONS
        .iter()
        .map(ProtocolVersion::as_str)
        .collect();
    let asked = asked.as_ref().and_then(|value| value.to_str().ok());
    let unsupported =
        asked.filter(|version| status == StatusCode::BAD_REQUEST && !supported.contains(version));
    let mut answer = match unsupported {
        Some(version) => with_data(
            status,
            UNSUPPORTED_VERSION,
            "unsupported protocol version",
            Some(json!({"supported": supported, "requested": version})),
        ),
        None => refusal(status, code(status), message),
    };
    for (name, value) in &parts.headers {
        if *name != CONTENT_TYPE && *name != CONTENT_LENGTH {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer
}

fn code(status: StatusCode) -> i32 {
    match status {
        StatusCode::NOT_FOUND => NO_SESSION,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::SERVICE_UNAVAILABLE => {
            SERVER_ERROR
        }
        status if status.is_server_error() => INTERNAL_ERROR,
        _ => INVALID_REQUEST,
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/json"))
}
