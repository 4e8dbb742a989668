//! The APIs that the server speaks, and what it has to understand of their requests.

use serde_json::{Value, json};

use super::frame::Frame;
use super::script::Response;
use super::{chat, hostile, messages, responses};

/// An API of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// `POST /v1/responses`. <https://platform.openai.com/docs/api-reference/responses-streaming>
    Responses,
    /// `POST /v1/chat/completions`. <https://platform.openai.com/docs/api-reference/chat-streaming>
    Chat,
    /// `POST /v1/messages`. <https://docs.claude.com/en/docs/build-with-claude/streaming>
    Messages,
}

impl Dialect {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Responses, Self::Chat, Self::Messages];

    /// Its path on the server.
    pub fn path(self) -> &'static str {
        match self {
            Self::Responses => "/v1/responses",
            Self::Chat => "/v1/chat/completions",
            Self::Messages => "/v1/messages",
        }
    }

    /// The frames of a response as the vendor's own server would send them; `number` makes its ids different from those
    /// of other responses. A part that the API doesn't know is left out.
    pub fn ordinary(self, response: &Response, number: u64) -> Vec<Frame> {
        match self {
            Self::Responses => responses::frames(response, number),
            Self::Chat => chat::frames(response, number),
            Self::Messages => messages::frames(response, number),
        }
    }

    /// The frames of a response with everything hostile that it asks for, before any is cut off.
    pub fn played(self, response: &Response, number: u64) -> Vec<Frame> {
        let mut frames = self.ordinary(response, number);
        hostile::spoil(self, response, &mut frames);
        frames
    }

    /// Whether a tool's result follows the newest user message of this request.
    pub(super) fn has_results(self, request: &Value) -> bool {
        let field = match self {
            Self::Responses => "input",
            Self::Chat | Self::Messages => "messages",
        };
        let entries = request.get(field).and_then(Value::as_array);
        let mut newest_first = entries.into_iter().flatten().rev();
        newest_first
            .find_map(|entry| self.answers(entry))
            .unwrap_or(false)
    }

    /// Whether this is a result or a user's message; `None` for what is neither.
    fn answers(self, entry: &Value) -> Option<bool> {
        let is = |field: &str, name: &str| entry.get(field) == Some(&json!(name));
        let has_result = || {
            let blocks = entry.get("content").and_then(Value::as_array);
            let mut blocks = blocks.into_iter().flatten();
            blocks.any(|block| block.get("type") == Some(&json!("tool_result")))
        };
        match self {
            Self::Responses if is("type", "function_call_output") => Some(true),
            Self::Responses if is("type", "custom_tool_call_output") => Some(true),
            Self::Chat if is("role", "tool") => Some(true),
            Self::Messages if is("role", "user") => Some(has_result()),
            _ => is("role", "user").then_some(false),
        }
    }
}
