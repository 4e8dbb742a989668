//! What a script sees of a conversation: the newest user message, and the tool results before and after it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::script::ToolResults;
use crate::{FunctionCallOutput, Item, Role};

/// How a text begins that tells of a failure, in lower case.
const FAILURES: [&str; 7] = [
    "error",
    "failed",
    "an error occurred",
    "tool not found",
    "tool timed out",
    "tool execution was not approved",
    "the arguments don't fit",
];

/// What a script sees of a conversation.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// The newest user message, trimmed.
    pub(super) message: String,
    /// The newest good result of each tool from before that message.
    pub(super) earlier: Map<String, Value>,
    /// The results after it, in order.
    pub(super) outputs: Vec<Output>,
}

/// The result of one tool call.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) tool: String,
    pub(super) value: Value,
    /// What the tool says, if it failed.
    pub(super) failure: Option<String>,
}

impl Conversation {
    pub(super) fn of(input: &[Item], results: ToolResults) -> Self {
        let mut conversation = Self::default();
        let mut names = BTreeMap::new();
        for item in input {
            match item {
                Item::Message(message) if message.role == Role::User => {
                    message.text().trim().clone_into(&mut conversation.message);
                    for output in std::mem::take(&mut conversation.outputs) {
                        if output.failure.is_none() {
                            conversation.earlier.insert(output.tool, output.value);
                        }
                    }
                }
                Item::FunctionCall(call) => {
                    names.insert(call.call_id.as_str(), call.name.as_str());
                }
                Item::FunctionCallOutput(output) => {
                    let tool = names
                        .get(output.call_id.as_str())
                        .copied()
                        .unwrap_or_default();
                    conversation
                        .outputs
                        .push(Output::read(tool, output, results));
                }
                Item::Message(_) | Item::Reasoning(_) | Item::Other(_) => {}
            }
        }
        conversation
    }
}

impl Output {
    fn read(tool: &str, output: &FunctionCallOutput, results: ToolResults) -> Self {
        let text = output.text();
        let (value, failure) = if let Ok(value) = frontdesk_json::read(text.as_bytes()) {
            let failure = failure_in(&value);
            (value, failure)
        } else {
            let failed = match results {
                ToolResults::Json => true,
                ToolResults::Any => begins_like_a_failure(&text),
            };
            (Value::String(text.clone()), failed.then_some(text))
        };
        Self {
            tool: tool.to_owned(),
            value,
            failure,
        }
    }
}

/// The message of a result that is marked as an error.
fn failure_in(value: &Value) -> Option<String> {
    if let Value::String(text) = value {
        return begins_like_a_failure(text).then(|| text.clone());
    }
    let marked = value.get("isError") == Some(&Value::Bool(true));
    match value.get("error") {
        Some(Value::String(text)) => Some(text.clone()),
        Some(error @ Value::Object(fields)) => {
            let message = fields.get("message").and_then(Value::as_str);
            Some(message.map_or_else(|| error.to_string(), str::to_owned))
        }
        Some(Value::Bool(true)) => Some(value.to_string()),
        _ => marked.then(|| value.to_string()),
    }
}

fn begins_like_a_failure(text: &str) -> bool {
    let start: String = text
        .trim_start()
        .chars()
        .take(40)
        .collect::<String>()
        .to_lowercase();
    FAILURES.iter().any(|failure| start.starts_with(failure))
}
