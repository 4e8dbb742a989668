//! Records to try the store with.

use frontdesk_protocol::{
    AssistantContent, AssistantMessageItem, ItemId, Map, ThreadId, ThreadItem,
};
use frontdesk_store::StoreError;
pub(super) use frontdesk_store::contract::conversation::{ann, at, begin, end, item, key};

pub(super) fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Failed {
        detail: error.to_string(),
    }
}

/// What an assistant said, which is found by its words.
pub(super) fn says(thread: &str, id: &str, second: i64, text: &str) -> ThreadItem {
    ThreadItem::AssistantMessage(AssistantMessageItem {
        id: ItemId::new(id),
        thread_id: ThreadId::new(thread),
        created_at: at(second),
        content: vec![AssistantContent::new(text)],
        extra: Map::new(),
    })
}
