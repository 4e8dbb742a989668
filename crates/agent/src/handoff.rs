//! Handing a conversation over to another agent.

use std::fmt;
use std::sync::Arc;

use frontdesk_model::Item;

/// What an agent hands over with: its model sees it as a tool.
#[derive(Clone)]
pub struct Handoff {
    /// The name of the agent that goes on.
    pub to: String,
    /// The tool's name; `transfer_to_<agent>` when nothing is said.
    pub tool_name: Option<String>,
    /// When to hand over, for the model; made of the other agent's description when nothing is said.
    pub description: Option<String>,
    /// What the other agent reads of the conversation before.
    pub history: HandoffHistory,
    /// Changes what the other agent reads, after `history`. It has to give the same for the same items.
    pub input_filter: Option<Arc<InputFilter>>,
}

/// A function that changes what an agent reads of the conversation before it.
pub type InputFilter = dyn Fn(Vec<Item>) -> Vec<Item> + Send + Sync;

/// What an agent that takes over reads of the conversation before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HandoffHistory {
    /// All of it.
    #[default]
    All,
    /// What was said, without tool calls, their results and thoughts.
    WithoutTools,
    /// The user's newest message alone.
    NewestMessage,
}

impl Handoff {
    /// A handoff to this agent, with the whole conversation.
    pub fn to(agent: impl Into<String>) -> Self {
        Self {
            to: agent.into(),
            tool_name: None,
            description: None,
            history: HandoffHistory::default(),
            input_filter: None,
        }
    }
}

impl fmt::Debug for Handoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handoff")
            .field("to", &self.to)
            .field("tool_name", &self.tool_name)
            .field("history", &self.history)
            .finish_non_exhaustive()
    }
}
