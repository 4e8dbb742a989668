//! A turn while it runs: the tail of its log in memory, who reads it, and whether it should stop.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use frontdesk_identity::{Credentials, Scope};
use frontdesk_store::{EventId, LogBatch, TurnKey};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::frame::{Audience, Frame, encode};

/// Bytes of stored events that are kept in memory for readers who are a little behind.
const KEPT_BYTES: usize = 1 << 20;

/// Bytes of one stored batch, unless a single event has more.
const BATCH_BYTES: usize = 4 << 20;

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
    /// Events beyond it that are in the store too: the first of a run ▸ the first after it.
    settled: BTreeMap<u64, u64>,
    bytes: usize,
    total_bytes: usize,
    ended: bool,
}

/// A running turn, shared by its task and its readers.
#[derive(Debug)]
pub(crate) struct LiveTurn {
    pub(crate) scope: Scope,
    pub(crate) key: TurnKey,
    /// What the user signed in with last; in memory alone.
    credentials: Credentials,
    when_unread: WhenUnread,
    tail: Mutex<Tail>,
    changed: watch::Sender<u64>,
    readers: AtomicUsize,
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
            tail: Mutex::new(Tail {
                frames: VecDeque::new(),
                first: 1,
                next: 1,
                visible: 1,
                unclaimed: 1,
                stored: 1,
                settled: BTreeMap::new(),
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
            Some(id) if id.attempt == attempt => id.seq.saturating_add(1),
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
        self.claim(|tail| tail.unclaimed..tail.visible)
    }

    /// Takes all events that nobody has taken to the store yet, to be stored with what they say.
    pub(crate) fn claim_all(self: &Arc<Self>) -> Option<Claim> {
        self.claim(|tail| tail.unclaimed..tail.next)
    }

    /// Takes all events that aren't known to be in the store, also those that somebody is just storing:
    /// nobody comes after the end to store what that one fails to.
    pub(crate) fn claim_rest(self: &Arc<Self>) -> Option<Claim> {
        self.claim(|tail| tail.stored..tail.next)
    }

    fn claim(self: &Arc<Self>, range: impl FnOnce(&Tail) -> Range<u64>) -> Option<Claim> {
        let mut tail = self.tail();
        let range = range(&tail);
        if range.is_empty() {
            return None;
        }
        tail.unclaimed = tail.unclaimed.max(range.end);
        let batches = tail.batches(&self.key, &range);
        Some(Claim {
            turn: Arc::clone(self),
            range,
            batches,
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

    /// Why the turn was told to stop, if it was.
    pub(crate) fn stop_reason(&self) -> Option<StopReason> {
        self.reason.get().copied()
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

    /// The events of a range as batches of bounded size.
    fn batches(&self, key: &TurnKey, range: &Range<u64>) -> Vec<LogBatch> {
        let skip = usize::try_from(range.start.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let count = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let mut batches = Vec::new();
        let mut piece: Vec<&Frame> = Vec::new();
        let mut bytes = 0;
        let mut first = range.start;
        for frame in self.frames.iter().skip(skip).take(count) {
            if bytes + frame.json.len() > BATCH_BYTES && !piece.is_empty() {
                let batch = batch_of(key, first, &piece);
                first = batch.last_seq + 1;
                batches.push(batch);
                piece.clear();
                bytes = 0;
            }
            bytes += frame.json.len();
            piece.push(frame);
        }
        if !piece.is_empty() {
            batches.push(batch_of(key, first, &piece));
        }
        batches
    }

    /// Notes that these events are in the store.
    fn settle(&mut self, range: &Range<u64>) {
        let end = self.settled.entry(range.start).or_insert(range.end);
        *end = (*end).max(range.end);
        while let Some(entry) = self.settled.first_entry()
            && *entry.key() <= self.stored
        {
            self.stored = self.stored.max(entry.remove());
        }
        self.trim();
    }
}

fn batch_of(key: &TurnKey, first_seq: u64, frames: &[&Frame]) -> LogBatch {
    LogBatch {
        turn: key.turn.clone(),
        attempt: key.attempt,
        first_seq,
        last_seq: first_seq + (frames.len() as u64).saturating_sub(1),
        events: encode(frames.iter().copied()),
    }
}

/// Events on their way to the store. Dropped unsettled, they are to be taken again.
#[derive(Debug)]
pub(crate) struct Claim {
    turn: Arc<LiveTurn>,
    range: Range<u64>,
    batches: Vec<LogBatch>,
    settled: bool,
}

impl Claim {
    pub(crate) fn batches(&self) -> &[LogBatch] {
        &self.batches
    }

    /// The batches with the owner of their turn.
    pub(crate) fn owned(&self) -> impl Iterator<Item = (Scope, LogBatch)> {
        let batches = self.batches.iter();
        batches.map(|batch| (self.turn.scope.clone(), batch.clone()))
    }

    /// The events are in the store.
    pub(crate) fn settle(mut self) {
        self.settled = true;
        self.turn.tail().settle(&self.range);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.settled {
            let mut tail = self.turn.tail();
            tail.unclaimed = tail.unclaimed.min(self.range.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use frontdesk_identity::{TenantId, UserId};
    use frontdesk_protocol::ThreadId;
    use frontdesk_store::TurnId;

    use super::*;

    fn turn() -> Arc<LiveTurn> {
        let scope = Scope {
            tenant: TenantId::single(),
            user: UserId::new("dev").unwrap(),
        };
        let key = TurnKey {
            thread: ThreadId::new("thr_1"),
            turn: TurnId::new("turn_1"),
            attempt: 1,
        };
        LiveTurn::new(scope, key, Credentials::default(), WhenUnread::GoOn)
    }

    fn say(turn: &LiveTurn, bytes: usize) {
        turn.push(Bytes::from(vec![b'x'; bytes]), Audience::Everyone);
        turn.publish();
    }

    fn ranges(claim: &Claim) -> Vec<(u64, u64)> {
        claim
            .batches()
            .iter()
            .map(|batch| (batch.first_seq, batch.last_seq))
            .collect()
    }

    #[test]
    fn claims_that_settle_out_of_order_are_all_remembered() {
        let turn = turn();
        let claims: Vec<Claim> = (0..3)
            .map(|_| {
                say(&turn, KEPT_BYTES);
                turn.claim_visible().unwrap()
            })
            .collect();
        claims.into_iter().rev().for_each(Claim::settle);
        let tail = turn.tail();
        assert_eq!((tail.stored, tail.first, tail.settled.len()), (4, 3, 0));
    }

    #[test]
    fn the_rest_includes_what_somebody_is_just_storing() {
        let turn = turn();
        say(&turn, 1);
        let flushing = turn.claim_visible().unwrap();
        say(&turn, 1);
        assert_eq!(ranges(&turn.claim_rest().unwrap()), [(1, 2)]);
        drop(flushing);
        assert_eq!(ranges(&turn.claim_all().unwrap()), [(1, 2)]);
    }

    #[test]
    fn a_claim_is_cut_into_batches_of_bounded_size() {
        let turn = turn();
        for _ in 0..5 {
            say(&turn, BATCH_BYTES / 2);
        }
        assert_eq!(ranges(&turn.claim_all().unwrap()), [(1, 2), (3, 4), (5, 5)]);
    }

    #[test]
    fn a_silly_place_to_read_on_from_is_the_end() {
        let turn = turn();
        say(&turn, 1);
        let after = EventId {
            attempt: 1,
            seq: u64::MAX,
        };
        assert!(matches!(turn.read(Some(after)), Tailed::Nothing));
    }
}
