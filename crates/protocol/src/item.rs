//! Thread items: what a thread consists of.

mod assistant_message;
mod client_tool_call;
mod end_of_turn;
mod generated_image;
mod hidden_context;
mod other;
mod structured_input;
mod user_message;
mod widget;
mod workflow;

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;

use crate::{Attachment, ItemId, ThreadId, tag};

pub use assistant_message::{AssistantContent, AssistantMessageItem};
pub use client_tool_call::{ClientToolCallItem, ClientToolCallStatus};
pub use end_of_turn::EndOfTurnItem;
pub use generated_image::{GeneratedImage, GeneratedImageItem};
pub use hidden_context::{HiddenContextItem, SdkHiddenContextItem};
pub use other::OtherItem;
pub use structured_input::StructuredInputItem;
pub use user_message::UserMessageItem;
pub use widget::WidgetItem;
pub use workflow::{TaskItem, WorkflowItem};

/// One thing in a thread.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ThreadItem {
    /// A message of the user.
    UserMessage(UserMessageItem),
    /// A message of the assistant.
    AssistantMessage(AssistantMessageItem),
    /// A call of a tool that the page runs.
    ClientToolCall(ClientToolCallItem),
    /// A widget.
    Widget(WidgetItem),
    /// An image that the assistant made.
    GeneratedImage(GeneratedImageItem),
    /// A form for the user.
    StructuredInput(StructuredInputItem),
    /// Tasks that belong together.
    Workflow(WorkflowItem),
    /// A task that stands alone.
    Task(TaskItem),
    /// A note of the application for the model.
    HiddenContext(HiddenContextItem),
    /// A note of the server for the model.
    SdkHiddenContext(SdkHiddenContextItem),
    /// The end of a turn.
    EndOfTurn(EndOfTurnItem),
    /// A kind that this version doesn't know.
    Other(OtherItem),
}

tag::read_by_type!(open ThreadItem {
    "user_message" => UserMessage,
    "assistant_message" => AssistantMessage,
    "client_tool_call" => ClientToolCall,
    "widget" => Widget,
    "generated_image" => GeneratedImage,
    "structured_input" => StructuredInput,
    "workflow" => Workflow,
    "task" => Task,
    "hidden_context_item" => HiddenContext,
    "sdk_hidden_context" => SdkHiddenContext,
    "end_of_turn" => EndOfTurn,
});

/// The same expression for every kind of item.
macro_rules! each {
    ($item:expr, $inner:ident => $value:expr) => {
        match $item {
            ThreadItem::UserMessage($inner) => $value,
            ThreadItem::AssistantMessage($inner) => $value,
            ThreadItem::ClientToolCall($inner) => $value,
            ThreadItem::Widget($inner) => $value,
            ThreadItem::GeneratedImage($inner) => $value,
            ThreadItem::StructuredInput($inner) => $value,
            ThreadItem::Workflow($inner) => $value,
            ThreadItem::Task($inner) => $value,
            ThreadItem::HiddenContext($inner) => $value,
            ThreadItem::SdkHiddenContext($inner) => $value,
            ThreadItem::EndOfTurn($inner) => $value,
            ThreadItem::Other($inner) => $value,
        }
    };
}

impl ThreadItem {
    /// Its name.
    pub fn id(&self) -> &ItemId {
        each!(self, item => &item.id)
    }

    /// The thread it stands in.
    pub fn thread_id(&self) -> &ThreadId {
        each!(self, item => &item.thread_id)
    }

    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        each!(self, item => item.created_at)
    }

    /// Gives it another name.
    pub fn set_id(&mut self, id: ItemId) {
        each!(self, item => item.id = id);
    }

    /// Puts it into another thread.
    pub fn set_thread_id(&mut self, thread_id: ThreadId) {
        each!(self, item => item.thread_id = thread_id);
    }

    /// Says when it was made.
    pub fn set_created_at(&mut self, created_at: Timestamp) {
        each!(self, item => item.created_at = created_at);
    }

    /// Whether only the model reads it, and no client ever gets it.
    pub fn is_hidden(&self) -> bool {
        matches!(self, Self::HiddenContext(_) | Self::SdkHiddenContext(_))
    }

    /// The item as it is sent: without the metadata of attachments.
    pub fn to_wire(&self) -> Cow<'_, Self> {
        if self.has_private_metadata() {
            return Cow::Owned(self.clone().into_wire());
        }
        Cow::Borrowed(self)
    }

    /// The item as it is sent: without the metadata of attachments.
    #[must_use]
    pub fn into_wire(mut self) -> Self {
        if let Self::UserMessage(message) = &mut self {
            let attachments = std::mem::take(&mut message.attachments);
            message.attachments = attachments.into_iter().map(Attachment::into_wire).collect();
        }
        self
    }

    /// Whether it holds something that `to_wire` takes out.
    pub(crate) fn has_private_metadata(&self) -> bool {
        match self {
            Self::UserMessage(message) => {
                let mut attachments = message.attachments.iter();
                attachments.any(|attachment| attachment.metadata().is_some())
            }
            _ => false,
        }
    }
}
