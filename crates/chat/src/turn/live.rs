//! A turn while it runs: the tail of its log in memory, who reads it, and whether it should stop.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use frontdesk_identity::Scope;
use frontdesk_store::{EventId, LogBatch, TurnKey};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::frame::{Audience, Frame, encode};

/// Bytes of stored events that are kept in memory for readers who are a little behind.
const KEPT_BYTES: usize = 1 << 20;

/// Events that one read takes at the most.
const READ_FRAMES: usize = 256;

/// Why a turn was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// The user stopped it, or its last reader went away.
    User,
    /// Its thread is being deleted.
    Deleted,
    /// The server shuts down.
    Shutdown,
}

/// What happens when the last reader goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenUnread {
    GoOn,
    Stop,
}

/// What a read of the tail found.
pub(crate) enum Tailed {
    /// The next events, at least one.
    Frames(Vec<Frame>),
    /// The next events are no longer in memory, but in the store.
    InStore,
    /// Nothing yet.
    Nothing,
    /// Nothing, and nothing more will come.
    Ended,
}

#[derive(Debug)]
struct Tail {
    frames: VecDeque<Frame>,
    /// The number of the first event in `frames`.
    first: u64,
    next: u64,
    /// The first event that readers may not see yet.
    visible: u64,
    /// The first event that nobody has taken to the store yet.
    unclaimed: u64,
    /// Every event before this one is in the store.
    stored: u64,
    bytes: usize,
    total_bytes: usize,
    ended: bool,
}

/// A running turn, shared by its task and its readers.
#[derive(Debug)]
pub(crate) struct LiveTurn {
    pub(crate) scope: Scope,
    pub(crate) key: TurnKey,
    when_unread: WhenUnread,
    tail: Mutex<Tail>,
    changed: watch::Sender<u64>,
    readers: AtomicUsize,
    stop: CancellationToken,
    reason: OnceLock<StopReason>,
    over: CancellationToken,
}

impl LiveTurn {
    pub(crate) fn new(scope: Scope, key: TurnKey, when_unread: WhenUnread) -> Arc<Self> {
        Arc::new(Self {
            scope,
            key,
            when_unread,
            tail: Mutex::new(Tail {
                frames: VecDeque::new(),
                first: 1,
                next: 1,
                visible: 1,
                unclaimed: 1,
                stored: 1,
                bytes: 0,
                total_bytes: 0,
                ended: false,
            }),
            changed: watch::Sender::new(0),
            readers: AtomicUsize::new(0),
            stop: CancellationToken::new(),
            reason: OnceLock::new(),
            over: CancellationToken::new(),
        })
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends an event that readers don't see yet; answers with the bytes of all events so far.
    pub(crate) fn push(&self, json: Bytes, audience: Audience) -> usize {
        let mut tail = self.tail();
        let id = EventId {
            attempt: self.key.attempt,
            seq: tail.next,
        };
        tail.next += 1;
        tail.bytes += json.len();
        tail.total_bytes += json.len();
        tail.frames.push_back(Frame {
            id: Some(id),
            json,
            audience,
        });
        tail.total_bytes
    }

    /// Shows readers all that was appended.
    pub(crate) fn publish(&self) {
        let seq = {
            let mut tail = self.tail();
            tail.visible = tail.next;
            tail.trim();
            tail.visible
        };
        self.changed.send_replace(seq);
    }

    /// Takes back what readers haven't seen.
    pub(crate) fn retract(&self) {
        let mut tail = self.tail();
        while tail.next > tail.visible
            && let Some(frame) = tail.frames.pop_back()
        {
            tail.next -= 1;
            tail.bytes -= frame.json.len();
            tail.total_bytes -= frame.json.len();
        }
        tail.unclaimed = tail.unclaimed.min(tail.next);
    }

    /// Marks the end: readers that have read everything are done.
    pub(crate) fn finish(&self) {
        self.tail().ended = true;
        self.changed.send_modify(|seq| *seq += 1);
        self.over.cancel();
    }

    /// The events after this one.
    pub(crate) fn read(&self, after: Option<EventId>) -> Tailed {
        let tail = self.tail();
        let attempt = self.key.attempt;
        let from = match after {
            Some(id) if id.attempt == attempt => id.seq + 1,
            Some(id) if id.attempt > attempt => tail.visible,
            _ if attempt > 1 => 0,
            _ => 1,
        };
        if from < tail.first {
            return Tailed::InStore;
        }
        let skip = usize::try_from(from - tail.first).unwrap_or(usize::MAX);
        let seen = usize::try_from(tail.visible.saturating_sub(from)).unwrap_or(usize::MAX);
        let next = tail.frames.iter().skip(skip).take(seen.min(READ_FRAMES));
        let frames: Vec<Frame> = next.cloned().collect();
        match (frames.is_empty(), tail.ended) {
            (false, _) => Tailed::Frames(frames),
            (true, true) => Tailed::Ended,
            (true, false) => Tailed::Nothing,
        }
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Takes the events that readers see and nobody has taken to the store yet.
    pub(crate) fn claim_visible(self: &Arc<Self>) -> Option<Claim> {
        let end = self.tail().visible;
        self.claim(end)
    }

    /// Takes all events that nobody has taken to the store yet, to be stored with what they say.
    pub(crate) fn claim_all(self: &Arc<Self>) -> Option<Claim> {
        let end = self.tail().next;
        self.claim(end)
    }

    fn claim(self: &Arc<Self>, end: u64) -> Option<Claim> {
        let mut tail = self.tail();
        let first = tail.unclaimed;
        if first >= end {
            return None;
        }
        let skip = usize::try_from(first - tail.first).unwrap_or(usize::MAX);
        let count = usize::try_from(end - first).unwrap_or(usize::MAX);
        let batch = LogBatch {
            turn: self.key.turn.clone(),
            attempt: self.key.attempt,
            first_seq: first,
            last_seq: end - 1,
            events: encode(tail.frames.iter().skip(skip).take(count)),
        };
        tail.unclaimed = end;
        Some(Claim {
            turn: Arc::clone(self),
            batch,
            settled: false,
        })
    }

    /// Tells the turn to stop. The first reason counts.
    pub(crate) fn stop(&self, reason: StopReason) {
        self.reason.get_or_init(|| reason);
        self.stop.cancel();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
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

    pub(crate) fn reader_came(&self) {
        self.readers.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn reader_went(&self) {
        let was_last = self.readers.fetch_sub(1, Ordering::AcqRel) == 1;
        if was_last && self.when_unread == WhenUnread::Stop {
            self.stop(StopReason::User);
        }
    }
}

impl Tail {
    /// Forgets stored events beyond what is kept for readers.
    fn trim(&mut self) {
        while self.bytes > KEPT_BYTES && self.first < self.stored {
            let Some(frame) = self.frames.pop_front() else {
                return;
            };
            self.bytes -= frame.json.len();
            self.first += 1;
        }
    }
}

/// Events on their way to the store. Dropped unsettled, they are to be taken again.
#[derive(Debug)]
pub(crate) struct Claim {
    turn: Arc<LiveTurn>,
    batch: LogBatch,
    settled: bool,
}

impl Claim {
    pub(crate) fn batch(&self) -> &LogBatch {
        &self.batch
    }

    /// The events are in the store.
    pub(crate) fn settle(mut self) {
        self.settled = true;
        let mut tail = self.turn.tail();
        if self.batch.first_seq <= tail.stored {
            tail.stored = tail.stored.max(self.batch.last_seq + 1);
        }
        tail.trim();
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.settled {
            let mut tail = self.turn.tail();
            tail.unclaimed = tail.unclaimed.min(self.batch.first_seq);
        }
    }
}
