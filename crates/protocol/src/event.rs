//! Stream events: what a streamed answer consists of.

mod build;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Icon, ItemId, ItemUpdate, Map, Thread, ThreadItem, open::open_enum, tag};

pub use build::Retry;

/// How many bytes most events take: a text delta with its names, in one allocation.
const USUAL_LENGTH: usize = 256;

/// One event of a streamed answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ThreadEvent {
    /// A thread was made.
    ThreadCreated(ThreadCreatedEvent),
    /// A thread has another title or status.
    ThreadUpdated(ThreadUpdatedEvent),
    /// An item begins.
    ItemAdded(ItemAddedEvent),
    /// An item changes.
    ItemUpdated(ItemUpdatedEvent),
    /// An item is complete and stored.
    ItemDone(ItemDoneEvent),
    /// An item is gone.
    ItemRemoved(ItemRemovedEvent),
    /// An item is another now.
    ItemReplaced(ItemReplacedEvent),
    /// What the client may do with the stream.
    StreamOptions(StreamOptionsEvent),
    /// What the assistant is about, until the next item.
    ProgressUpdate(ProgressUpdateEvent),
    /// Something that the page shall do.
    ClientEffect(ClientEffectEvent),
    /// The turn failed.
    Error(ErrorEvent),
    /// Something the user should know.
    Notice(NoticeEvent),
    /// A kind that this version doesn't know.
    Other(Map),
}

tag::read_by_type!(open ThreadEvent {
    "thread.created" => ThreadCreated,
    "thread.updated" => ThreadUpdated,
    "thread.item.added" => ItemAdded,
    "thread.item.updated" => ItemUpdated,
    "thread.item.done" => ItemDone,
    "thread.item.removed" => ItemRemoved,
    "thread.item.replaced" => ItemReplaced,
    "stream_options" => StreamOptions,
    "progress_update" => ProgressUpdate,
    "client_effect" => ClientEffect,
    "error" => Error,
    "notice" => Notice,
});

impl ThreadEvent {
    /// The JSON that goes over the wire: without the metadata of attachments and threads.
    pub fn to_wire(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(USUAL_LENGTH);
        let written = serde_json::to_writer(&mut json, self.without_private().as_ref());
        // All keys are strings and memory takes every byte, so there is no error to hand on.
        debug_assert!(
            written.is_ok(),
            "an event that can't be written: {written:?}"
        );
        json
    }

    /// The event as a client may see it; most are borrowed.
    fn without_private(&self) -> Cow<'_, Self> {
        let private = match self {
            Self::ThreadCreated(ThreadCreatedEvent { thread, .. })
            | Self::ThreadUpdated(ThreadUpdatedEvent { thread, .. }) => {
                matches!(thread.to_wire(), Cow::Owned(_))
            }
            Self::ItemAdded(ItemAddedEvent { item, .. })
            | Self::ItemDone(ItemDoneEvent { item, .. })
            | Self::ItemReplaced(ItemReplacedEvent { item, .. }) => item.has_private_metadata(),
            _ => false,
        };
        if !private {
            return Cow::Borrowed(self);
        }
        let mut event = self.clone();
        match &mut event {
            Self::ThreadCreated(ThreadCreatedEvent { thread, .. })
            | Self::ThreadUpdated(ThreadUpdatedEvent { thread, .. }) => {
                *thread = thread.to_wire().into_owned();
            }
            Self::ItemAdded(ItemAddedEvent { item, .. })
            | Self::ItemDone(ItemDoneEvent { item, .. })
            | Self::ItemReplaced(ItemReplacedEvent { item, .. }) => {
                *item = item.to_wire().into_owned();
            }
            _ => {}
        }
        Cow::Owned(event)
    }
}

/// A thread was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "thread.created")]
pub struct ThreadCreatedEvent {
    /// The thread, with no items.
    pub thread: Thread,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A thread has another title or status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "thread.updated")]
pub struct ThreadUpdatedEvent {
    /// The thread, with no items.
    pub thread: Thread,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// An item begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "thread.item.added")]
pub struct ItemAddedEvent {
    /// The item as it begins.
    pub item: ThreadItem,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// An item changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "thread.item.updated")]
pub struct ItemUpdatedEvent {
    /// Which item.
    pub item_id: ItemId,
    /// How it changes.
    pub update: ItemUpdate,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// An item is complete and stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "thread.item.done")]
pub struct ItemDoneEvent {
    /// The whole item.
    pub item: ThreadItem,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// An item is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "thread.item.removed")]
pub struct ItemRemovedEvent {
    /// Which item.
    pub item_id: ItemId,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// An item is another now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "thread.item.replaced")]
pub struct ItemReplacedEvent {
    /// What stands in its place, with the same name.
    pub item: ThreadItem,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// What the client may do with the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "stream_options")]
pub struct StreamOptionsEvent {
    /// What it may do.
    pub stream_options: StreamOptions,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// What the assistant is about, until the next item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "progress_update")]
pub struct ProgressUpdateEvent {
    /// The icon beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<Icon>,
    /// What is shown.
    pub text: String,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// Something that the page shall do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "client_effect")]
pub struct ClientEffectEvent {
    /// The application's name for it.
    pub name: String,
    /// What goes with it.
    #[serde(default)]
    pub data: Map,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// The turn failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "error")]
pub struct ErrorEvent {
    /// What kind of failure.
    #[serde(default)]
    pub code: ErrorCode,
    /// What the user reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether the user may try again.
    #[serde(default)]
    pub allow_retry: bool,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// Something the user should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "notice")]
pub struct NoticeEvent {
    /// How important it is.
    pub level: NoticeLevel,
    /// What the user reads, as Markdown.
    pub message: String,
    /// Its heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// What a client may do with a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamOptions {
    /// Whether the stop button is shown.
    pub allow_cancel: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

open_enum! {
    /// What kind of failure.
    #[derive(Default)]
    ErrorCode {
        /// Something unexpected; the client has a text of its own for it.
        StreamError = "stream.error",
        /// The message says what it is.
        #[default]
        Custom = "custom",
    }
}

open_enum! {
    /// How important a notice is.
    NoticeLevel {
        /// Good to know.
        Info = "info",
        /// Something may go wrong.
        Warning = "warning",
        /// Something went wrong.
        Danger = "danger",
    }
}
