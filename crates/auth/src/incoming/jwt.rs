//! Sign-in by a token that an issuer signed ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)): an identity provider's,
//! or that of the application beside us.

mod claims;
mod key_ring;
mod key_set;
mod remembered;
mod source;
mod token;
mod verifier;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_identity::{Credential, Secret, SignedIn};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use url::Url;

use super::headers::cookies;
use super::origin::{self, Silent};
use super::{Authenticator, bearer};
use crate::AuthError;

pub use verifier::JwtVerifier;

/// How long keys are used while their issuer is down, unless configured otherwise.
pub const DEFAULT_STALE_KEYS: Duration = Duration::from_hours(1);

/// Whose tokens are taken, and what they say.
#[derive(Debug, Clone)]
pub struct JwtConfig {
    /// The issuer, exactly as its tokens name it (`iss`).
    pub issuer: String,
    /// For whom tokens must be issued (`aud`); one of these suffices. With none, no token holds.
    pub audiences: Vec<String>,
    /// Where the issuer's keys come from.
    pub keys: KeySource,
    /// Which claims say who the user is.
    pub claims: ClaimNames,
    /// How long keys are used after they should have been renewed, while the issuer is down.
    pub stale_keys: Duration,
}

/// Where an issuer's keys come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A key set at this address ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)).
    Jwks(Url),
    /// The key set that the issuer's own metadata names
    /// ([OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html), then
    /// [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)).
    Discovery,
    /// A secret that we share with the issuer, for HS256; at least 32 bytes.
    Secret(Secret),
}

/// Which claims say who the user is. A name is that of a claim, or a path into it with dots: `realm_access.roles`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// The user's id. Where it is `email`, a token that says that the address isn't verified is refused.
    pub user: String,
    /// The tenant. Where it is set, a token without it is refused; where not, all users are of one tenant.
    pub tenant: Option<String>,
    /// The name to show.
    pub name: String,
    /// The mail address.
    pub email: String,
    /// Roles: an array, or a text with commas.
    pub roles: String,
    /// OAuth scopes: an array, or a text with spaces. Where it isn't set: `scope`, else `scp`.
    pub scopes: Option<String>,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            user: "sub".to_owned(),
            tenant: None,
            name: "name".to_owned(),
            email: "email".to_owned(),
            roles: "roles".to_owned(),
            scopes: None,
        }
    }
}

/// Sign-in by the token of an `Authorization: Bearer` header, or else of a cookie.
#[derive(Debug, Clone)]
pub struct Jwt {
    /// What checks the tokens.
    pub verifier: Arc<JwtVerifier>,
    /// The cookie that may have the token.
    pub cookie: Option<String>,
    /// Origins whose pages may use the cookie, besides our own; as browsers send them.
    pub allowed_origins: Vec<String>,
}

impl Jwt {
    fn token<'a>(&self, parts: &'a Parts) -> Result<&'a str, AuthError> {
        let headers = &parts.headers;
        if let Some(token) = bearer(headers) {
            return Ok(token);
        }
        if names_bearer(headers) {
            return Err(refused("an authorization header that isn't one"));
        }
        let name = self.cookie.as_deref().ok_or(refused("no token"))?;
        let mut cookies = cookies(headers, name).filter(|token| !token.is_empty());
        let token = cookies.next().ok_or(refused("no token"))?;
        if cookies.any(|other| other != token) {
            return Err(refused("several tokens in cookies"));
        }
        // Browsers send cookies whatever page asks them to.
        origin::check(parts, &self.allowed_origins, Silent::Refused)?;
        Ok(token)
    }
}

#[async_trait]
impl Authenticator for Jwt {
    async fn authenticate(
        &self,
        parts: &Parts,
        _peer: Option<SocketAddr>,
    ) -> Result<SignedIn, AuthError> {
        let token = self.token(parts)?;
        let verified = self.verifier.check(token).await?;
        Ok(
            SignedIn::new(Arc::clone(&verified.principal)).with(Credential {
                token: Secret::new(token),
                audiences: verified.audiences.clone(),
                expires_at: Some(verified.expires),
            }),
        )
    }
}

/// Whether there is an `Authorization` header that was meant for us; another scheme may be for a proxy before us.
fn names_bearer(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => false,
        (Some(value), None) => {
            let scheme = value.as_bytes().get(.."bearer".len());
            scheme.is_none_or(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
        }
        (Some(_), Some(_)) => true,
    }
}

fn refused(detail: &'static str) -> AuthError {
    AuthError::Unauthenticated { detail }
}
