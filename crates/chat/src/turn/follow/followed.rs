//! A turn that is followed: the tail of its log in memory, shared by its readers in this process.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use frontdesk_identity::Scope;
use frontdesk_store::{EventId, TurnId};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::turn::frame::Frame;

/// Bytes of events that are kept in memory for readers who are a little behind.
const KEPT_BYTES: usize = 1 << 20;

/// Events that one read takes at the most.
const READ_FRAMES: usize = 256;

/// How a followed turn stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::turn) enum Standing {
    /// Another process runs it, or nobody for now.
    Running,
    /// This process has taken it over: its readers read it from memory.
    Here,
    /// All of it is there.
    Ended,
    /// It was deleted.
    Gone,
}

/// What a read found.
pub(in crate::turn) enum Found {
    /// The next events, at least one.
    Frames(Vec<Frame>),
    /// The next events are no longer in memory, but in the store.
    InStore,
    /// No more events for now, and how the turn stands.
    Nothing(Standing),
}

/// A followed turn.
pub(in crate::turn) struct Followed {
    pub(in crate::turn) scope: Scope,
    pub(in crate::turn) turn: TurnId,
    /// Cancelled when the last reader has gone.
    pub(super) left: CancellationToken,
    tail: Mutex<Tail>,
    changed: watch::Sender<()>,
}

struct Tail {
    frames: VecDeque<Frame>,
    bytes: usize,
    /// The last event that is no longer in memory.
    dropped: Option<EventId>,
    last: Option<EventId>,
    standing: Standing,
}

impl Followed {
    pub(super) fn new(scope: Scope, turn: TurnId) -> Self {
        Self {
            scope,
            turn,
            left: CancellationToken::new(),
            tail: Mutex::new(Tail {
                frames: VecDeque::new(),
                bytes: 0,
                dropped: None,
                last: None,
                standing: Standing::Running,
            }),
            changed: watch::Sender::new(()),
        }
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last event so far.
    pub(super) fn last(&self) -> Option<EventId> {
        self.tail().last
    }

    /// Shows readers what comes next; `false` if it is nothing.
    pub(super) fn extend(&self, frames: Vec<Frame>) -> bool {
        let Some(last) = frames.last().and_then(|frame| frame.id) else {
            return false;
        };
        {
            let mut tail = self.tail();
            tail.last = Some(last);
            tail.bytes += frames.iter().map(|frame| frame.json.len()).sum::<usize>();
            tail.frames.extend(frames);
            tail.trim();
        }
        self.changed.send_replace(());
        true
    }

    /// Tells readers how the turn stands for good.
    pub(super) fn settle(&self, standing: Standing) {
        self.tail().standing = standing;
        self.changed.send_replace(());
    }

    pub(in crate::turn) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// The events after this one.
    pub(in crate::turn) fn read(&self, after: Option<EventId>) -> Found {
        let tail = self.tail();
        if after < tail.dropped {
            return Found::InStore;
        }
        let skip = tail.frames.partition_point(|frame| frame.id <= after);
        let next = tail.frames.iter().skip(skip).take(READ_FRAMES);
        let frames: Vec<Frame> = next.cloned().collect();
        if frames.is_empty() {
            return Found::Nothing(tail.standing);
        }
        Found::Frames(frames)
    }
}

impl Tail {
    fn trim(&mut self) {
        while self.bytes > KEPT_BYTES
            && let Some(frame) = self.frames.pop_front()
        {
            self.bytes -= frame.json.len();
            self.dropped = frame.id;
        }
    }
}
