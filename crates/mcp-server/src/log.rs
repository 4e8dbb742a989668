//! Log messages to the client, for those that asked for them
//! ([logging](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/logging)).

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use serde::Serialize;
use serde_json::json;

use crate::line::Line;

/// How much a message matters ([RFC 5424](https://www.rfc-editor.org/rfc/rfc5424#section-6.2.1)), least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For those who look for a fault.
    Debug,
    /// What goes as it should.
    Info,
    /// Worth a look.
    Notice,
    /// Something may go wrong.
    Warning,
    /// Something went wrong.
    Error,
    /// A part has failed.
    Critical,
    /// Someone must act at once.
    Alert,
    /// Nothing works.
    Emergency,
}

const LEVELS: [(Level, &str); 8] = [
    (Level::Debug, "debug"),
    (Level::Info, "info"),
    (Level::Notice, "notice"),
    (Level::Warning, "warning"),
    (Level::Error, "error"),
    (Level::Critical, "critical"),
    (Level::Alert, "alert"),
    (Level::Emergency, "emergency"),
];

impl Level {
    /// The level's name in the protocol.
    pub fn as_str(self) -> &'static str {
        LEVELS
            .iter()
            .find(|(level, _)| *level == self)
            .map_or("info", |(_, name)| name)
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        LEVELS
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(level, _)| *level)
    }
}

/// The least level that a client wants to see.
#[derive(Debug, Clone)]
pub(crate) enum Threshold {
    /// The request asked for none.
    Silent,
    /// The request asked for this one.
    From(Level),
    /// The session's, which may change while a call runs.
    Session(Arc<SessionLevel>),
}

/// What a session asked for with `logging/setLevel`; [`Level::Info`] before that.
#[derive(Debug)]
pub(crate) struct SessionLevel(AtomicU8);

impl Default for SessionLevel {
    fn default() -> Self {
        Self(AtomicU8::new(Level::Info as u8))
    }
}

impl SessionLevel {
    pub(crate) fn set(&self, level: Level) {
        self.0.store(level as u8, Ordering::Relaxed);
    }

    fn shows(&self, level: Level) -> bool {
        level as u8 >= self.0.load(Ordering::Relaxed)
    }
}

/// Sends log messages to the client, at or above the level that it asked for.
///
/// Whatever is sent leaves the server: a token, another user's data or the text of an inner error has no place in it.
#[derive(Debug, Clone)]
pub struct Log {
    pub(crate) line: Option<Line>,
    pub(crate) threshold: Threshold,
}

impl Log {
    /// Whether the client wants messages of this level; spares the work of making one.
    pub fn wants(&self, level: Level) -> bool {
        match &self.threshold {
            Threshold::Silent => false,
            Threshold::From(least) => level >= *least,
            Threshold::Session(session) => session.shows(level),
        }
    }

    /// Sends a value under a logger's name; to clients that don't want it, nothing.
    pub async fn send(&self, level: Level, logger: Option<&str>, data: impl Serialize + Send) {
        let Some(line) = self.line.as_ref().filter(|_| self.wants(level)) else {
            return;
        };
        let Ok(data) = serde_json::to_value(data) else {
            return tracing::debug!("a log message was not JSON");
        };
        let mut params = json!({"level": level.as_str(), "data": data});
        if let (Some(logger), Some(params)) = (logger, params.as_object_mut()) {
            params.insert("logger".to_owned(), logger.into());
        }
        line.notify("notifications/message", params).await;
    }

    /// Sends a text at [`Level::Debug`].
    pub async fn debug(&self, text: &str) {
        self.send(Level::Debug, None, text).await;
    }

    /// Sends a text at [`Level::Info`].
    pub async fn info(&self, text: &str) {
        self.send(Level::Info, None, text).await;
    }

    /// Sends a text at [`Level::Warning`].
    pub async fn warning(&self, text: &str) {
        self.send(Level::Warning, None, text).await;
    }

    /// Sends a text at [`Level::Error`].
    pub async fn error(&self, text: &str) {
        self.send(Level::Error, None, text).await;
    }
}
