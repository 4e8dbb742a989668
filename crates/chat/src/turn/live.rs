//! A turn while it runs: who reads it, and whether it should stop.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use frontdesk_identity::{Credentials, Scope};
use frontdesk_protocol::ThreadEvent;
use frontdesk_store::{EventId, TurnKey};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::claim::Claim;
use super::frame::Audience;
use super::hold::Hold;
use super::tail::{Tail, Tailed};
use crate::Client;

/// Events that readers may see and aren't told of yet, at most: they read an answer that never pauses while it is made.
const MOST_UNTOLD: u64 = 64;

/// Why a turn was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// The user stopped it, or its last reader went away.
    User,
    /// Its thread is being deleted.
    Deleted,
    /// The server shuts down, and nobody could come back for the rest.
    Shutdown,
    /// The server shuts down, and another process goes on with it.
    HandedOver,
    /// It is this process's no more: another one may go on with it.
    Lost,
}

impl StopReason {
    /// Whether the turn isn't over by that: its rest is read from the store.
    pub(crate) fn is_no_end(self) -> bool {
        matches!(self, Self::HandedOver | Self::Lost)
    }
}

/// What happens when the last reader goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhenUnread {
    GoOn,
    Stop,
}

/// Whether readers of an error may be offered to have the turn's message answered anew, which forgets what it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    AsTheErrorSays,
    Never,
}

/// A running turn, shared by its task and its readers.
#[derive(Debug)]
pub(crate) struct LiveTurn {
    pub(crate) scope: Scope,
    pub(crate) key: TurnKey,
    /// What the user signed in with last; in memory alone.
    credentials: Credentials,
    when_unread: WhenUnread,
    hold: Hold,
    tail: Mutex<Tail>,
    changed: watch::Sender<u64>,
    readers: AtomicUsize,
    plain_readers: AtomicUsize,
    stop: CancellationToken,
    reason: OnceLock<StopReason>,
    /// It is another process's, whatever it was told before.
    is_elsewhere: AtomicBool,
    /// No error of it offers to try again.
    is_never_retried: AtomicBool,
    parting: OnceLock<Bytes>,
    over: CancellationToken,
}

impl LiveTurn {
    pub(crate) fn new(
        scope: Scope,
        key: TurnKey,
        credentials: Credentials,
        when_unread: WhenUnread,
    ) -> Arc<Self> {
        Arc::new(Self {
            scope,
            key,
            credentials,
            when_unread,
            hold: Hold::default(),
            tail: Mutex::default(),
            changed: watch::Sender::new(0),
            readers: AtomicUsize::new(0),
            plain_readers: AtomicUsize::new(0),
            stop: CancellationToken::new(),
            reason: OnceLock::new(),
            is_elsewhere: AtomicBool::new(false),
            is_never_retried: AtomicBool::new(false),
            parting: OnceLock::new(),
            over: CancellationToken::new(),
        })
    }

    /// This process's hold on the turn.
    pub(crate) fn hold(&self) -> &Hold {
        &self.hold
    }

    /// What the user signed in with last.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Whether events were stored that other processes read and haven't been told of.
    pub(crate) fn has_news(&self) -> bool {
        let stored = self.tail().stored;
        self.hold.tells(stored)
    }

    pub(super) fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what a later request of the same user signed in with, unless it is known to run out sooner.
    pub(crate) fn renew(&self, later: &Credentials) {
        let Some(later) = later.current() else { return };
        let current = self.credentials.current();
        let ends = current.and_then(|current| current.expires_at);
        let runs_out_sooner =
            matches!((ends, later.expires_at), (Some(ends), Some(at)) if at < ends);
        if !runs_out_sooner {
            self.credentials.renew(later);
        }
    }

    /// Appends an event that readers don't see yet; answers with the bytes of all events so far.
    pub(crate) fn push(&self, json: Bytes, audience: Audience) -> usize {
        self.tail().push(self.key.attempt, json, audience)
    }

    /// Lets readers see all that was appended. Those that wait look when they are [told](Self::tell).
    pub(crate) fn publish(&self) {
        let visible = self.tail().publish();
        if visible.saturating_sub(*self.changed.borrow()) > MOST_UNTOLD {
            self.tell();
        }
    }

    /// Tells readers that there is something to see, if that is new.
    pub(crate) fn tell(&self) {
        let visible = self.tail().visible;
        let is_news = self.changed.send_if_modified(|told| {
            let is_news = *told < visible;
            *told = visible.max(*told);
            is_news
        });
        if is_news {
            self.hold.shown();
        }
    }

    /// Takes back what readers haven't seen; answers with how many events that were.
    pub(crate) fn retract(&self) -> u64 {
        self.tail().retract()
    }

    /// Says something to the readers who are there that is in no log, after all else.
    pub(crate) fn part(&self, event: &ThreadEvent) {
        self.parting.get_or_init(|| event.to_wire().into());
    }

    /// What was said so.
    pub(crate) fn parting(&self) -> Option<Bytes> {
        self.parting.get().cloned()
    }

    /// Marks the end, and tells readers: those that have read everything are done.
    pub(crate) fn finish(&self) {
        self.tail().ended = true;
        self.changed.send_modify(|seq| *seq += 1);
        self.over.cancel();
    }

    /// The events after this one.
    pub(crate) fn read(&self, after: Option<EventId>) -> Tailed {
        self.tail().read(self.key.attempt, after)
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Takes the events that readers see and nobody has taken to the store yet.
    pub(crate) fn claim_visible(self: &Arc<Self>) -> Option<Claim> {
        Claim::of(self, |tail| tail.unclaimed..tail.visible)
    }

    /// Takes all events that aren't known to be in the store, to be stored with what they say; also those that somebody
    /// is just storing: what comes after them is of no use to readers elsewhere before they are there.
    pub(crate) fn claim_rest(self: &Arc<Self>) -> Option<Claim> {
        Claim::of(self, |tail| tail.stored..tail.next)
    }

    /// Tells the turn to stop. The first reason counts.
    pub(crate) fn stop(&self, reason: StopReason) {
        self.reason.get_or_init(|| reason);
        self.stop.cancel();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Why the turn was told to stop, if it was.
    pub(crate) fn stop_reason(&self) -> Option<StopReason> {
        self.reason.get().copied()
    }

    /// The turn is another process's, or will be.
    pub(crate) fn leave(&self) {
        self.is_elsewhere.store(true, Ordering::Release);
    }

    /// Whether the turn is another process's now: that it is over here is no end.
    pub(crate) fn is_elsewhere(&self) -> bool {
        let is_no_end = self.stop_reason().is_some_and(StopReason::is_no_end);
        let has_left = is_no_end || self.is_elsewhere.load(Ordering::Acquire);
        has_left && !self.hold.has_ended()
    }

    /// Says that no error of this turn offers to try again.
    pub(crate) fn never_retry(&self) {
        self.is_never_retried.store(true, Ordering::Release);
    }

    /// What its errors may offer.
    pub(crate) fn retry(&self) -> Retry {
        if self.is_never_retried.load(Ordering::Acquire) {
            Retry::Never
        } else {
            Retry::AsTheErrorSays
        }
    }

    /// Waits until the turn is told to stop.
    pub(crate) async fn stopped(&self) -> StopReason {
        self.stop.cancelled().await;
        self.reason.get().copied().unwrap_or(StopReason::User)
    }

    /// What is cancelled when the turn is told to stop.
    pub(crate) fn stop_token(&self) -> CancellationToken {
        self.stop.child_token()
    }

    /// Waits until the turn is over and stored.
    pub(crate) async fn over(&self) {
        self.over.cancelled().await;
    }

    pub(crate) fn reader_came(&self, client: Client) {
        self.readers.fetch_add(1, Ordering::AcqRel);
        if client == Client::Plain {
            self.plain_readers.fetch_add(1, Ordering::AcqRel);
        }
    }

    pub(crate) fn reader_went(&self, client: Client) {
        if client == Client::Plain {
            self.plain_readers.fetch_sub(1, Ordering::AcqRel);
        }
        // Of the last reader here and the last one elsewhere, whoever goes later finds the other one gone.
        let was_last = self.readers.fetch_sub(1, Ordering::SeqCst) == 1;
        if was_last && !self.hold.is_read_elsewhere() {
            self.stop_unread();
        }
    }

    /// No other process reads the turn any more. Its last reader here may have gone before, or there never was one.
    pub(crate) fn unread_elsewhere(&self) {
        let was_read = self.hold.unread_elsewhere();
        if was_read && self.readers.load(Ordering::SeqCst) == 0 {
            self.stop_unread();
        }
    }

    /// Whether the turn stops when it is found that who read it in another process has gone.
    pub(crate) fn may_be_left(&self) -> bool {
        let is_read_elsewhere = self.hold.is_read_elsewhere();
        let is_unread_here = self.readers.load(Ordering::SeqCst) == 0;
        self.when_unread == WhenUnread::Stop && is_unread_here && is_read_elsewhere
    }

    fn stop_unread(&self) {
        if self.when_unread == WhenUnread::Stop {
            self.stop(StopReason::User);
        }
    }

    /// How the turn is left when the server shuts down: a plain client that reads it can't come back for the rest.
    pub(crate) fn leaving(&self) -> StopReason {
        let plain = self.plain_readers.load(Ordering::Acquire);
        if plain > 0 && self.when_unread == WhenUnread::Stop {
            StopReason::Shutdown
        } else {
            StopReason::HandedOver
        }
    }
}

#[cfg(test)]
mod tests {
    use frontdesk_identity::{TenantId, UserId};
    use frontdesk_protocol::ThreadId;
    use frontdesk_store::TurnId;

    use super::*;

    impl LiveTurn {
        /// The first attempt of some turn.
        pub(crate) fn sample() -> Arc<Self> {
            let scope = Scope {
                tenant: TenantId::single(),
                user: UserId::new("dev").unwrap(),
            };
            let key = TurnKey {
                thread: ThreadId::new("thr_1"),
                turn: TurnId::new("turn_1"),
                attempt: 1,
            };
            Self::new(scope, key, Credentials::default(), WhenUnread::GoOn)
        }
    }

    #[test]
    fn readers_are_told_once_of_what_comes_in_one_burst_unless_it_never_ends() {
        let live = LiveTurn::sample();
        let mut told = live.subscribe();
        let show = |events: u64| {
            for _ in 0..events {
                live.push(Bytes::from_static(b"{}"), Audience::Everyone);
                live.publish();
            }
        };
        show(MOST_UNTOLD - 1);
        assert!(!told.has_changed().unwrap());
        live.tell();
        assert!(told.has_changed().unwrap());
        told.mark_unchanged();
        live.tell();
        assert!(!told.has_changed().unwrap(), "there is nothing new");
        show(MOST_UNTOLD + 1);
        assert!(told.has_changed().unwrap());
    }
}
