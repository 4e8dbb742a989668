//! How a process keeps its turns: it renews their leases, hears what others want of them, and lets go of what it has
//! lost.
//!
//! One rule: a turn whose lease has run out by this process's own clock does nothing more here.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use frontdesk_identity::Scope;
use frontdesk_store::{
    Held, Lease, Maintenance, ProcessId, Result, Store, TurnId, TurnKey, Wakeup, Wakeups,
};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, Notify, broadcast};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::hold::Hold;
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
    /// Asks for a renewal before its time.
    early: Notify,
    /// Turns that are over here and whose end could not be stored.
    unended: std::sync::Mutex<VecDeque<Unended>>,
}

/// A turn that is over here and still runs in the store, and what is to become of it.
type Unended = (Scope, TurnKey, Wanted);

/// Such a turn, while it is told to the store. Dropped unsettled, it is to be told again.
struct Note<'a> {
    keeper: &'a Keeper,
    unended: Unended,
    is_settled: bool,
}

impl<'a> Note<'a> {
    fn take(keeper: &'a Keeper) -> Option<Self> {
        let unended = keeper.lock_unended().pop_front()?;
        Some(Self {
            keeper,
            unended,
            is_settled: false,
        })
    }

    fn settle(mut self) {
        self.is_settled = true;
    }
}

impl Drop for Note<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            let (scope, key, wanted) = &self.unended;
            self.keeper.note_unended(scope, key, *wanted);
        }
    }
}

/// What becomes of a turn that this process leaves before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Whoever takes it up goes on with it.
    GoOn,
    /// Its user has stopped it.
    Stop,
}

impl Wanted {
    pub(super) fn of(turn: &LiveTurn) -> Self {
        match turn.stop_reason() {
            Some(StopReason::User) => Self::Stop,
            _ => Self::GoOn,
        }
    }
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
            early: Notify::new(),
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
    pub(crate) fn note_unended(&self, scope: &Scope, key: &TurnKey, wanted: Wanted) {
        self.lock_unended()
            .push_back((scope.clone(), key.clone(), wanted));
    }

    /// Gives away what was noted. What the store doesn't take, and what is under way where this is dropped, stays noted.
    pub(crate) async fn release_unended(&self, store: &dyn Store) {
        let notes = self.lock_unended().len();
        for _ in 0..notes {
            let Some(note) = Note::take(self) else {
                return;
            };
            let (scope, key, wanted) = &note.unended;
            let passed = match wanted {
                Wanted::Stop => self.ask_others_to_stop(store, scope, key).await,
                Wanted::GoOn => self.release(scope, key).await.map(|_| ()),
            };
            match passed {
                Ok(()) => note.settle(),
                Err(error) => {
                    tracing::debug!(turn = %key.turn, ?error, "a turn that is over still runs in the store");
                }
            }
        }
    }

    /// Gives a lost turn away, of which a renewal under way may have made this process's again.
    pub(crate) async fn let_go(&self, scope: &Scope, key: &TurnKey) {
        if let Err(error) = self.release(scope, key).await {
            tracing::debug!(turn = %key.turn, ?error, "a turn that was lost is not given away");
        }
    }

    /// Has the turn stopped by whoever runs it, or takes it up. What can't be asked now is noted.
    pub(crate) async fn pass_stop_on(&self, store: &dyn Store, scope: &Scope, key: &TurnKey) {
        if let Err(error) = self.ask_others_to_stop(store, scope, key).await {
            tracing::debug!(turn = %key.turn, ?error, "a turn that was stopped still runs in the store");
            self.note_unended(scope, key, Wanted::Stop);
        }
    }

    async fn ask_others_to_stop(
        &self,
        store: &dyn Store,
        scope: &Scope,
        key: &TurnKey,
    ) -> Result<()> {
        store.ask_to_stop(scope, &key.turn).await?;
        self.release(scope, key).await?;
        if let Err(error) = self.wakeups.wake(std::slice::from_ref(&key.turn)).await {
            // They look by themselves a little later.
            tracing::debug!(turn = %key.turn, ?error, "other processes were not woken");
        }
        Ok(())
    }

    /// Does what is to be done about a turn before it is in the hub, and renews its lease meanwhile. `None` where that
    /// was lost.
    pub(crate) async fn keep_while<T>(
        &self,
        scope: &Scope,
        key: &TurnKey,
        hold: &Hold,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let keeping = async {
            while let Some(until) = hold.until() {
                tokio::time::sleep_until(until - self.lease.length * 2 / 3).await;
                let until = self.until();
                let keys = [(scope.clone(), key.clone())];
                let asked = self.maintenance.renew_leases(&self.lease, &keys);
                match tokio::time::timeout(self.patience(), asked).await {
                    Ok(Ok(ours)) if ours.is_empty() => return,
                    _ if hold.until() <= Some(Instant::now()) => return,
                    Ok(Ok(_)) => hold.renew(until),
                    failed => {
                        tracing::warn!(turn = %key.turn, ?failed, "a lease was not renewed");
                        tokio::time::sleep(self.retry()).await;
                    }
                }
            }
        };
        tokio::select! {
            done = work => Some(done),
            () = keeping => None,
        }
    }

    /// Has the leases renewed soon where this one has lost a third of its time by now.
    pub(crate) fn renew_early(&self, hold: &Hold) {
        let early = Instant::now() + self.lease.length * 2 / 3;
        if hold.until().is_some_and(|until| until < early) {
            self.early.notify_one();
        }
    }

    /// How long a renewal may take.
    fn patience(&self) -> Duration {
        (self.lease.length / 3).max(SHORTEST)
    }

    /// The pause before a renewal that failed is tried again.
    fn retry(&self) -> Duration {
        RETRY.min(self.lease.length / 10).max(SHORTEST)
    }

    fn lock_unended(&self) -> MutexGuard<'_, VecDeque<Unended>> {
        self.unended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn renew_always(&self) {
        loop {
            let pause = match self.renew().await {
                Ok(()) => (self.lease.length / 3).max(SHORTEST),
                Err(()) => self.retry(),
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.early.notified() => {}
            }
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
        let held = match tokio::time::timeout(self.patience(), asked).await {
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
                    turn.hold().renew(until);
                    heed(&turn, Some(held));
                }
                // That its end is stored may be why. Whoever stores it is told if it isn't.
                None if turn.hold().is_ending() => {}
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
        let mut put_off: Option<Instant> = None;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(put_off.unwrap_or(next)), if put_off.is_some() => {
                    put_off = None;
                    let _ = self.renew().await;
                }
                _ = tick.tick() => {
                    if !self.hub.is_empty() {
                        self.look().await;
                    }
                }
                () = self.woken(&mut wakeups) => {
                    tokio::time::sleep_until(next).await;
                    // What came until now is seen by one look.
                    wakeups = wakeups.resubscribe();
                    put_off = self.look_or_renew().await;
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

    /// A renewal tells as much as a look, and which turns are gone. Where it is too soon for one, answers with when it
    /// is due.
    async fn look_or_renew(&self) -> Option<Instant> {
        let last = *self.renewed.lock().await;
        match last.map(|last| last + RENEW_PAUSE) {
            Some(due) if due > Instant::now() => {
                self.look().await;
                Some(due)
            }
            _ => {
                let _ = self.renew().await;
                None
            }
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
            let mut next = now + self.patience();
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
