//! The log of a turn: what its readers read.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use crate::TurnId;

/// The place of an event in a turn's log. Written `<attempt>-<seq>`, ordered by attempt, then number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId {
    /// The attempt that made the event, from 1.
    pub attempt: u32,
    /// The number of the event within its attempt.
    pub seq: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.attempt, self.seq)
    }
}

/// A text that is not an event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event id is two numbers, attempt and sequence, joined by a hyphen")]
pub struct InvalidEventId;

impl FromStr for EventId {
    type Err = InvalidEventId;

    fn from_str(text: &str) -> Result<Self, InvalidEventId> {
        let (attempt, seq) = text.split_once('-').ok_or(InvalidEventId)?;
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(attempt) || !digits(seq) {
            return Err(InvalidEventId);
        }
        Ok(Self {
            attempt: attempt.parse().map_err(|_| InvalidEventId)?,
            seq: seq.parse().map_err(|_| InvalidEventId)?,
        })
    }
}

/// Consecutive events of one attempt. What the bytes mean is the writer's affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBatch {
    /// The turn.
    pub turn: TurnId,
    /// The attempt that made the events.
    pub attempt: u32,
    /// The number of the first event.
    pub first_seq: u64,
    /// The number of the last event.
    pub last_seq: u64,
    /// The events.
    pub events: Bytes,
}

impl LogBatch {
    /// The id of the last event.
    pub fn last(&self) -> EventId {
        EventId {
            attempt: self.attempt,
            seq: self.last_seq,
        }
    }
}
