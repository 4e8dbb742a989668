//! A message of the user, as it stands in a thread.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Attachment, InferenceOptions, ItemId, Map, ThreadId, UserContent, tag};

/// A message of the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "user_message")]
pub struct UserMessageItem {
    /// Its name.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// The parts of the text.
    pub content: Vec<UserContent>,
    /// What goes with it.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// A text of the thread that the message is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted_text: Option<String>,
    /// Wishes about how it is answered.
    pub inference_options: InferenceOptions,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}
