//! A turn while it runs: who reads it, and whether it should stop.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use frontdesk_identity::{Credentials, Scope};
use frontdesk_store::{EventId, TurnKey};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::claim::Claim;
use super::frame::Audience;
use super::hold::Hold;
use super::tail::{Tail, Tailed};
use crate::Client;

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
    /// The last reader here has gone while another process read the turn.
    is_left: AtomicBool,
    stop: CancellationToken,
    reason: OnceLock<StopReason>,
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
            is_left: AtomicBool::new(false),
            stop: CancellationToken::new(),
            reason: OnceLock::new(),
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

    /// Shows readers all that was appended.
    pub(crate) fn publish(&self) {
        let seq = self.tail().publish();
        self.changed.send_replace(seq);
        self.hold.shown();
    }

    /// Takes back what readers haven't seen.
    pub(crate) fn retract(&self) {
        self.tail().retract();
    }

    /// Marks the end: readers that have read everything are done.
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

    /// Takes all events that nobody has taken to the store yet, to be stored with what they say.
    pub(crate) fn claim_all(self: &Arc<Self>) -> Option<Claim> {
        Claim::of(self, |tail| tail.unclaimed..tail.next)
    }

    /// Takes all events that aren't known to be in the store, also those that somebody is just storing:
    /// nobody comes after the end to store what that one fails to.
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

    /// Whether the turn is another process's now: that it is over here is no end.
    pub(crate) fn is_elsewhere(&self) -> bool {
        let has_left = self.stop_reason().is_some_and(StopReason::is_no_end);
        has_left && !self.hold.has_ended()
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
        let was_last = self.readers.fetch_sub(1, Ordering::AcqRel) == 1;
        if was_last && self.when_unread == WhenUnread::Stop {
            if self.hold.is_read_elsewhere() {
                self.is_left.store(true, Ordering::Release);
            } else {
                self.stop(StopReason::User);
            }
        }
    }

    /// No other process reads the turn any more. Its last reader here may have gone before.
    pub(crate) fn unread_elsewhere(&self) {
        self.hold.unread_elsewhere();
        let is_left = self.is_left.swap(false, Ordering::AcqRel);
        if is_left && self.readers.load(Ordering::Acquire) == 0 {
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
