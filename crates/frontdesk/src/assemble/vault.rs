//! The store, as the place where connected accounts are kept. What lies there is sealed before it gets here.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_auth::outgoing::OutgoingError;
use frontdesk_auth::outgoing::oauth::{CameBack, SetOut, Vault};
use frontdesk_clock::{Clock, Timestamp};
use frontdesk_identity::Scope;
use frontdesk_store::{Connecting, Keys, Store, StoreError};

use super::Stores;

/// See the module.
pub(crate) struct StoredAccounts {
    store: Arc<dyn Store>,
    keys: Arc<dyn Keys>,
    clock: Arc<dyn Clock>,
}

impl StoredAccounts {
    pub(crate) fn of(stores: &Stores, clock: &Arc<dyn Clock>) -> Self {
        Self {
            store: Arc::clone(&stores.store),
            keys: Arc::clone(&stores.keys),
            clock: Arc::clone(clock),
        }
    }
}

#[async_trait]
impl Vault for StoredAccounts {
    async fn load(&self, owner: &Scope, server: &str) -> Result<Option<Vec<u8>>, OutgoingError> {
        let loaded = self.store.load_connection(owner, server).await;
        loaded.map_err(|error| away(&error))
    }

    async fn save(
        &self,
        owner: &Scope,
        server: &str,
        sealed: Vec<u8>,
    ) -> Result<(), OutgoingError> {
        let now = self.clock.now();
        let saved = self.store.save_connection(owner, server, &sealed, now);
        saved.await.map_err(|error| away(&error))
    }

    async fn remove(&self, owner: &Scope, server: &str) -> Result<(), OutgoingError> {
        let removed = self.store.remove_connection(owner, server).await;
        removed.map(|_| ()).map_err(|error| away(&error))
    }

    async fn set_out(&self, owner: &Scope, journey: SetOut) -> Result<(), OutgoingError> {
        let expires_at = Timestamp::from_second(journey.expires_at);
        let connecting = Connecting {
            server: journey.server,
            state_hash: journey.state_hash,
            sealed: journey.sealed,
            expires_at: expires_at.map_err(|_| OutgoingError::Unavailable {
                detail: "a time that can't be".to_owned(),
            })?,
        };
        let begun = self.store.begin_connecting(owner, connecting).await;
        begun.map_err(|error| away(&error))
    }

    async fn take(&self, state_hash: &[u8; 32]) -> Result<Option<CameBack>, OutgoingError> {
        let taken = self.keys.take_connecting(state_hash, self.clock.now());
        let taken = taken.await.map_err(|error| away(&error))?;
        Ok(taken.map(|back| CameBack {
            owner: back.scope,
            server: back.server,
            sealed: back.sealed,
        }))
    }
}

impl fmt::Debug for StoredAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredAccounts")
    }
}

fn away(error: &StoreError) -> OutgoingError {
    OutgoingError::Unavailable {
        detail: format!("store: {error}"),
    }
}
