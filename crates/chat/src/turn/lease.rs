//! How a process keeps its turns: it renews their leases, hears what others want of them, and lets go of what it has
//! lost.
//!
//! One rule: a turn whose lease has run out by this process's own clock does nothing more here.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use frontdesk_identity::Scope;
use frontdesk_store::{
    Held, Lease, Maintenance, ProcessId, Result, TurnId, TurnKey, Wakeup, Wakeups,
};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, broadcast};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::hub::Hub;
use super::live::{LiveTurn, StopReason};
use crate::{Parts, Processes};

/// How often a process that runs turns looks what others want of them.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The shortest time between two looks that others asked for.
const LOOK_PAUSE: Duration = Duration::from_millis(100);
/// The shortest time between two renewals: they also tell which turns are gone.
const RENEW_PAUSE: Duration = Duration::from_millis(500);
/// How soon a renewal that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// The shortest pause of any of the loops below, whatever the lease.
const SHORTEST: Duration = Duration::from_millis(10);

/// How long the only process on a store has its turns: longer than any runs.
const ALONE: Duration = Duration::from_hours(24);

/// Keeps the turns of this process.
pub(crate) struct Keeper {
    pub(crate) lease: Lease,
    hub: Arc<Hub>,
    maintenance: Arc<dyn Maintenance>,
    wakeups: Arc<dyn Wakeups>,
    processes: Processes,
    /// When leases were renewed last. Whoever gives a turn away holds it, so that no renewal takes that back.
    renewed: Mutex<Option<Instant>>,
    /// Turns that are over here and whose end could not be stored.
    unended: std::sync::Mutex<Vec<(Scope, TurnKey)>>,
}

impl Keeper {
    pub(crate) fn new(parts: &Parts, hub: Arc<Hub>) -> Self {
        let length = match parts.options.processes {
            Processes::One => ALONE,
            Processes::Many => parts.options.lease,
        };
        Self {
            lease: Lease {
                holder: ProcessId::new(parts.ids.next("prc")),
                length,
            },
            hub,
            maintenance: Arc::clone(&parts.maintenance),
            wakeups: Arc::clone(&parts.wakeups),
            processes: parts.options.processes,
            renewed: Mutex::default(),
            unended: std::sync::Mutex::default(),
        }
    }

    /// Runs until the token is cancelled. The only process on a store has nobody to keep its turns from.
    pub(crate) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        if self.processes == Processes::One {
            return;
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.renew_always() => {}
            () = self.look_always() => {}
            () = self.watch_always() => {}
        }
    }

    /// The end of a lease that is about to be asked for: the store's own begins later.
    pub(crate) fn until(&self) -> Instant {
        Instant::now() + self.lease.length
    }

    /// Gives a turn away that no task here runs any more, so that another process can take it over at once.
    /// `false` if it wasn't this process's.
    pub(crate) async fn release(&self, scope: &Scope, key: &TurnKey) -> Result<bool> {
        let _guard = self.renewed.lock().await;
        let holder = &self.lease.holder;
        self.maintenance.release_turn(scope, key, holder).await
    }

    /// Notes a turn whose end could not be stored, to be taken up again when the store is back.
    pub(crate) fn note_unended(&self, scope: &Scope, key: &TurnKey) {
        self.lock_unended().push((scope.clone(), key.clone()));
    }

    /// Gives away what was noted.
    pub(crate) async fn release_unended(&self) {
        let noted = std::mem::take(&mut *self.lock_unended());
        for (scope, key) in noted {
            if let Err(error) = self.release(&scope, &key).await {
                tracing::debug!(turn = %key.turn, ?error, "a turn that is over still runs in the store");
                self.note_unended(&scope, &key);
            }
        }
    }

    fn lock_unended(&self) -> MutexGuard<'_, Vec<(Scope, TurnKey)>> {
        self.unended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn renew_always(&self) {
        loop {
            let pause = match self.renew().await {
                Ok(()) => self.lease.length / 3,
                Err(()) => RETRY.min(self.lease.length / 10),
            };
            tokio::time::sleep(pause.max(SHORTEST)).await;
        }
    }

    /// Renews all leases in one statement. What the store no longer knows as this process's is lost.
    async fn renew(&self) -> std::result::Result<(), ()> {
        let mut renewed = self.renewed.lock().await;
        let mut turns = self.hub.all();
        turns.retain(|turn| turn.hold().until().is_some());
        if turns.is_empty() {
            return Ok(());
        }
        let keys: Vec<_> = turns
            .iter()
            .map(|turn| (turn.scope.clone(), turn.key.clone()))
            .collect();
        let until = self.until();
        let asked = self.maintenance.renew_leases(&self.lease, &keys);
        let patience = (self.lease.length / 3).max(SHORTEST);
        let held = match tokio::time::timeout(patience, asked).await {
            Ok(Ok(held)) => by_turn(held),
            failed => {
                tracing::warn!(?failed, turns = keys.len(), "leases were not renewed");
                return Err(());
            }
        };
        *renewed = Some(Instant::now());
        for turn in turns {
            match held.get(&turn.key.turn) {
                Some(held) => {
                    turn.hold().lease(until);
                    heed(&turn, Some(held));
                }
                None => lose(&turn, "it is another process's"),
            }
        }
        Ok(())
    }

    async fn look_always(&self) {
        let mut wakeups = self.wakeups.listen();
        let mut tick = tokio::time::interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut next = Instant::now();
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    if !self.hub.is_empty() {
                        self.look().await;
                    }
                }
                () = self.woken(&mut wakeups) => {
                    tokio::time::sleep_until(next).await;
                    // What came until now is seen by one look.
                    wakeups = wakeups.resubscribe();
                    self.look_or_renew().await;
                    next = Instant::now() + LOOK_PAUSE;
                }
            }
        }
    }

    /// Waits for a wake-up that may be about a turn of this process.
    async fn woken(&self, wakeups: &mut broadcast::Receiver<Wakeup>) {
        loop {
            match wakeups.recv().await {
                Ok(Wakeup::Turns(turns)) => {
                    if turns.iter().any(|turn| self.hub.has(turn)) {
                        return;
                    }
                }
                Ok(Wakeup::Any) | Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => return std::future::pending().await,
            }
        }
    }

    /// A renewal tells as much as a look, and which turns are gone.
    async fn look_or_renew(&self) {
        let last = *self.renewed.lock().await;
        if last.is_none_or(|last| last.elapsed() >= RENEW_PAUSE) {
            let _ = self.renew().await;
        } else {
            self.look().await;
        }
    }

    async fn look(&self) {
        match self.maintenance.wanted_turns(&self.lease.holder).await {
            Ok(wanted) => {
                let wanted = by_turn(wanted);
                for turn in self.hub.all() {
                    heed(&turn, wanted.get(&turn.key.turn));
                }
            }
            Err(error) => tracing::warn!(?error, "it is not known what others want of turns"),
        }
    }

    /// Lets go of turns whose lease has run out, however long the store takes to say so.
    async fn watch_always(&self) {
        loop {
            let now = Instant::now();
            let mut next = now + self.lease.length.max(SHORTEST);
            for turn in self.hub.all() {
                match turn.hold().until() {
                    Some(until) if until <= now => lose(&turn, "its lease has run out"),
                    Some(until) => next = next.min(until),
                    None => {}
                }
            }
            tokio::time::sleep_until(next).await;
        }
    }
}

fn by_turn(held: Vec<Held>) -> HashMap<TurnId, Held> {
    let held = held.into_iter().map(|held| (held.turn.clone(), held));
    held.collect()
}

fn heed(turn: &LiveTurn, held: Option<&Held>) {
    if held.is_some_and(|held| held.is_stop_asked) {
        turn.hold().want();
        turn.stop(StopReason::User);
    }
    if held.is_some_and(|held| held.is_read_elsewhere) {
        turn.hold().read_elsewhere();
    } else {
        turn.unread_elsewhere();
    }
}

fn lose(turn: &LiveTurn, why: &str) {
    turn.hold().give_away();
    if !turn.hold().has_ended() && turn.stop_reason().is_none() {
        tracing::warn!(turn = %turn.key.turn, attempt = turn.key.attempt, why, "a turn is lost");
    }
    if !turn.hold().has_ended() {
        turn.stop(StopReason::Lost);
    }
}
