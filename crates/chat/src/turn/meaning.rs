//! What an event means: for the store, for readers, and for how the turn ends.

use std::borrow::Cow;

use frontdesk_protocol::{
    ClientToolCallStatus, StructuredInputStatus, ThreadEvent, ThreadItem, ThreadMetadata,
};
use frontdesk_store::{ThreadPatch, TurnWrite};

/// What is to be stored before the event is shown.
pub(super) fn write_of(event: &ThreadEvent) -> Option<TurnWrite> {
    let mut write = TurnWrite::default();
    match event {
        ThreadEvent::ItemDone(done) => write.put = vec![done.item.clone()],
        ThreadEvent::ItemReplaced(replaced) => write.put = vec![replaced.item.clone()],
        ThreadEvent::ItemRemoved(removed) => write.remove = vec![removed.item_id.clone()],
        _ => return None,
    }
    Some(write)
}

/// The event as clients may see it. Hidden items are stored and never sent; one that takes the place of an item
/// that was seen takes it away.
pub(super) fn visible(event: &ThreadEvent) -> Option<Cow<'_, ThreadEvent>> {
    match event {
        ThreadEvent::ItemAdded(event) if event.item.is_hidden() => None,
        ThreadEvent::ItemDone(event) if event.item.is_hidden() => None,
        ThreadEvent::ItemReplaced(event) if event.item.is_hidden() => {
            let removed = ThreadEvent::item_removed(event.item.id().clone());
            Some(Cow::Owned(removed))
        }
        ThreadEvent::ThreadCreated(event) => {
            let mut event = event.clone();
            event.thread.items.data.retain(|item| !item.is_hidden());
            Some(Cow::Owned(ThreadEvent::ThreadCreated(event)))
        }
        ThreadEvent::ThreadUpdated(event) => {
            let mut event = event.clone();
            event.thread.items.data.retain(|item| !item.is_hidden());
            Some(Cow::Owned(ThreadEvent::ThreadUpdated(event)))
        }
        event => Some(Cow::Borrowed(event)),
    }
}

/// Whether the event leaves something for the user to answer.
pub(super) fn waits(event: &ThreadEvent) -> bool {
    let ThreadEvent::ItemDone(done) = event else {
        return false;
    };
    match &done.item {
        ThreadItem::ClientToolCall(call) => call.status == ClientToolCallStatus::Pending,
        ThreadItem::StructuredInput(input) => input.status == StructuredInputStatus::Pending,
        _ => false,
    }
}

pub(super) fn difference(before: &ThreadMetadata, after: &ThreadMetadata) -> ThreadPatch {
    fn changed<T: Clone + PartialEq>(before: &T, after: &T) -> Option<T> {
        (before != after).then(|| after.clone())
    }
    ThreadPatch {
        title: changed(&before.title, &after.title),
        // A name that the user gave meanwhile stays.
        title_was: (before.title != after.title).then(|| before.title.clone()),
        status: changed(&before.status, &after.status),
        metadata: changed(&before.metadata, &after.metadata),
        allowed_image_domains: changed(&before.allowed_image_domains, &after.allowed_image_domains),
    }
}
