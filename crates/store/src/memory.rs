//! A store in memory, for tests and for trying things out: what it holds ends with the process.

mod attachments;
mod items;
mod maintenance;
mod owner;
mod threads;
mod turns;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use frontdesk_identity::Scope;

use self::owner::Owner;
use crate::TurnId;

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Data>);

#[derive(Debug, Default)]
struct Data {
    owners: BTreeMap<Scope, Owner>,
    turn_owners: HashMap<TurnId, Scope>,
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
        write(self.data().owners.entry(scope.clone()).or_default())
    }
}
