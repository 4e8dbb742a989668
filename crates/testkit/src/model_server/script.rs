//! What a model server answers, as data.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

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
}

/// One output item.
#[derive(Debug, Clone)]
pub enum Part {
    /// A message, in these deltas.
    Text(Vec<String>),
    /// A function call.
    Call(Call),
    /// A summary of the reasoning.
    Reasoning(String),
}

/// A function call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Names the call in its result.
    pub call_id: String,
    /// The tool.
    pub name: String,
    /// The arguments; a string goes over the wire as it is, for arguments that are not JSON.
    pub arguments: Value,
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
    /// `response.failed` in place of `response.completed`.
    Failed {
        /// The code of the error.
        code: String,
        /// Its message.
        message: String,
    },
    /// An `error` event in place of `response.completed`.
    ErrorEvent(String),
    /// `response.incomplete` for this reason.
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

    pub(super) fn next(&mut self, request: &Value) -> Arc<Response> {
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
            Self::Tools { calls, answer } => {
                Arc::clone(if has_results(request) { answer } else { calls })
            }
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

    /// The same with this pause before each delta.
    #[must_use]
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }
}

impl Call {
    /// A call of `name`.
    pub fn new(call_id: &str, name: &str, arguments: Value) -> Self {
        Self {
            call_id: call_id.to_owned(),
            name: name.to_owned(),
            arguments,
        }
    }

    pub(super) fn arguments_text(&self) -> String {
        match &self.arguments {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// The deltas that benches count: `word 01 `, `word 02 ` and so on.
pub fn numbered_words(count: usize) -> Vec<String> {
    (1..=count)
        .map(|number| format!("word {number:02} "))
        .collect()
}

/// Whether a tool's result follows the newest user message.
fn has_results(request: &Value) -> bool {
    let items = request.get("input").and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .rev()
        .take_while(|item| item.get("role") != Some(&json!("user")))
        .any(|item| item.get("type") == Some(&json!("function_call_output")))
}
