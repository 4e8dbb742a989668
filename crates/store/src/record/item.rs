//! An item with what the store knows about it.

use frontdesk_protocol::ThreadItem;

use crate::TurnId;

/// An item and the turn that stored it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredItem {
    /// The item.
    pub item: ThreadItem,
    /// The turn in which it was first stored; none for items that were seeded or imported.
    pub turn: Option<TurnId>,
}
