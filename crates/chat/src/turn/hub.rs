//! The turns that run in this process, and one begin at a time per thread.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use frontdesk_identity::Scope;
use frontdesk_protocol::ThreadId;
use frontdesk_store::TurnId;
use tokio::sync::OwnedMutexGuard;

use super::bells::Bells;
use super::live::LiveTurn;
use crate::{ChatError, Limits, MOST_TURNS_AT_ONCE};

/// What a user whose answers are too many waits for one of them.
const ANSWER_WAIT: Duration = Duration::from_secs(5);

type ThreadKey = (Scope, ThreadId);
type ThreadLock = Arc<tokio::sync::Mutex<()>>;

/// The running turns of this process.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    running: Mutex<Running>,
    /// Rung for turns that begin to run here, too.
    pub(crate) bells: Arc<Bells>,
    threads: Mutex<HashMap<ThreadKey, ThreadLock>>,
}

#[derive(Debug, Default)]
struct Running {
    turns: HashMap<TurnId, Arc<LiveTurn>>,
    by_thread: HashMap<ThreadKey, TurnId>,
}

impl Hub {
    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a turn, unless its user or everybody has as many as may run.
    pub(crate) fn admit(&self, turn: Arc<LiveTurn>, limits: &Limits) -> Result<(), ChatError> {
        let mut running = self.running();
        let of_user = running
            .by_thread
            .keys()
            .filter(|(scope, _)| *scope == turn.scope);
        let most = limits.turns_at_once.unwrap_or(MOST_TURNS_AT_ONCE);
        let most = usize::try_from(most.min(MOST_TURNS_AT_ONCE)).unwrap_or(usize::MAX);
        if of_user.count() >= most {
            return Err(ChatError::TooMany {
                retry_after: ANSWER_WAIT,
                message: "too many of your answers are running; wait for one or stop it".to_owned(),
            });
        }
        if running.turns.len() >= limits.turns {
            return Err(ChatError::Unavailable {
                detail: "as many turns run as may".to_owned(),
            });
        }
        let thread = (turn.scope.clone(), turn.key.thread.clone());
        let id = turn.key.turn.clone();
        running.by_thread.insert(thread, id.clone());
        running.turns.insert(id.clone(), turn);
        drop(running);
        self.bells.ring(&[id]);
        Ok(())
    }

    pub(crate) fn remove(&self, turn: &LiveTurn) {
        let mut running = self.running();
        running.turns.remove(&turn.key.turn);
        let thread = (turn.scope.clone(), turn.key.thread.clone());
        if running.by_thread.get(&thread) == Some(&turn.key.turn) {
            running.by_thread.remove(&thread);
        }
    }

    /// The running turn with this id, if it is the caller's.
    pub(crate) fn find(&self, scope: &Scope, turn: &TurnId) -> Option<Arc<LiveTurn>> {
        let running = self.running();
        let live = running.turns.get(turn)?;
        (live.scope == *scope).then(|| Arc::clone(live))
    }

    /// The running turn of a thread.
    pub(crate) fn of_thread(&self, scope: &Scope, thread: &ThreadId) -> Option<Arc<LiveTurn>> {
        let running = self.running();
        let turn = running.by_thread.get(&(scope.clone(), thread.clone()))?;
        running.turns.get(turn).map(Arc::clone)
    }

    pub(crate) fn all(&self) -> Vec<Arc<LiveTurn>> {
        self.running().turns.values().map(Arc::clone).collect()
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
