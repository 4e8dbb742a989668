//! Who is calling: a handler that takes a [`Caller`] can't be reached without sign-in.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use frontdesk_auth::AuthError;
use frontdesk_chat::{Client, RequestContext};

use super::envelope::RequestId;
use super::{App, HttpError};

/// The longest `Accept-Language` that is kept, in bytes.
const MAX_LOCALE_BYTES: usize = 256;

const BEARER: &str = "Bearer";
const BEARER_INVALID: &str = "Bearer error=\"invalid_token\"";

/// What a caller who isn't signed in is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// To send a token.
    Bearer,
    /// Nothing that a client could do.
    Nothing,
}

/// The verified caller of this request.
pub(crate) struct Caller(pub(crate) RequestContext);

impl FromRequestParts<App> for Caller {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, HttpError> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| *peer);
        app.hosts.check(parts)?;
        let signed_in = app.authenticator.authenticate(parts, peer).await;
        let signed_in = signed_in.map_err(|error| {
            if peer.is_none() {
                tracing::warn!(
                    "a request without its peer's address was refused; serve the router with \
                     into_make_service_with_connect_info::<SocketAddr>()"
                );
            }
            refused(error, parts, app)
        })?;
        app.limits.of_user(&signed_in.principal)?;
        let request_id = parts
            .extensions
            .get::<RequestId>()
            .map(|RequestId(id)| id.clone());
        Ok(Self(RequestContext {
            principal: signed_in.principal,
            credentials: signed_in.credentials,
            request_id: request_id.unwrap_or_default(),
            locale: locale(parts),
            client: client(parts),
            idempotency_key: None,
            page: app.page_headers.read(&parts.headers),
        }))
    }
}

/// Says how to sign in where that is what is missing ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750#section-3)).
fn refused(error: AuthError, parts: &Parts, app: &App) -> HttpError {
    let error = HttpError::from(error);
    let challenge = match app.challenge {
        Challenge::Bearer if error.status == StatusCode::UNAUTHORIZED => {
            let has_token = parts.headers.contains_key(header::AUTHORIZATION);
            Some(if has_token { BEARER_INVALID } else { BEARER })
        }
        Challenge::Bearer | Challenge::Nothing => None,
    };
    HttpError { challenge, ..error }
}

fn locale(parts: &Parts) -> Option<String> {
    let languages = parts.headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    (languages.len() <= MAX_LOCALE_BYTES).then(|| languages.to_owned())
}

fn client(parts: &Parts) -> Client {
    match parts
        .headers
        .get("frontdesk-resume")
        .map(HeaderValue::as_bytes)
    {
        Some(b"1") => Client::Resuming,
        _ => Client::Plain,
    }
}
