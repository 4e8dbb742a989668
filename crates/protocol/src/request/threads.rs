//! Parameters of the requests about threads.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Order;
use crate::{Action, ItemId, Map, StructuredInputSubmission, ThreadId, UserMessageInput};

/// Parameters of `threads.create`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadsCreate {
    /// The first message.
    pub input: UserMessageInput,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// Parameters of `threads.add_user_message`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadsAddUserMessage {
    /// The thread.
    pub thread_id: ThreadId,
    /// The message.
    pub input: UserMessageInput,
    /// The item that the message takes the place of, with all after it; an addition of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<ItemId>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// Parameters of `threads.add_client_tool_output`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadsAddClientToolOutput {
    /// The thread.
    pub thread_id: ThreadId,
    /// What the tool answered.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub result: Value,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// Parameters of `threads.add_structured_input`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadsAddStructuredInput {
    /// The thread.
    pub thread_id: ThreadId,
    /// The form.
    pub item_id: ItemId,
    /// The answers.
    pub input: StructuredInputSubmission,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// Parameters of `threads.retry_after_item`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadsRetryAfterItem {
    /// The thread.
    pub thread_id: ThreadId,
    /// The message to be answered again.
    pub item_id: ItemId,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// Parameters of `threads.custom_action` and `threads.sync_custom_action`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomAction {
    /// The thread.
    pub thread_id: ThreadId,
    /// The widget that asks, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<ItemId>,
    /// What it asks.
    pub action: Action,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// Parameters of `threads.get_by_id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadsGetById {
    /// The thread.
    pub thread_id: ThreadId,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// Parameters of `threads.list`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ThreadsList {
    /// How many at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// By the time they were made.
    #[serde(default)]
    pub order: Order,
    /// Where to go on: the `after` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// Parameters of `threads.update`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadsUpdate {
    /// The thread.
    pub thread_id: ThreadId,
    /// What it is called from now on.
    pub title: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// Parameters of `threads.delete`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadsDelete {
    /// The thread.
    pub thread_id: ThreadId,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}
