//! What a user thinks of an item.

use frontdesk_protocol::{FeedbackKind, ItemId, ThreadId, Timestamp};

/// What a user thinks of an item; the last word counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFeedback {
    /// The thread.
    pub thread: ThreadId,
    /// The item.
    pub item: ItemId,
    /// What they think of it.
    pub kind: FeedbackKind,
    /// When they said so.
    pub at: Timestamp,
}
