//! A store in memory, for tests and for trying things out: what it holds ends with the process.

mod archive;
mod attachments;
mod connections;
mod feedback;
mod files;
mod items;
mod keys;
mod maintenance;
mod owner;
mod search;
mod threads;
mod turns;
mod usage;
mod wakeups;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use frontdesk_identity::Scope;
use tokio::sync::broadcast;

use self::owner::Owner;
use crate::{ApiKey, Connecting, KeyId, Wakeup};

/// Wake-ups that a receiver may be behind.
const WAKEUPS_KEPT: usize = 1_024;

/// A store in memory.
#[derive(Debug)]
pub struct MemoryStore {
    data: Mutex<Data>,
    wakeups: broadcast::Sender<Wakeup>,
}

#[derive(Debug, Default)]
struct Data {
    owners: BTreeMap<Scope, Owner>,
    keys: BTreeMap<KeyId, ApiKey>,
    connecting: BTreeMap<[u8; 32], (Scope, Connecting)>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self {
            data: Mutex::default(),
            wakeups: broadcast::Sender::new(WAKEUPS_KEPT),
        }
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
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
