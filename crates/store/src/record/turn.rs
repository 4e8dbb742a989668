//! A turn: one run of the responder in a thread.

use std::fmt;

use frontdesk_protocol::{ThreadId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Fingerprint;

/// The id of a turn; ours alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TurnId(String);

impl TurnId {
    /// Takes a text as an id.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TurnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a turn stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TurnStatus {
    /// A process works on it.
    Running,
    /// It came to its end.
    Done,
    /// The user stopped it.
    Stopped,
    /// It ended with an error.
    Failed,
    /// It ended with a question to the user.
    Waiting,
    /// Its process died.
    Interrupted,
}

/// A text that names no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown turn status: {0}")]
pub struct UnknownStatus(pub String);

impl TurnStatus {
    /// The status as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Waiting => "waiting",
            Self::Interrupted => "interrupted",
        }
    }

    /// Reads a status as it is stored.
    pub fn parse(text: &str) -> Result<Self, UnknownStatus> {
        match text {
            "running" => Ok(Self::Running),
            "done" => Ok(Self::Done),
            "stopped" => Ok(Self::Stopped),
            "failed" => Ok(Self::Failed),
            "waiting" => Ok(Self::Waiting),
            "interrupted" => Ok(Self::Interrupted),
            other => Err(UnknownStatus(other.to_owned())),
        }
    }
}

/// What is stored about a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnRecord {
    /// Its id.
    pub id: TurnId,
    /// The thread it belongs to.
    pub thread_id: ThreadId,
    /// How it stands.
    pub status: TurnStatus,
    /// How often a process has taken it up, from 1.
    pub attempt: u32,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// By what the request that began it is known again.
    pub request: Option<Fingerprint>,
}
