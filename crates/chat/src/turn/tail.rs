//! The tail of a turn's log in memory: what readers see, what is on its way to the store, and what is there.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use bytes::Bytes;
use frontdesk_store::limit::LOG_PAGE_BYTES;
use frontdesk_store::{EventId, LogBatch, TurnKey};

use super::frame::{Audience, Frame, encode};

/// Bytes of stored events that are kept in memory for readers who are a little behind.
pub(super) const KEPT_BYTES: usize = 1 << 20;

/// Bytes of one stored batch, unless a single event has more.
pub(super) const BATCH_BYTES: usize = LOG_PAGE_BYTES;

/// Events that one read takes at the most.
const READ_FRAMES: usize = 256;

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
pub(super) struct Tail {
    frames: VecDeque<Frame>,
    /// The number of the first event in `frames`.
    pub(super) first: u64,
    pub(super) next: u64,
    /// The first event that readers may not see yet.
    pub(super) visible: u64,
    /// The first event that nobody has taken to the store yet.
    pub(super) unclaimed: u64,
    /// Every event before this one is in the store.
    pub(super) stored: u64,
    /// Events beyond it that are in the store too: the first of a run ▸ the first after it.
    pub(super) settled: BTreeMap<u64, u64>,
    bytes: usize,
    total_bytes: usize,
    pub(super) ended: bool,
}

impl Default for Tail {
    fn default() -> Self {
        Self {
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
        }
    }
}

impl Tail {
    /// Appends an event that readers don't see yet; answers with the bytes of all events so far.
    pub(super) fn push(&mut self, attempt: u32, json: Bytes, audience: Audience) -> usize {
        let id = EventId {
            attempt,
            seq: self.next,
        };
        self.next += 1;
        self.bytes += json.len();
        self.total_bytes += json.len();
        self.frames.push_back(Frame {
            id: Some(id),
            json,
            audience,
        });
        self.total_bytes
    }

    /// Lets readers see all that was appended; answers with the first event that they may not see yet.
    pub(super) fn publish(&mut self) -> u64 {
        self.visible = self.next;
        self.trim();
        self.visible
    }

    /// Takes back what readers haven't seen; answers with how many events that were.
    pub(super) fn retract(&mut self) -> u64 {
        let before = self.next;
        while self.next > self.visible
            && let Some(frame) = self.frames.pop_back()
        {
            self.next -= 1;
            self.bytes -= frame.json.len();
            self.total_bytes -= frame.json.len();
        }
        self.unclaimed = self.unclaimed.min(self.next);
        before - self.next
    }

    /// The events after this one, of a turn under this attempt.
    pub(super) fn read(&self, attempt: u32, after: Option<EventId>) -> Tailed {
        let from = match after {
            Some(id) if id.attempt == attempt => id.seq.saturating_add(1),
            Some(id) if id.attempt > attempt => self.visible,
            _ if attempt > 1 => 0,
            _ => 1,
        };
        if from < self.first {
            return Tailed::InStore;
        }
        let skip = usize::try_from(from - self.first).unwrap_or(usize::MAX);
        let seen = usize::try_from(self.visible.saturating_sub(from)).unwrap_or(usize::MAX);
        let next = self.frames.iter().skip(skip).take(seen.min(READ_FRAMES));
        let frames: Vec<Frame> = next.cloned().collect();
        match (frames.is_empty(), self.ended) {
            (false, _) => Tailed::Frames(frames),
            (true, true) => Tailed::Ended,
            (true, false) => Tailed::Nothing,
        }
    }

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
    pub(super) fn batches(&self, key: &TurnKey, range: &Range<u64>) -> Vec<LogBatch> {
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
    pub(super) fn settle(&mut self, range: &Range<u64>) {
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
