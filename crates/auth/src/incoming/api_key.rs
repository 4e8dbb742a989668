//! Sign-in of programs by keys that the operator makes: `Authorization: Bearer fdk_<id>_<secret>`.

mod key;
mod remembered;

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_clock::Clock;
use frontdesk_identity::{Principal, SignedIn, UserId};
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use super::headers::{Header, decoded, single};
use super::{Authenticator, bearer};
use crate::AuthError;
use remembered::Remembered;

pub use key::{ApiKeyRecord, KeyRight, NewApiKey};

/// Names the user for whom a key with the right [`KeyRight::OnBehalf`] is used.
pub const ON_BEHALF_OF: HeaderName = HeaderName::from_static("frontdesk-on-behalf-of");

/// Where keys are kept.
#[async_trait]
pub trait ApiKeys: Send + Sync + std::fmt::Debug {
    /// The key of this id, revoked or not.
    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, AuthError>;
}

/// Sign-in by API key. What was looked up is remembered for at most 30 s, so a revoked key stops working within that.
#[derive(Debug)]
pub struct ApiKey {
    keys: Arc<dyn ApiKeys>,
    clock: Arc<dyn Clock>,
    remembered: Remembered,
}

impl ApiKey {
    /// Sign-in by the keys kept there.
    pub fn new(keys: Arc<dyn ApiKeys>, clock: Arc<dyn Clock>) -> Self {
        Self {
            keys,
            clock,
            remembered: Remembered::default(),
        }
    }

    /// The principal of a request with these headers.
    ///
    /// # Errors
    /// [`AuthError::Unauthenticated`]: no key, or one that doesn't hold; [`AuthError::Forbidden`]: a user's key that
    /// names another user; [`AuthError::Invalid`]: a key on behalf of nobody; whatever the keys' place fails with.
    pub async fn principal(&self, headers: &HeaderMap) -> Result<Principal, AuthError> {
        let token = bearer(headers).ok_or(refused("no key"))?;
        let (id, secret) = key::parts(token).ok_or(refused("not a key"))?;
        let now = self.clock.now().as_second();
        let record = match self.remembered.get(id, now) {
            Some(record) => record,
            None => self.look_up(id, now).await?,
        };
        if !record.has_secret(secret) {
            return Err(refused("a wrong key"));
        }
        if record.revoked_at.is_some_and(|revoked| revoked <= now) {
            return Err(refused("a revoked key"));
        }
        if record.expires_at.is_some_and(|expires| expires <= now) {
            return Err(refused("an expired key"));
        }
        let user = user(&record.right, headers)?;
        Ok(Principal::new(record.tenant.clone(), user))
    }

    async fn look_up(&self, id: &str, now: i64) -> Result<Arc<ApiKeyRecord>, AuthError> {
        let found = self.keys.find(id).await?;
        let record = Arc::new(found.ok_or(refused("an unknown key"))?);
        self.remembered.put(Arc::clone(&record), now);
        Ok(record)
    }
}

#[async_trait]
impl Authenticator for ApiKey {
    async fn authenticate(
        &self,
        parts: &Parts,
        _peer: Option<SocketAddr>,
    ) -> Result<SignedIn, AuthError> {
        // The key is for us alone: it is nothing that could be passed on to a tool server.
        self.principal(&parts.headers).await.map(SignedIn::new)
    }
}

fn user(right: &KeyRight, headers: &HeaderMap) -> Result<UserId, AuthError> {
    let named = single(headers, &ON_BEHALF_OF);
    match (right, named) {
        (KeyRight::User(user), Header::Missing) => Ok(user.clone()),
        (KeyRight::User(_), _) => Err(AuthError::Forbidden {
            message: "this key may not be used on behalf of others",
        }),
        (KeyRight::OnBehalf, Header::One(user)) => {
            UserId::new(decoded(user.trim())).map_err(|error| AuthError::Invalid {
                message: error.to_string(),
            })
        }
        (KeyRight::OnBehalf, _) => Err(AuthError::Invalid {
            message: format!("this key needs the user in one {ON_BEHALF_OF} header"),
        }),
    }
}

fn refused(detail: &'static str) -> AuthError {
    AuthError::Unauthenticated { detail }
}
