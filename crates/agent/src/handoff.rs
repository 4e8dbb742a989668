//! Handing a conversation over to another agent.

use std::fmt;
use std::sync::Arc;

use frontdesk_model::{Item, Message, Role, Schema, ToolDefinition};
use serde_json::json;

use crate::agent::Agent;
use crate::call_ids::pair_calls;
use crate::names::model_name;

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

impl Handoff {
    /// The tool that the model hands over with. It takes no arguments.
    pub(crate) fn definition<C>(&self, to: &Agent<C>) -> ToolDefinition {
        let description = self.description.clone().unwrap_or_else(|| {
            if to.description.is_empty() {
                format!("Hand over to {}.", to.name)
            } else {
                format!("Hand over to {}: {}", to.name, to.description)
            }
        });
        let parameters = json!({"type": "object", "properties": {}, "additionalProperties": false});
        ToolDefinition {
            name: self.tool(),
            description,
            parameters: Schema::new(parameters),
            strict: frontdesk_model::Strictness::Lenient,
        }
    }

    /// The tool's name, as the model knows it where no other tool has it.
    pub(crate) fn tool(&self) -> String {
        match &self.tool_name {
            Some(name) => model_name(name),
            None => model_name(&format!("transfer_to_{}", self.to)),
        }
    }

    /// What the other agent reads of these items, which end with the handoff's own result.
    pub(crate) fn seen(&self, items: Vec<Item>) -> Vec<Item> {
        let items = match self.history {
            HandoffHistory::All => items,
            HandoffHistory::WithoutTools => items.into_iter().filter_map(said).collect(),
            HandoffHistory::NewestMessage => {
                let newest = items.into_iter().rfind(is_of_user);
                newest.into_iter().collect()
            }
        };
        let mut items = match &self.input_filter {
            Some(filter) => filter(items),
            None => items,
        };
        if self.history != HandoffHistory::All || self.input_filter.is_some() {
            // An answer that a provider keeps stands for all that was before it.
            items.iter_mut().for_each(Item::forget_answer);
        }
        without_lone_thoughts(pair_calls(items))
    }
}

/// The result of a call that hands over to this agent.
pub(crate) fn handed_over(to: &str) -> String {
    json!({"assistant": to}).to_string()
}

/// The agent that such a result hands over to.
pub(crate) fn takes_over(result: &str) -> Option<String> {
    let result = frontdesk_json::read(result.as_bytes()).ok()?;
    result.get("assistant")?.as_str().map(str::to_owned)
}

/// What was said, as it can stand without the thoughts that led to it.
fn said(item: Item) -> Option<Item> {
    match item {
        Item::Message(message) => Some(Item::Message(Message {
            id: None,
            ..message
        })),
        Item::FunctionCall(_)
        | Item::FunctionCallOutput(_)
        | Item::Reasoning(_)
        | Item::Other(_) => None,
    }
}

fn is_of_user(item: &Item) -> bool {
    matches!(item, Item::Message(message) if message.role == Role::User)
}

/// Leaves out thoughts that nothing of the model's follows: providers refuse them.
fn without_lone_thoughts(items: Vec<Item>) -> Vec<Item> {
    let mut kept: Vec<Item> = Vec::with_capacity(items.len());
    let mut is_followed = false;
    for item in items.into_iter().rev() {
        if matches!(item, Item::Reasoning(_)) {
            if is_followed {
                kept.push(item);
            }
            continue;
        }
        is_followed = match &item {
            Item::Message(message) => message.role == Role::Assistant,
            Item::FunctionCall(_) | Item::Other(_) => true,
            Item::FunctionCallOutput(_) | Item::Reasoning(_) => false,
        };
        kept.push(item);
    }
    kept.reverse();
    kept
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
