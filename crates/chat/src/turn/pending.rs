//! Items that readers have seen begin and that aren't done: what a stop or a crash has to settle.

use frontdesk_protocol::{AssistantMessageItem, ItemId, ItemUpdate, ThreadEvent, ThreadItem};

/// The unfinished items of a turn, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Pending(Vec<ThreadItem>);

impl Pending {
    /// Follows one event.
    pub(crate) fn follow(&mut self, event: &ThreadEvent) {
        match event {
            ThreadEvent::ItemAdded(added) => self.begin(&added.item),
            ThreadEvent::ItemUpdated(updated) => self.update(&updated.item_id, &updated.update),
            ThreadEvent::ItemDone(done) => self.settle(done.item.id()),
            ThreadEvent::ItemReplaced(replaced) => self.settle(replaced.item.id()),
            ThreadEvent::ItemRemoved(removed) => self.settle(&removed.item_id),
            _ => {}
        }
    }

    fn begin(&mut self, item: &ThreadItem) {
        self.settle(item.id());
        self.0.push(item.clone());
    }

    fn update(&mut self, id: &ItemId, update: &ItemUpdate) {
        if let Some(item) = self.0.iter_mut().find(|item| item.id() == id) {
            frontdesk_protocol::apply(item, update);
        }
    }

    fn settle(&mut self, id: &ItemId) {
        self.0.retain(|item| item.id() != id);
    }

    /// Splits what is left into messages that say something, which are kept, and the ids of the rest.
    pub(crate) fn drain(&mut self) -> (Vec<ThreadItem>, Vec<ItemId>) {
        let mut kept = Vec::new();
        let mut dropped = Vec::new();
        for item in self.0.drain(..) {
            match &item {
                ThreadItem::AssistantMessage(message) if says_something(message) => kept.push(item),
                _ => dropped.push(item.id().clone()),
            }
        }
        (kept, dropped)
    }
}

fn says_something(message: &AssistantMessageItem) -> bool {
    message
        .content
        .iter()
        .any(|part| !part.text.trim().is_empty())
}
