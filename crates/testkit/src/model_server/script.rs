//! What a model server answers, as data.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::dialect::Dialect;
use super::hostile::Hostility;
use super::part::{Call, Part};

/// Which response a request gets.
#[derive(Debug, Clone)]
pub enum Script {
    /// The same for every request.
    Always(Arc<Response>),
    /// One after the other; after the last, status 500.
    InOrder(VecDeque<Response>),
    /// Calls tools, and answers as soon as the newest user message has their results behind it.
    Tools {
        /// What is called, all in one response.
        calls: Arc<Response>,
        /// What is said then.
        answer: Arc<Response>,
    },
}

/// One response: its parts in order, and what goes wrong on the way.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// The output items.
    pub parts: Vec<Part>,
    /// The pause before each delta.
    pub pause: Duration,
    /// How the bytes are cut.
    pub framing: Framing,
    /// What goes wrong.
    pub fault: Fault,
    /// Whether ids are told apart.
    pub ids: Ids,
    /// How the lines of frames end, and what is between frames.
    pub lines: Lines,
    /// What else is unusual.
    pub hostile: Vec<Hostility>,
}

/// How the bytes of a response are cut into chunks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Framing {
    /// One event a chunk.
    #[default]
    Events,
    /// So many bytes a chunk, in the middle of anything.
    Bytes(usize),
}

/// How lines end, and what is written between frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lines {
    /// A line feed.
    #[default]
    LineFeed,
    /// Carriage return and line feed.
    Crlf,
    /// A line feed, and a comment before each frame, as proxies send to keep a connection.
    Commented,
}

/// What goes wrong with a response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// This status instead of a stream.
    Status {
        /// The status.
        code: u16,
        /// The `retry-after` header, in seconds.
        retry_after: Option<u64>,
    },
    /// The connection breaks after so many events.
    DropAfter(usize),
    /// The stream ends in good order after so many events, without its last one.
    EndAfter(usize),
    /// Nothing more comes after so many events, and the connection stays open.
    StallAfter(usize),
    /// The API's error after so many events, and nothing behind it.
    ErrorAfter {
        /// How many events come first.
        count: usize,
        /// The message of the error.
        message: String,
    },
    /// The answer fails at its end: `response.failed`, or the API's error with this code.
    Failed {
        /// The code of the error.
        code: String,
        /// Its message.
        message: String,
    },
    /// The API's error in place of the end of the answer.
    ErrorEvent(String),
    /// The answer is cut for this reason, in the words of the Responses API.
    Incomplete(String),
}

/// Ids of responses and items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ids {
    /// Each its own.
    #[default]
    Fresh,
    /// One for all, as some gateways do.
    Repeated,
    /// None at all.
    Missing,
}

impl Script {
    /// Every request is answered with `text` in `deltas` deltas.
    pub fn text(text: &str, deltas: usize) -> Self {
        Self::Always(Arc::new(Response::text(text, deltas)))
    }

    /// These one after the other.
    pub fn in_order(responses: impl IntoIterator<Item = Response>) -> Self {
        Self::InOrder(responses.into_iter().collect())
    }

    /// Calls these tools at once, then says `text`.
    pub fn tools(calls: impl IntoIterator<Item = Call>, text: &str) -> Self {
        Self::Tools {
            calls: Arc::new(Response::calls(calls)),
            answer: Arc::new(Response::text(text, 5)),
        }
    }

    pub(super) fn next(&mut self, dialect: Dialect, request: &Value) -> Arc<Response> {
        match self {
            Self::Always(response) => Arc::clone(response),
            Self::InOrder(responses) => {
                Arc::new(responses.pop_front().unwrap_or_else(|| Response {
                    fault: Fault::Status {
                        code: 500,
                        retry_after: None,
                    },
                    ..Response::default()
                }))
            }
            Self::Tools { calls, answer } => Arc::clone(if dialect.has_results(request) {
                answer
            } else {
                calls
            }),
        }
    }
}

impl Response {
    /// One message in `deltas` deltas of nearly the same length.
    pub fn text(text: &str, deltas: usize) -> Self {
        let letters: Vec<char> = text.chars().collect();
        let size = letters.len().div_ceil(deltas.max(1)).max(1);
        let deltas = letters
            .chunks(size)
            .map(|part| part.iter().collect())
            .collect();
        Self::of([Part::Text(deltas)])
    }

    /// Function calls in one response.
    pub fn calls(calls: impl IntoIterator<Item = Call>) -> Self {
        Self::of(calls.into_iter().map(Part::Call))
    }

    /// These parts, without a fault.
    pub fn of(parts: impl IntoIterator<Item = Part>) -> Self {
        Self {
            parts: parts.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The same with this fault.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.fault = fault;
        self
    }

    /// The same with these on top.
    #[must_use]
    pub fn with_hostile(mut self, hostile: impl IntoIterator<Item = Hostility>) -> Self {
        self.hostile.extend(hostile);
        self
    }

    /// The same with this pause before each delta.
    #[must_use]
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }
}
