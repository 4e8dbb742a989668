//! Where a thread is cut off.

use frontdesk_protocol::ItemId;

/// From where on the items of a thread are removed, by the (time, id) of the named item.
///
/// With them go the steps and the log of every turn that was created at the named item's time or later: so a
/// retry of a user's message takes the steps of the turn that this message started. Attachments of the thread that only
/// removed items named go, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trim {
    /// Everything after this item; the item stays.
    After(ItemId),
    /// This item and everything after it.
    From(ItemId),
}

impl Trim {
    /// The named item.
    pub fn item(&self) -> &ItemId {
        match self {
            Self::After(item) | Self::From(item) => item,
        }
    }
}
