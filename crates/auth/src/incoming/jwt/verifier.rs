//! Checks the tokens of one issuer: algorithm, key, signature, issuer, audience and time.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_clock::Clock;
use frontdesk_identity::Principal;
use url::Url;

use super::claims::Verified;
use super::key_ring::KeyRing;
use super::key_set::{KeySet, Signature};
use super::remembered::{Remembered, hash};
use super::source::{Place, Source};
use super::token::Token;
use super::{JwtConfig, KeySource, refused};
use crate::incoming::TokenVerifier;
use crate::{AuthError, GuardedHttp};

/// Verifies the tokens of an issuer. Keys are fetched when the first token comes.
pub struct JwtVerifier {
    config: JwtConfig,
    keys: KeyRing,
    clock: Arc<dyn Clock>,
    remembered: Remembered,
}

impl JwtVerifier {
    /// A verifier that fetches keys with this client.
    ///
    /// # Errors
    /// [`AuthError::Key`]: the shared secret is too short, or the issuer has no address to discover keys at.
    pub fn new(
        config: JwtConfig,
        http: GuardedHttp,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuthError> {
        let fetching = |place| {
            let source = Source { http, place };
            KeyRing::fetching(source, config.stale_keys, Arc::clone(&clock))
        };
        let keys = match &config.keys {
            KeySource::Secret(secret) => KeyRing::fixed(KeySet::of_secret(secret)?),
            KeySource::Jwks(address) => fetching(Place::Known(address.clone())),
            KeySource::Discovery => fetching(Place::Discovered {
                address: Url::parse(&config.issuer).map_err(|_| AuthError::Key {
                    detail: "keys are discovered at the issuer's address, and the issuer isn't one",
                })?,
                issuer: config.issuer.clone(),
            }),
        };
        Ok(Self {
            config,
            keys,
            clock,
            remembered: Remembered::default(),
        })
    }

    /// What a token says that is right in every respect.
    ///
    /// # Errors
    /// [`AuthError::Unauthenticated`]: it isn't; [`AuthError::Unavailable`]: that can't be told, as the issuer is down.
    pub(super) async fn check(&self, text: &str) -> Result<Arc<Verified>, AuthError> {
        let token = Token::parse(text)?;
        let hash = hash(text);
        let keys = self.keys.current().await?;
        let verified = match self.remembered.get(&hash, &keys) {
            Some(verified) => verified,
            None => self.check_anew(&token, keys, hash).await?,
        };
        verified.check_time(self.now())?;
        Ok(verified)
    }

    async fn check_anew(
        &self,
        token: &Token<'_>,
        mut keys: Arc<KeySet>,
        hash: Vec<u8>,
    ) -> Result<Arc<Verified>, AuthError> {
        let mut signature = keys.signature_of(token);
        if signature == Signature::UnknownKey {
            keys = self.keys.renewed(&keys).await?;
            signature = keys.signature_of(token);
        }
        match signature {
            Signature::Right => {}
            Signature::Wrong => return Err(refused("a wrong signature")),
            Signature::UnknownKey => return Err(refused("an unknown key")),
        }
        let verified = Arc::new(Verified::read(token.claims()?, &self.config)?);
        let now = self.now();
        verified.check_time(now)?;
        self.remembered.put(hash, keys, Arc::clone(&verified), now);
        Ok(verified)
    }

    fn now(&self) -> i64 {
        self.clock.now().as_second()
    }
}

#[async_trait]
impl TokenVerifier for JwtVerifier {
    async fn verify(&self, token: &str) -> Result<Arc<Principal>, AuthError> {
        let verified = self.check(token).await?;
        Ok(Arc::clone(&verified.principal))
    }
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("issuer", &self.config.issuer)
            .field("audiences", &self.config.audiences)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
