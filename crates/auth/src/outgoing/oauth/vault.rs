//! Where sealed tokens and begun authorizations are kept. The binary fills it from the store.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use frontdesk_identity::Scope;

use crate::outgoing::OutgoingError;

/// How many a [`MemoryVault`] keeps of each kind.
const MAX_KEPT: usize = 1_024;

/// Keeps what is sealed, per owner and server.
#[async_trait]
pub trait Vault: fmt::Debug + Send + Sync {
    /// What was saved.
    async fn load(&self, owner: &Scope, server: &str) -> Result<Option<Vec<u8>>, OutgoingError>;

    /// Saves, in place of what was there.
    async fn save(&self, owner: &Scope, server: &str, sealed: Vec<u8>)
    -> Result<(), OutgoingError>;

    /// Forgets; that there is nothing is fine.
    async fn remove(&self, owner: &Scope, server: &str) -> Result<(), OutgoingError>;

    /// Remembers that an owner sets out to an authorization server.
    async fn set_out(&self, owner: &Scope, journey: SetOut) -> Result<(), OutgoingError>;

    /// Takes what was remembered under the state that has this hash; nobody gets it twice, whatever happens at once.
    /// What expired may be given still: whoever takes it looks at the time.
    async fn take(&self, state_hash: &[u8; 32]) -> Result<Option<CameBack>, OutgoingError>;
}

/// A user on the way to an authorization server.
#[derive(Clone, PartialEq, Eq)]
pub struct SetOut {
    /// The tool server's name.
    pub server: String,
    /// The hash of the state.
    pub state_hash: [u8; 32],
    /// What finishing needs, sealed.
    pub sealed: Vec<u8>,
    /// From when on it may be forgotten, in seconds since the epoch.
    pub expires_at: i64,
}

/// A user who came back.
#[derive(Clone, PartialEq, Eq)]
pub struct CameBack {
    /// Who had set out.
    pub owner: Scope,
    /// The tool server's name.
    pub server: String,
    /// What finishing needs, sealed.
    pub sealed: Vec<u8>,
}

/// A vault in memory, for tests and for conversations that end with the process.
#[derive(Debug, Default)]
pub struct MemoryVault(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    saved: HashMap<(Scope, String), Vec<u8>>,
    underway: HashMap<[u8; 32], (i64, CameBack)>,
}

impl MemoryVault {
    fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Vault for MemoryVault {
    async fn load(&self, owner: &Scope, server: &str) -> Result<Option<Vec<u8>>, OutgoingError> {
        let key = (owner.clone(), server.to_owned());
        Ok(self.with(|kept| kept.saved.get(&key).cloned()))
    }

    async fn save(
        &self,
        owner: &Scope,
        server: &str,
        sealed: Vec<u8>,
    ) -> Result<(), OutgoingError> {
        let key = (owner.clone(), server.to_owned());
        self.with(|kept| {
            if kept.saved.len() >= MAX_KEPT && !kept.saved.contains_key(&key) {
                return Err(OutgoingError::unavailable("the vault is full"));
            }
            kept.saved.insert(key, sealed);
            Ok(())
        })
    }

    async fn remove(&self, owner: &Scope, server: &str) -> Result<(), OutgoingError> {
        let key = (owner.clone(), server.to_owned());
        self.with(|kept| kept.saved.remove(&key));
        Ok(())
    }

    async fn set_out(&self, owner: &Scope, journey: SetOut) -> Result<(), OutgoingError> {
        let came_back = CameBack {
            owner: owner.clone(),
            server: journey.server,
            sealed: journey.sealed,
        };
        self.with(|kept| {
            if kept.underway.len() >= MAX_KEPT {
                let first = kept.underway.iter().min_by_key(|(_, (end, _))| *end);
                if let Some(first) = first.map(|(hash, _)| *hash) {
                    kept.underway.remove(&first);
                }
            }
            kept.underway
                .insert(journey.state_hash, (journey.expires_at, came_back));
        });
        Ok(())
    }

    async fn take(&self, state_hash: &[u8; 32]) -> Result<Option<CameBack>, OutgoingError> {
        Ok(self.with(|kept| kept.underway.remove(state_hash).map(|(_, back)| back)))
    }
}

impl fmt::Debug for SetOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetOut")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CameBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CameBack")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("saved", &self.saved.len())
            .field("underway", &self.underway.len())
            .finish()
    }
}
