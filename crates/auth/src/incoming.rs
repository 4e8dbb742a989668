//! How a request becomes a principal.

pub mod api_key;
pub mod development;
mod headers;
pub mod jwt;
mod network;
mod origin;
pub mod signed;
pub mod trusted_proxy;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_identity::{Principal, SignedIn};
use http::request::Parts;

use crate::AuthError;

pub use network::{InvalidNetwork, Network};

/// Tells who makes a request.
#[async_trait]
pub trait Authenticator: fmt::Debug + Send + Sync {
    /// The caller of a request that came from this peer; `None` where the transport doesn't know its peer.
    async fn authenticate(
        &self,
        parts: &Parts,
        peer: Option<SocketAddr>,
    ) -> Result<SignedIn, AuthError>;
}

/// Tells for whom a bearer token speaks; what a tool server does with the tokens that it gets.
#[async_trait]
pub trait TokenVerifier: fmt::Debug + Send + Sync {
    /// The principal of a token that is right in every respect.
    async fn verify(&self, token: &str) -> Result<Arc<Principal>, AuthError>;
}

/// The token of an `Authorization: Bearer` header ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
/// Several such headers are none.
pub fn bearer(headers: &http::HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(http::header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
