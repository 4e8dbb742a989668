//! What the model reads and the user never sees.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ItemId, Map, ThreadId, tag};

/// A note of the application for the model; never sent to clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "hidden_context_item")]
pub struct HiddenContextItem {
    /// Its name.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// The note, as any JSON.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub content: Value,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A note of the server for the model; never sent to clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "sdk_hidden_context")]
pub struct SdkHiddenContextItem {
    /// Its name.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// The note.
    pub content: String,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}
