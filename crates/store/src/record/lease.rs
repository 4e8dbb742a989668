//! Who runs a turn, and what that process has to know about it.

use std::fmt;
use std::time::Duration;

use crate::TurnId;

/// One process that runs turns. A process that starts anew is another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessId(String);

impl ProcessId {
    /// Takes an id as it is.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How long a process may be silent about a turn before another one takes it over, by the store's own clock.
/// A lease of no length has run out at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The process.
    pub holder: ProcessId,
    /// For how long, from now on.
    pub length: Duration,
}

/// What the process that runs a turn has to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The turn.
    pub turn: TurnId,
    /// Whether somebody asked to stop it.
    pub is_stop_asked: bool,
    /// Whether another process reads it.
    pub is_read_elsewhere: bool,
}
