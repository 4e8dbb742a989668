//! What the tests of sign-in share: an issuer, a verifier of its tokens with a clock that a test moves, requests.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_auth::incoming::jwt::{
    ClaimNames, DEFAULT_STALE_KEYS, Jwt, JwtConfig, JwtVerifier, KeySource,
};
use frontdesk_auth::incoming::{Authenticator, TokenVerifier};
use frontdesk_auth::{AuthError, GuardedHttp, Reach};
use frontdesk_clock::{Clock, ManualClock, Timestamp};
use http::Request;
use http::request::Parts;
use serde_json::{Value, json};

use crate::issuer::{Issuer, KeyKind};

pub(crate) const AUDIENCE: &str = "frontdesk";
/// The time at which tests begin, in seconds since the epoch.
pub(crate) const NOW: i64 = 1_000_000;

pub(crate) struct Desk {
    pub(crate) issuer: Issuer,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) verifier: Arc<JwtVerifier>,
}

impl Desk {
    pub(crate) async fn start() -> Self {
        Self::with(Issuer::start().await.unwrap(), ClaimNames::default())
    }

    pub(crate) async fn start_with(kind: KeyKind) -> Self {
        Self::with(
            Issuer::start_with(kind).await.unwrap(),
            ClaimNames::default(),
        )
    }

    pub(crate) fn with(issuer: Issuer, claims: ClaimNames) -> Self {
        let clock = clock();
        let keys = KeySource::Jwks(issuer.jwks_url().parse().unwrap());
        let config = JwtConfig {
            claims,
            ..config(issuer.url(), keys)
        };
        let verifier = verifier(config, &clock).unwrap();
        Self {
            issuer,
            clock,
            verifier,
        }
    }

    /// A token of Ann's for us, with further or other claims.
    pub(crate) fn token(&self, claims: Value) -> String {
        self.issuer.token(ann(claims)).unwrap()
    }

    /// Who a token says the user is, or why it is refused.
    pub(crate) async fn user(&self, token: &str) -> Result<String, AuthError> {
        user(&self.verifier, token).await
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn sign_in(&self) -> Jwt {
        Jwt {
            verifier: Arc::clone(&self.verifier),
            cookie: Some("session".to_owned()),
            allowed_origins: vec!["https://app.example".to_owned()],
        }
    }
}

pub(crate) fn clock() -> Arc<ManualClock> {
    let now = Timestamp::from_second(NOW).unwrap();
    Arc::new(ManualClock::at(now))
}

pub(crate) fn config(issuer: &str, keys: KeySource) -> JwtConfig {
    JwtConfig {
        issuer: issuer.to_owned(),
        audiences: vec!["https://desk.example".to_owned(), AUDIENCE.to_owned()],
        keys,
        claims: ClaimNames::default(),
        stale_keys: DEFAULT_STALE_KEYS,
    }
}

pub(crate) fn verifier(
    config: JwtConfig,
    clock: &Arc<ManualClock>,
) -> Result<Arc<JwtVerifier>, AuthError> {
    let http = GuardedHttp::new(Reach::Private, [])?;
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    JwtVerifier::new(config, http, clock).map(Arc::new)
}

pub(crate) async fn user(verifier: &JwtVerifier, token: &str) -> Result<String, AuthError> {
    let principal = verifier.verify(token).await?;
    Ok(principal.user.to_string())
}

pub(crate) fn ann(more: Value) -> Value {
    let mut claims = json!({"sub": "ann", "aud": AUDIENCE});
    if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) {
        claims.extend(more);
    }
    claims
}

/// A request's head: a method and headers.
pub(crate) fn head(method: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri("/chatkit");
    for (name, value) in headers {
        request = request.header(*name, value.as_bytes());
    }
    request.body(()).unwrap().into_parts().0
}

/// The user of a request, by any sign-in.
pub(crate) async fn user_of(
    sign_in: &dyn Authenticator,
    parts: &Parts,
    peer: Option<&str>,
) -> Result<String, AuthError> {
    let peer = peer.map(|peer| peer.parse().unwrap());
    let signed_in = sign_in.authenticate(parts, peer).await?;
    Ok(signed_in.principal.user.to_string())
}

pub(crate) fn unauthenticated<T>(detail: &'static str) -> Result<T, AuthError> {
    Err(AuthError::Unauthenticated { detail })
}

pub(crate) fn forbidden<T>() -> Result<T, AuthError> {
    Err(AuthError::Forbidden {
        message: "this origin is not allowed",
    })
}
