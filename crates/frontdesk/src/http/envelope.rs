//! What is around every request: an id, the headers that every answer has, and a guard against panics.

use std::panic::AssertUnwindSafe;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use super::{App, HttpError};

/// Says that this is Frontdesk, and which version of its additions it speaks.
const FRONTDESK: HeaderName = HeaderName::from_static("frontdesk");
/// When to come back where nothing says it, in seconds.
const DEFAULT_WAIT: u32 = 1;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, made by us; what a client sends as one is not used.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Wraps a request.
pub(crate) async fn envelope(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let request_id = app.ids.next("req");
    let method = request.method().clone();
    // What is written in a path may be anything, even a token; the route says enough.
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    request
        .extensions_mut()
        .insert(RequestId(request_id.clone()));
    let grant = app.cors.grant(&request);
    let mut response = match grant.preflight(&request) {
        Some(answer) => answer,
        None => AssertUnwindSafe(next.run(request))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| HttpError::internal("a handler panicked").into_response()),
    };
    if let Some(error) = response.extensions_mut().remove::<HttpError>() {
        log(&error, &request_id, method.as_str(), &route);
        let (parts, _) = response.into_parts();
        response = error.write(&request_id);
        if let Some(allow) = parts.headers.get(header::ALLOW) {
            response.headers_mut().insert(header::ALLOW, allow.clone());
        }
    }
    let is_too_many = response.status() == StatusCode::TOO_MANY_REQUESTS;
    let headers = response.headers_mut();
    if is_too_many && !headers.contains_key(header::RETRY_AFTER) {
        headers.insert(header::RETRY_AFTER, DEFAULT_WAIT.into());
    }
    grant.write(headers);
    headers.insert(FRONTDESK, HeaderValue::from_static("1"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if let Ok(request_id) = HeaderValue::try_from(request_id) {
        headers.insert(REQUEST_ID, request_id);
    }
    response
}

fn log(error: &HttpError, request_id: &str, method: &str, route: &str) {
    let (status, code) = (error.status.as_u16(), error.code);
    let detail = error.detail.as_deref().unwrap_or(&error.message);
    if error.status.is_server_error() {
        tracing::error!(
            request_id,
            method,
            route,
            status,
            code,
            detail,
            "a request failed"
        );
    } else {
        tracing::debug!(
            request_id,
            method,
            route,
            status,
            code,
            detail,
            "a request was refused"
        );
    }
}
