//! Signs who is calling, for one audience and at most a minute. Needs nothing of the user, so it always works.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use frontdesk_clock::{Clock, Ids};
use frontdesk_identity::{Principal, Scope, Secret};
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

use crate::claims::{Claims, MAX_LIFETIME_SECONDS};
use crate::{AuthError, PublicKey, SigningKey};

/// A token is given out again while it holds at least this long, in seconds.
const MIN_REMAINING_SECONDS: i64 = 30;
/// How many roles, and how many scopes, a token carries; those beyond are left out, so it gives less and never more.
const MAX_RIGHTS: usize = 64;
/// The longest role or scope that a token carries, in bytes.
const MAX_RIGHT_BYTES: usize = 64;
/// How many tokens are kept.
const MAX_KEPT: usize = 4_096;

/// Makes identity tokens: JWTs with the user, the tenant and the tool server as audience.
#[derive(Debug)]
pub struct Signer {
    issuer: String,
    key: SigningKey,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    kept: Mutex<HashMap<Kept, (i64, Secret)>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Kept {
    owner: Scope,
    name: Option<String>,
    email: Option<String>,
    roles: Vec<String>,
    scopes: Vec<String>,
    audience: String,
}

impl Signer {
    /// A signer that names itself `issuer` in what it signs.
    pub fn new(
        issuer: impl Into<String>,
        key: SigningKey,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        Self {
            issuer: issuer.into(),
            key,
            clock,
            ids,
            kept: Mutex::default(),
        }
    }

    /// The issuer that it names.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The key that checks what it signs.
    pub fn public_key(&self) -> &PublicKey {
        self.key.public()
    }

    /// A token that says who is calling, good for this audience, and for 30 to 60 seconds from now.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`]: signing failed.
    pub fn sign(&self, principal: &Principal, audience: &str) -> Result<Secret, AuthError> {
        let now = self.clock.now().as_second();
        let key = Kept {
            owner: principal.scope(),
            name: principal.name.clone(),
            email: principal.email.clone(),
            roles: bounded(&principal.roles),
            scopes: bounded(&principal.scopes),
            audience: audience.to_owned(),
        };
        if let Some(token) = self.kept_token(&key, now) {
            return Ok(token);
        }
        let claims = self.claims(principal, audience, now);
        let expires = claims.exp;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key.public().key_id().to_owned());
        let token = jsonwebtoken::encode(&header, &claims, self.key.encoding())
            .map(Secret::new)
            .map_err(|error| AuthError::Unavailable {
                detail: format!("signing failed: {error}"),
            })?;
        self.keep(key, now, expires, token.clone());
        Ok(token)
    }

    fn claims(&self, principal: &Principal, audience: &str, now: i64) -> Claims {
        Claims {
            iss: self.issuer.clone(),
            aud: audience.to_owned(),
            sub: principal.user.clone(),
            tenant: principal.tenant.clone(),
            name: principal.name.clone(),
            email: principal.email.clone(),
            roles: bounded(&principal.roles),
            scope: joined(&principal.scopes),
            iat: now,
            exp: now + MAX_LIFETIME_SECONDS,
            jti: self.ids.next("jti"),
        }
    }

    fn kept_token(&self, key: &Kept, now: i64) -> Option<Secret> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (expires, token) = kept.get(key)?;
        let fresh = (MIN_REMAINING_SECONDS..=MAX_LIFETIME_SECONDS).contains(&(expires - now));
        fresh.then(|| token.clone())
    }

    fn keep(&self, key: Kept, now: i64, expires: i64, token: Secret) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.retain(|_, (expires, _)| *expires - now >= MIN_REMAINING_SECONDS);
        }
        if kept.len() < MAX_KEPT {
            kept.insert(key, (expires, token));
        }
    }
}

/// The key set of a server's `/.well-known/jwks.json` ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517#section-5)):
/// the present key, and earlier ones while their tokens may be about.
pub fn key_set<'a>(keys: impl IntoIterator<Item = &'a PublicKey>) -> Value {
    let keys: Vec<Value> = keys.into_iter().map(PublicKey::to_jwk).collect();
    json!({ "keys": keys })
}

fn bounded(rights: &[String]) -> Vec<String> {
    let fits = |right: &&String| !right.is_empty() && right.len() <= MAX_RIGHT_BYTES;
    rights
        .iter()
        .filter(fits)
        .take(MAX_RIGHTS)
        .cloned()
        .collect()
}

/// Scopes go as one text; a scope with a space in it would be two.
fn joined(scopes: &[String]) -> Option<String> {
    let single: Vec<String> = bounded(scopes)
        .into_iter()
        .filter(|scope| !scope.contains(char::is_whitespace))
        .collect();
    (!single.is_empty()).then(|| single.join(" "))
}
