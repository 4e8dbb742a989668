//! The turns that run in this process, and one begin at a time per thread.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use frontdesk_identity::Scope;
use frontdesk_protocol::ThreadId;
use frontdesk_store::TurnId;
use tokio::sync::{Notify, OwnedMutexGuard};

use super::bells::Bells;
use super::live::{LiveTurn, StopReason};
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
    /// Turns of which others are to be told that they aren't run here any more.
    left: Mutex<Vec<TurnId>>,
    hurry: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Running {
    turns: HashMap<TurnId, Arc<LiveTurn>>,
    /// One turn, or a second one for the moment until the store refuses it.
    by_thread: HashMap<ThreadKey, Vec<TurnId>>,
    /// What this process is just taking over, and whether it is to be stopped then.
    taking: HashMap<TurnId, Option<StopReason>>,
}

impl Running {
    fn add(&mut self, turn: Arc<LiveTurn>) {
        let thread = (turn.scope.clone(), turn.key.thread.clone());
        let here = self.by_thread.entry(thread).or_default();
        here.push(turn.key.turn.clone());
        self.turns.insert(turn.key.turn.clone(), turn);
    }
}

/// A turn that this process is just taking over.
#[derive(Debug)]
pub(crate) struct Taking {
    hub: Arc<Hub>,
    turn: TurnId,
}

impl Drop for Taking {
    fn drop(&mut self) {
        self.hub.running().taking.remove(&self.turn);
    }
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
        turn.hold().hurried_by(Arc::clone(&self.hurry));
        let id = turn.key.turn.clone();
        running.add(turn);
        drop(running);
        self.bells.ring(&[id]);
        Ok(())
    }

    /// Adds a turn that began elsewhere, and counts for its user there. `false` where as many run as may.
    pub(crate) fn take_in(&self, turn: Arc<LiveTurn>, most: usize) -> bool {
        let mut running = self.running();
        let id = turn.key.turn.clone();
        if running.turns.len() >= most || running.turns.contains_key(&id) {
            return false;
        }
        turn.hold().hurried_by(Arc::clone(&self.hurry));
        if let Some(Some(reason)) = running.taking.get(&id) {
            turn.stop(*reason);
        }
        running.add(turn);
        drop(running);
        self.bells.ring(&[id]);
        true
    }

    /// Keeps the rest of this process from taking a turn over until the guard is dropped. `None` where somebody does so
    /// already, the turn runs here, or as many run as may.
    pub(crate) fn begin_taking(self: &Arc<Self>, turn: &TurnId, most: usize) -> Option<Taking> {
        let mut running = self.running();
        if running.turns.len() >= most || running.turns.contains_key(turn) {
            return None;
        }
        let Entry::Vacant(entry) = running.taking.entry(turn.clone()) else {
            return None;
        };
        entry.insert(None);
        Some(Taking {
            hub: Arc::clone(self),
            turn: turn.clone(),
        })
    }

    /// Has a turn stopped that this process is just taking over, as soon as it runs here.
    pub(crate) fn stop_when_taken(&self, turn: &TurnId, reason: StopReason) {
        if let Some(stop) = self.running().taking.get_mut(turn) {
            *stop = Some(reason);
        }
    }

    /// Whether this process is just taking the turn over.
    pub(crate) fn is_taking(&self, turn: &TurnId) -> bool {
        self.running().taking.contains_key(turn)
    }

    pub(crate) fn remove(&self, turn: &LiveTurn) {
        let mut running = self.running();
        running.turns.remove(&turn.key.turn);
        let thread = (turn.scope.clone(), turn.key.thread.clone());
        if let Some(here) = running.by_thread.get_mut(&thread) {
            here.retain(|id| *id != turn.key.turn);
            if here.is_empty() {
                running.by_thread.remove(&thread);
            }
        }
        drop(running);
        let reason = turn.stop_reason();
        if turn.hold().is_wanted() || reason == Some(StopReason::HandedOver) {
            self.left().push(turn.key.turn.clone());
            self.hurry.notify_one();
        }
    }

    fn left(&self) -> MutexGuard<'_, Vec<TurnId>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Turns of which other processes are to be told: what they read was stored, or this process is done with them.
    pub(crate) fn news(&self) -> Vec<TurnId> {
        let mut news = std::mem::take(&mut *self.left());
        let with_news = self.all().into_iter().filter(|turn| turn.has_news());
        news.extend(with_news.map(|turn| turn.key.turn.clone()));
        news
    }

    /// Waits until something is to be stored or told at once.
    pub(crate) async fn hurried(&self) {
        self.hurry.notified().await;
    }

    /// Whether nothing runs here.
    pub(crate) fn is_empty(&self) -> bool {
        self.running().turns.is_empty()
    }

    /// Whether the turn runs here, whosever it is.
    pub(crate) fn has(&self, turn: &TurnId) -> bool {
        self.running().turns.contains_key(turn)
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
        let here = running.by_thread.get(&(scope.clone(), thread.clone()))?;
        running.turns.get(here.first()?).map(Arc::clone)
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
