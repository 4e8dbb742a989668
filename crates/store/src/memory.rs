//! A store in memory, for tests and for trying things out: what it holds ends with the process.

mod attachments;
mod connections;
mod feedback;
mod items;
mod keys;
mod maintenance;
mod owner;
mod threads;
mod turns;
mod usage;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use frontdesk_identity::Scope;

use self::owner::Owner;
use crate::{ApiKey, Connecting, KeyId, TurnId};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Data>);

#[derive(Debug, Default)]
struct Data {
    owners: BTreeMap<Scope, Owner>,
    turn_owners: BTreeMap<TurnId, Scope>,
    keys: BTreeMap<KeyId, ApiKey>,
    connecting: BTreeMap<[u8; 32], (Scope, Connecting)>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T: Default>(&self, scope: &Scope, read: impl FnOnce(&Owner) -> T) -> T {
        self.data().owners.get(scope).map(read).unwrap_or_default()
    }

    fn write<T>(&self, scope: &Scope, write: impl FnOnce(&mut Owner) -> T) -> T {
        self.data().change(scope, write)
    }
}

impl Data {
    /// Changes what an owner has; nothing is left of one who has nothing.
    fn change<T>(&mut self, scope: &Scope, change: impl FnOnce(&mut Owner) -> T) -> T {
        let owner = self.owners.entry(scope.clone()).or_default();
        let outcome = change(owner);
        if *owner == Owner::default() {
            self.owners.remove(scope);
        }
        outcome
    }
}
