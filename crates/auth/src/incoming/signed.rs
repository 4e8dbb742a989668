//! Checks the identity tokens that a [`Signer`](crate::outgoing::Signer) makes; what a tool server does with them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use frontdesk_clock::Clock;
use frontdesk_identity::Principal;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use super::TokenVerifier;
use crate::claims::{Claims, MAX_LIFETIME_SECONDS};
use crate::{AuthError, PublicKey};

/// How far two machines' clocks may be apart, in seconds.
const LEEWAY_SECONDS: i64 = 5;
/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// How many checked tokens are remembered, so that a token that is sent again costs one hash.
const MAX_REMEMBERED: usize = 1_024;

/// Verifies identity tokens: algorithm, key, issuer, audience and time.
pub struct Verifier {
    keys: Vec<(String, DecodingKey)>,
    validation: Validation,
    clock: Arc<dyn Clock>,
    remembered: Mutex<HashMap<Vec<u8>, Checked>>,
}

#[derive(Clone)]
struct Checked {
    issued: i64,
    expires: i64,
    principal: Arc<Principal>,
}

impl Verifier {
    /// A verifier for tokens of this issuer to this audience, signed by one of these keys.
    pub fn new(issuer: &str, audience: &str, keys: &[PublicKey], clock: Arc<dyn Clock>) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library asks the system for the time; the clock that was handed in decides, below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let keys = keys
            .iter()
            .map(|key| (key.key_id().to_owned(), key.decoding()))
            .collect();
        Self {
            keys,
            validation,
            clock,
            remembered: Mutex::default(),
        }
    }

    /// The principal that a token speaks for.
    ///
    /// # Errors
    /// [`AuthError::Unauthenticated`] for every token that isn't right in every respect.
    pub fn verify(&self, token: &str) -> Result<Arc<Principal>, AuthError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(refused("the token is too long"));
        }
        let now = self.clock.now().as_second();
        let digest = digest(&SHA256, token.as_bytes()).as_ref().to_vec();
        let checked = match self.recall(&digest) {
            Some(checked) => checked,
            None => self.check(token)?,
        };
        in_time(&checked, now)?;
        let principal = Arc::clone(&checked.principal);
        self.remember(digest, checked, now);
        Ok(principal)
    }

    fn check(&self, token: &str) -> Result<Checked, AuthError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| refused("not a token"))?;
        if header.alg != Algorithm::EdDSA {
            return Err(refused("another algorithm"));
        }
        let named = |(id, _): &&(String, DecodingKey)| header.kid.as_deref() == Some(id.as_str());
        let (_, key) = self
            .keys
            .iter()
            .find(named)
            .ok_or(refused("an unknown key"))?;
        let claims: Claims = jsonwebtoken::decode(token, key, &self.validation)
            .map_err(|error| {
                refused(match error.kind() {
                    ErrorKind::InvalidSignature => "a wrong signature",
                    ErrorKind::InvalidIssuer => "another issuer",
                    ErrorKind::InvalidAudience => "another audience",
                    _ => "claims that don't fit",
                })
            })?
            .claims;
        let lifetime = claims.exp.checked_sub(claims.iat);
        if !lifetime.is_some_and(|seconds| (0..=MAX_LIFETIME_SECONDS).contains(&seconds)) {
            return Err(refused("a token that holds too long"));
        }
        Ok(Checked {
            issued: claims.iat,
            expires: claims.exp,
            principal: Arc::new(claims.into()),
        })
    }

    fn recall(&self, digest: &[u8]) -> Option<Checked> {
        let remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        remembered.get(digest).cloned()
    }

    fn remember(&self, digest: Vec<u8>, checked: Checked, now: i64) {
        let mut remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MAX_REMEMBERED {
            remembered.retain(|_, checked| in_time(checked, now).is_ok());
        }
        if remembered.len() < MAX_REMEMBERED {
            remembered.insert(digest, checked);
        }
    }
}

#[async_trait]
impl TokenVerifier for Verifier {
    async fn verify(&self, token: &str) -> Result<Arc<Principal>, AuthError> {
        Self::verify(self, token)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&str> = self.keys.iter().map(|(id, _)| id.as_str()).collect();
        f.debug_struct("Verifier")
            .field("keys", &keys)
            .finish_non_exhaustive()
    }
}

fn in_time(checked: &Checked, now: i64) -> Result<(), AuthError> {
    if now.saturating_add(LEEWAY_SECONDS) < checked.issued {
        return Err(refused("a token from the future"));
    }
    if now.saturating_sub(LEEWAY_SECONDS) >= checked.expires {
        return Err(refused("an expired token"));
    }
    Ok(())
}

fn refused(detail: &'static str) -> AuthError {
    AuthError::Unauthenticated { detail }
}
