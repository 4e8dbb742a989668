//! Who is calling: a handler that takes a [`Caller`] can't be reached without sign-in.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use frontdesk_chat::{Client, RequestContext};

use super::envelope::RequestId;
use super::{App, HttpError};

/// The longest `Accept-Language` that is kept, in bytes.
const MAX_LOCALE_BYTES: usize = 256;

/// The verified caller of this request.
pub(crate) struct Caller(pub(crate) RequestContext);

impl FromRequestParts<App> for Caller {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, HttpError> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| *peer);
        let signed_in = app
            .authenticator
            .authenticate(parts, peer)
            .await
            .inspect_err(|_| {
                if peer.is_none() {
                    tracing::warn!(
                        "a request without its peer's address was refused; serve the router with \
                     into_make_service_with_connect_info::<SocketAddr>()"
                    );
                }
            })?;
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
        }))
    }
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
