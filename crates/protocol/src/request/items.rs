//! Parameters of the requests about items.

use serde::{Deserialize, Serialize};

use crate::{ItemId, Map, ThreadId};

/// Parameters of `items.list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemsList {
    /// The thread.
    pub thread_id: ThreadId,
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

/// Parameters of `items.feedback`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemsFeedback {
    /// The thread.
    pub thread_id: ThreadId,
    /// The items that are judged.
    pub item_ids: Vec<ItemId>,
    /// The judgement.
    pub kind: FeedbackKind,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Oldest first.
    Asc,
    /// Newest first.
    #[default]
    Desc,
}

/// Whether something was good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackKind {
    /// It was.
    Positive,
    /// It wasn't.
    Negative,
}
