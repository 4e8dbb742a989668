//! A widget, as it stands in a thread.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ItemId, Map, ThreadId, Widget, tag};

/// A widget in a thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "widget")]
pub struct WidgetItem {
    /// Its name.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// The widget.
    pub widget: Widget,
    /// What the copy button copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_text: Option<String>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}
