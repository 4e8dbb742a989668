//! What users think of what they were shown.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{FeedbackKind, ItemId, ThreadId, Timestamp};

use crate::{ItemFeedback, Result};

/// What an owner thinks of items of their threads. It goes when the item goes, or its thread.
#[async_trait]
pub trait Feedback: Send + Sync {
    /// Keeps what the owner thinks of these items from now on. `false`, and nothing is kept, if one of them isn't in the
    /// thread.
    async fn give_feedback(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: &[ItemId],
        kind: FeedbackKind,
        at: Timestamp,
    ) -> Result<bool>;

    /// What the owner thinks of items of a thread, by item.
    async fn feedback(&self, scope: &Scope, thread: &ThreadId) -> Result<Vec<ItemFeedback>>;
}

/// What all owners think, for the operator; never for a request.
#[async_trait]
pub trait Feedbacks: Send + Sync {
    /// What was given, oldest first and then by owner and item. It goes on behind `after`, a row of an earlier answer.
    /// The limit is taken as 1 to [`MAX_PAGE`](crate::limit::MAX_PAGE).
    async fn all_feedback(
        &self,
        after: Option<&(Scope, ItemFeedback)>,
        limit: u32,
    ) -> Result<Vec<(Scope, ItemFeedback)>>;
}
