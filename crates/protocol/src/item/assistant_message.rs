//! A message of the assistant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Annotation, ItemId, Map, ThreadId, tag};

/// A message of the assistant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "assistant_message")]
pub struct AssistantMessageItem {
    /// Its name.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// The parts of the text.
    pub content: Vec<AssistantContent>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A part of an assistant's text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "output_text")]
pub struct AssistantContent {
    /// The text, as Markdown.
    pub text: String,
    /// Where it has what from.
    #[serde(default)]
    pub annotations: Vec<Annotation>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "content_rest")]
    pub extra: Map,
}

tag::read_rest!(content_rest, "output_text");

impl AssistantContent {
    /// A text without annotations.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            annotations: Vec::new(),
            extra: Map::new(),
        }
    }
}
