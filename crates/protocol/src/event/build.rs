//! Short ways to make an event, with no unknown fields.

use crate::{
    ErrorCode, ErrorEvent, ItemAddedEvent, ItemDoneEvent, ItemId, ItemRemovedEvent,
    ItemReplacedEvent, ItemUpdate, ItemUpdatedEvent, Map, ProgressUpdateEvent, StreamOptions,
    StreamOptionsEvent, Thread, ThreadCreatedEvent, ThreadEvent, ThreadItem, ThreadUpdatedEvent,
};

impl ThreadEvent {
    /// A thread was made.
    pub fn thread_created(thread: Thread) -> Self {
        Self::ThreadCreated(ThreadCreatedEvent {
            thread,
            extra: Map::new(),
        })
    }

    /// A thread has another title or status.
    pub fn thread_updated(thread: Thread) -> Self {
        Self::ThreadUpdated(ThreadUpdatedEvent {
            thread,
            extra: Map::new(),
        })
    }

    /// An item begins.
    pub fn item_added(item: ThreadItem) -> Self {
        Self::ItemAdded(ItemAddedEvent {
            item,
            extra: Map::new(),
        })
    }

    /// An item changes.
    pub fn item_updated(item_id: ItemId, update: ItemUpdate) -> Self {
        Self::ItemUpdated(ItemUpdatedEvent {
            item_id,
            update,
            extra: Map::new(),
        })
    }

    /// An item is complete and stored.
    pub fn item_done(item: ThreadItem) -> Self {
        Self::ItemDone(ItemDoneEvent {
            item,
            extra: Map::new(),
        })
    }

    /// An item is gone.
    pub fn item_removed(item_id: ItemId) -> Self {
        Self::ItemRemoved(ItemRemovedEvent {
            item_id,
            extra: Map::new(),
        })
    }

    /// An item is another now.
    pub fn item_replaced(item: ThreadItem) -> Self {
        Self::ItemReplaced(ItemReplacedEvent {
            item,
            extra: Map::new(),
        })
    }

    /// What the client may do with the stream.
    pub fn stream_options(stream_options: StreamOptions) -> Self {
        Self::StreamOptions(StreamOptionsEvent {
            stream_options,
            extra: Map::new(),
        })
    }

    /// What the assistant is about, until the next item.
    pub fn progress(text: impl Into<String>) -> Self {
        Self::ProgressUpdate(ProgressUpdateEvent {
            icon: None,
            text: text.into(),
            extra: Map::new(),
        })
    }

    /// The turn failed for no reason that the user can do something about, but they may try again.
    pub fn stream_error() -> Self {
        Self::Error(ErrorEvent {
            code: ErrorCode::StreamError,
            message: None,
            allow_retry: true,
            extra: Map::new(),
        })
    }

    /// The turn failed, with a message for the user.
    pub fn custom_error(message: impl Into<String>, retry: Retry) -> Self {
        Self::Error(ErrorEvent {
            code: ErrorCode::Custom,
            message: Some(message.into()),
            allow_retry: matches!(retry, Retry::Allowed),
            extra: Map::new(),
        })
    }
}

/// Whether the user may try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// They may.
    Allowed,
    /// It would fail again.
    Refused,
}

impl StreamOptions {
    /// A stream with a stop button.
    pub fn cancellable() -> Self {
        Self {
            allow_cancel: true,
            extra: Map::new(),
        }
    }

    /// A stream without a stop button.
    pub fn uncancellable() -> Self {
        Self {
            allow_cancel: false,
            extra: Map::new(),
        }
    }
}
