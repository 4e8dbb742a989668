//! One event of a turn's log, serialised once, and the form in which the log is stored.
//!
//! A stored batch is one line per event: a letter for who may see it, then the JSON, which never has a line end.

use bytes::{BufMut, Bytes, BytesMut};
use frontdesk_store::{EventId, LogBatch};

use crate::Client;

/// Who may see an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Every reader.
    Everyone,
    /// Only clients that know how to resume; a plain client wouldn't expect it.
    Resuming,
}

impl Audience {
    fn letter(self) -> u8 {
        match self {
            Self::Everyone => b'a',
            Self::Resuming => b'r',
        }
    }

    fn from_letter(letter: u8) -> Option<Self> {
        match letter {
            b'a' => Some(Self::Everyone),
            b'r' => Some(Self::Resuming),
            _ => None,
        }
    }
}

/// One event, as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Where it stands in the turn's log; an answer without a turn has none.
    pub id: Option<EventId>,
    /// The event's JSON.
    pub json: Bytes,
    pub(crate) audience: Audience,
}

impl Frame {
    /// An event outside of any turn.
    pub(crate) fn loose(json: Vec<u8>) -> Self {
        Self {
            id: None,
            json: json.into(),
            audience: Audience::Everyone,
        }
    }

    /// The same for those alone who know how to resume.
    pub(crate) fn for_resuming(self) -> Self {
        Self {
            audience: Audience::Resuming,
            ..self
        }
    }

    pub(crate) fn is_for(&self, client: Client) -> bool {
        match self.audience {
            Audience::Everyone => true,
            Audience::Resuming => client == Client::Resuming,
        }
    }
}

/// Writes frames as the events of a stored batch.
pub(crate) fn encode<'a>(frames: impl Iterator<Item = &'a Frame>) -> Bytes {
    let mut events = BytesMut::new();
    for frame in frames {
        events.reserve(frame.json.len() + 2);
        events.put_u8(frame.audience.letter());
        events.put_slice(&frame.json);
        events.put_u8(b'\n');
    }
    events.freeze()
}

/// Reads a stored batch. Lines that can't be read are left out; their numbers stay taken.
pub(crate) fn decode(batch: &LogBatch) -> Vec<Frame> {
    let lines = batch.events.split(|byte| *byte == b'\n');
    let numbered = (batch.first_seq..=batch.last_seq).zip(lines);
    numbered
        .filter_map(|(seq, line)| {
            let (letter, json) = line.split_first()?;
            Some(Frame {
                id: Some(EventId {
                    attempt: batch.attempt,
                    seq,
                }),
                json: batch.events.slice_ref(json),
                audience: Audience::from_letter(*letter)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use frontdesk_store::TurnId;

    use super::*;

    #[test]
    fn a_batch_reads_as_it_was_written() {
        let frames: Vec<Frame> = [
            ("{\"a\":1}", Audience::Everyone),
            ("{}", Audience::Resuming),
        ]
        .into_iter()
        .zip(7..)
        .map(|((json, audience), seq)| Frame {
            id: Some(EventId { attempt: 2, seq }),
            json: Bytes::from_static(json.as_bytes()),
            audience,
        })
        .collect();
        let batch = LogBatch {
            turn: TurnId::new("turn_1"),
            attempt: 2,
            first_seq: 7,
            last_seq: 8,
            events: encode(frames.iter()),
        };
        assert_eq!(decode(&batch), frames);
    }
}
