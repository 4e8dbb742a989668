//! The turns that run in this process, and one begin at a time per thread.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use frontdesk_identity::Scope;
use frontdesk_protocol::ThreadId;
use frontdesk_store::TurnId;
use tokio::sync::OwnedMutexGuard;

use super::live::LiveTurn;

type ThreadLock = Arc<tokio::sync::Mutex<()>>;

/// The running turns of this process.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    turns: Mutex<HashMap<TurnId, Arc<LiveTurn>>>,
    threads: Mutex<HashMap<(Scope, ThreadId), ThreadLock>>,
}

impl Hub {
    fn turns(&self) -> MutexGuard<'_, HashMap<TurnId, Arc<LiveTurn>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn insert(&self, turn: Arc<LiveTurn>) {
        self.turns().insert(turn.key.turn.clone(), turn);
    }

    pub(crate) fn remove(&self, turn: &TurnId) {
        self.turns().remove(turn);
    }

    /// The running turn with this id, if it is the caller's.
    pub(crate) fn find(&self, scope: &Scope, turn: &TurnId) -> Option<Arc<LiveTurn>> {
        self.turns()
            .get(turn)
            .filter(|live| live.scope == *scope)
            .map(Arc::clone)
    }

    /// The running turn of a thread.
    pub(crate) fn of_thread(&self, scope: &Scope, thread: &ThreadId) -> Option<Arc<LiveTurn>> {
        self.turns()
            .values()
            .find(|live| live.key.thread == *thread && live.scope == *scope)
            .map(Arc::clone)
    }

    pub(crate) fn all(&self) -> Vec<Arc<LiveTurn>> {
        self.turns().values().map(Arc::clone).collect()
    }

    /// Keeps other requests of this process from beginning a turn in the thread until the guard is dropped,
    /// so that what was read before is still true when the turn begins.
    pub(crate) async fn lock_thread(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> OwnedMutexGuard<()> {
        let lock = {
            let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
            threads.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(threads.entry((scope.clone(), thread.clone())).or_default())
        };
        lock.lock_owned().await
    }
}
