//! A part of a list.

use serde::{Deserialize, Serialize};

use crate::{Map, ThreadItem};

/// A part of a list, and where it goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The entries.
    #[serde(default = "Vec::new")]
    pub data: Vec<T>,
    /// Whether there are more.
    #[serde(default)]
    pub has_more: bool,
    /// What to ask with for the next part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

impl<T> Page<T> {
    /// A list that ends with these entries.
    pub fn last(data: Vec<T>) -> Self {
        Self {
            data,
            has_more: false,
            after: None,
            extra: Map::new(),
        }
    }

    /// The same page with other entries, one for each.
    pub fn map<U>(self, entry: impl FnMut(T) -> U) -> Page<U> {
        Page {
            data: self.data.into_iter().map(entry).collect(),
            has_more: self.has_more,
            after: self.after,
            extra: self.extra,
        }
    }
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self::last(Vec::new())
    }
}

impl Page<ThreadItem> {
    /// The page as it is sent: without the metadata of attachments.
    #[must_use]
    pub fn into_wire(self) -> Self {
        self.map(ThreadItem::into_wire)
    }
}
