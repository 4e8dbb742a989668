//! API keys: made, listed and revoked by the operator, and found in the store at sign-in.
//!
//! A key's text is shown once, when it is made. What is stored can't give it back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_auth::AuthError;
use frontdesk_auth::incoming::api_key::{ApiKeyRecord, ApiKeys, NewApiKey};
use frontdesk_clock::{Clock, SystemClock};
use frontdesk_identity::{Secret, TenantId};
use frontdesk_protocol::{Order, Timestamp};
use frontdesk_store::{ApiKey, KeyId, Keys, PageRequest, StoreError};

pub use frontdesk_auth::incoming::api_key::KeyRight;

use crate::Error;
use crate::assemble::OpenStore;
use crate::config::{Config, StorePlace};

/// How many keys are read at a time.
const PAGE: u32 = 100;
/// The longest label, in bytes.
pub const MAX_LABEL_BYTES: usize = 256;

/// The keys of a store. The server may run on the same data.
pub struct KeyRing {
    store: Arc<dyn Keys>,
    opened: OpenStore,
    clock: SystemClock,
}

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The tenant for which it is good.
    pub tenant: TenantId,
    /// For whom it may be used.
    pub right: KeyRight,
    /// What the operator calls it.
    pub label: String,
    /// How long it is good; `None` until it is revoked.
    pub good_for: Option<Duration>,
}

/// A key that was just made.
#[derive(Debug)]
pub struct MadeKey {
    /// Its id, by which it is listed and revoked.
    pub id: KeyId,
    /// The key itself, which nobody can show again.
    pub text: Secret,
}

impl KeyRing {
    /// Opens the store that the configuration names. A file has to be there: a key in a new one would open nothing.
    pub async fn open(config: &Config) -> Result<Self, Error> {
        if let StorePlace::Sqlite(sqlite) = &config.store.place
            && !sqlite.path.value.is_file()
        {
            let path = &sqlite.path.value;
            return Err(Error::Data {
                path: path.clone(),
                detail: format!(
                    "no store at {}: start frontdesk there once, or pass --data-dir",
                    path.display()
                ),
            });
        }
        let opened = OpenStore::open(&config.store).await?;
        Ok(Self {
            store: opened.stores().keys,
            opened,
            clock: SystemClock,
        })
    }

    /// Makes a key.
    pub async fn create(&self, new: NewKey) -> Result<MadeKey, Error> {
        let label = new.label.trim();
        if label.len() > MAX_LABEL_BYTES || label.chars().any(char::is_control) {
            return Err(AuthError::Invalid {
                message: format!(
                    "a label has at most {MAX_LABEL_BYTES} bytes and no control characters"
                ),
            }
            .into());
        }
        let created_at = self.clock.now();
        let expires_at = match new.good_for {
            None => None,
            Some(time) => Some(later(created_at, time).ok_or_else(|| AuthError::Invalid {
                message: "a key can't be good for that long".to_owned(),
            })?),
        };
        let (text, record) = NewApiKey {
            tenant: new.tenant,
            right: new.right,
            expires_at: expires_at.map(Timestamp::as_second),
        }
        .make()?;
        let id = KeyId::new(record.id);
        let key = ApiKey {
            id: id.clone(),
            tenant: record.tenant,
            user: match record.right {
                KeyRight::User(user) => Some(user),
                KeyRight::OnBehalf => None,
            },
            hash: record.hash,
            label: label.to_owned(),
            created_at,
            expires_at,
            revoked_at: None,
        };
        self.store
            .create_key(key)
            .await
            .map_err(|error| failed(&error))?;
        Ok(MadeKey { id, text })
    }

    /// All keys, oldest first, good or not.
    pub async fn list(&self) -> Result<Vec<ApiKey>, Error> {
        let mut all = Vec::new();
        let mut request = PageRequest {
            limit: PAGE,
            order: Order::Asc,
            after: None,
        };
        while let Some(page) = self
            .store
            .keys(None, &request)
            .await
            .map_err(|error| failed(&error))?
        {
            let next = page.data.last().map(|key| key.id.as_str().to_owned());
            all.extend(page.data);
            if !page.has_more || next.is_none() {
                break;
            }
            request.after = next;
        }
        Ok(all)
    }

    /// Revokes a key; `false` if there is no such key. A running server takes it for half a minute more at most.
    pub async fn revoke(&self, id: &str) -> Result<bool, Error> {
        let id = KeyId::new(id);
        let revoked = self.store.revoke_key(&id, self.clock.now()).await;
        revoked.map_err(|error| failed(&error))
    }

    /// The time by which [`list`](Self::list)'s keys are good or not.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Closes the store.
    pub async fn close(self) {
        self.opened.close().await;
    }
}

fn later(time: Timestamp, by: Duration) -> Option<Timestamp> {
    time.checked_add(by).ok()
}

fn failed(error: &StoreError) -> Error {
    Error::Store {
        detail: error.to_string(),
    }
}

/// The keys of a store, as sign-in looks them up.
pub(crate) struct StoredKeys(pub(crate) Arc<dyn Keys>);

#[async_trait]
impl ApiKeys for StoredKeys {
    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, AuthError> {
        let found = self.0.key(&KeyId::new(id)).await;
        let found = found.map_err(|error| AuthError::Unavailable {
            detail: error.to_string(),
        })?;
        Ok(found.map(|key| ApiKeyRecord {
            id: key.id.as_str().to_owned(),
            hash: key.hash,
            tenant: key.tenant,
            right: key.user.map_or(KeyRight::OnBehalf, KeyRight::User),
            revoked_at: key.revoked_at.map(Timestamp::as_second),
            expires_at: key.expires_at.map(Timestamp::as_second),
        }))
    }
}

impl fmt::Debug for StoredKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredKeys")
    }
}
