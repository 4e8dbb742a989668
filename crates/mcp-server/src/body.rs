//! Reads a request's body once, bounded, and answers what isn't JSON as JSON-RPC asks
//! ([section 5.1](https://www.jsonrpc.org/specification#error_object)).

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::de::IgnoredAny;
use serde_json::json;

use crate::MAX_BODY_BYTES;

const PARSE_ERROR: i32 = -32_700;
const INVALID_REQUEST: i32 = -32_600;

pub(crate) async fn check(request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY_BYTES).await else {
        return refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            INVALID_REQUEST,
            "the request is too large or was cut off",
        );
    };
    if serde_json::from_slice::<IgnoredAny>(&bytes).is_err() {
        return refusal(
            StatusCode::BAD_REQUEST,
            PARSE_ERROR,
            "the request is not JSON",
        );
    }
    next.run(Request::from_parts(parts, Body::from(bytes)))
        .await
}

fn refusal(status: StatusCode, code: i32, message: &str) -> Response {
    let body = json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": message}});
    (status, Json(body)).into_response()
}
