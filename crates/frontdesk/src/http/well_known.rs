//! `/.well-known/jwks.json`: the keys that check what we sign
//! ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517#section-5)).

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::App;

/// Long enough that tool servers seldom ask, short enough that they learn of a new key within minutes.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=300");
const KEY_SET: HeaderValue = HeaderValue::from_static("application/jwk-set+json");

/// The key set. Nothing about it is secret, so no sign-in is asked for, and any page may read it.
pub(crate) async fn key_set(State(app): State<App>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, KEY_SET),
        (header::CACHE_CONTROL, CACHED),
        (
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ),
    ];
    (headers, app.key_set.clone()).into_response()
}
