//! What is kept of the request that began a turn: to go on with the turn elsewhere, and to know the request again.

use serde_json::value::RawValue;

/// What another process needs to go on with a turn. It is forgotten at the turn's end.
#[derive(Debug, Clone)]
pub struct Continuation {
    /// The version of the form of `data`.
    pub version: u16,
    /// JSON whose meaning is the writer's affair; at most [`MAX_RECORD_BYTES`](crate::limit::MAX_RECORD_BYTES).
    pub data: Box<RawValue>,
}

impl PartialEq for Continuation {
    /// Compares the data as text.
    fn eq(&self, other: &Self) -> bool {
        (self.version, self.data.get()) == (other.version, other.data.get())
    }
}

/// By what a request is known again: SHA-256 of what its client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// Of the key that the client gave to the request, if it gave one. An owner's keys name one turn each.
    pub key: Option<[u8; 32]>,
    /// Of the request itself.
    pub body: [u8; 32],
}

/// What a process that takes over a turn begins with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TakenOver {
    /// What the turn's first process left for it. What can't be read is left out: the turn can be ended without it.
    pub continuation: Option<Continuation>,
    /// Whether somebody asked to stop the turn.
    pub is_stop_asked: bool,
}
