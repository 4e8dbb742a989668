//! A tool that the page runs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ItemId, Map, ThreadId, open::open_enum, tag};

/// A call of a tool that the page runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "client_tool_call")]
pub struct ClientToolCallItem {
    /// Its name.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// How far it is.
    #[serde(default)]
    pub status: ClientToolCallStatus,
    /// The model's name for the call.
    pub call_id: String,
    /// The tool's name.
    pub name: String,
    /// What the tool is called with.
    pub arguments: Map,
    /// What the page answered, once it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

open_enum! {
    /// How far a client tool call is.
    #[derive(Default)]
    ClientToolCallStatus {
        /// It waits for the page.
        #[default]
        Pending = "pending",
        /// The page answered.
        Completed = "completed",
    }
}
