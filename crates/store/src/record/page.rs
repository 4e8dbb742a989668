//! What part of a list is asked for.

use frontdesk_protocol::Order;

/// A part of a list that is ordered by (time, id).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The most rows; taken as 1 to [`MAX_PAGE`](crate::limit::MAX_PAGE).
    pub limit: u32,
    /// Oldest or newest first.
    pub order: Order,
    /// The id after which the page begins; none for the first page.
    pub after: Option<String>,
}
