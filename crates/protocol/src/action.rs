//! Actions that a widget sends, and the JSON answers of single requests.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Map, ThreadItem};

/// What a widget or the page asks the server to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// The application's name for it, such as `task.complete`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What goes with it; `null` if nothing does.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub payload: Value,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// The answer to `threads.sync_custom_action`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncCustomActionResponse {
    /// The item as it is after the action, if it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_item: Option<ThreadItem>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

impl SyncCustomActionResponse {
    /// The answer as it is sent: without the metadata of attachments.
    #[must_use]
    pub fn into_wire(self) -> Self {
        Self {
            updated_item: self.updated_item.map(ThreadItem::into_wire),
            extra: self.extra,
        }
    }
}

/// The answer to `input.transcribe`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranscriptionResult {
    /// What was said.
    pub text: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}
