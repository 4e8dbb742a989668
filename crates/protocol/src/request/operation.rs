//! The sixteen kinds of request.

use serde::Serialize;
use serde_json::Value;

use super::{
    AttachmentsCreate, AttachmentsDelete, CustomAction, InputTranscribe, ItemsFeedback, ItemsList,
    ThreadsAddClientToolOutput, ThreadsAddStructuredInput, ThreadsAddUserMessage, ThreadsCreate,
    ThreadsDelete, ThreadsGetById, ThreadsList, ThreadsRetryAfterItem, ThreadsUpdate, params,
};
use crate::{BadRequest, ThreadId};

/// Makes the enum, its reading and its names from one table.
macro_rules! operations {
    ($($(#[$doc:meta])* $text:literal => $variant:ident($params:ident),)+) => {
        /// What is asked, with its parameters.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "type", content = "params")]
        pub enum Operation {
            $($(#[$doc])* #[serde(rename = $text)] $variant($params),)+
        }

        impl Operation {
            /// The kind of request, as it is written in `type`.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $text,)+
                }
            }

            pub(super) fn read(kind: &str, value: Option<Value>) -> Result<Self, BadRequest> {
                match kind {
                    $($text => params(value).map(Self::$variant),)+
                    _ => {
                        let message = format!("unknown type of request: {kind}");
                        Err(BadRequest::new("type", message))
                    }
                }
            }
        }
    };
}

operations! {
    /// Begins a thread with a message.
    "threads.create" => ThreadsCreate(ThreadsCreate),
    /// Sends a message to a thread.
    "threads.add_user_message" => ThreadsAddUserMessage(ThreadsAddUserMessage),
    /// Gives the answer of a tool that the page ran.
    "threads.add_client_tool_output" => ThreadsAddClientToolOutput(ThreadsAddClientToolOutput),
    /// Gives the user's answers to a form.
    "threads.add_structured_input" => ThreadsAddStructuredInput(ThreadsAddStructuredInput),
    /// Answers a message again.
    "threads.retry_after_item" => ThreadsRetryAfterItem(ThreadsRetryAfterItem),
    /// Does what a widget or the page asks, with a stream.
    "threads.custom_action" => ThreadsCustomAction(CustomAction),
    /// Does what a widget or the page asks, with one answer.
    "threads.sync_custom_action" => ThreadsSyncCustomAction(CustomAction),
    /// Reads a thread.
    "threads.get_by_id" => ThreadsGetById(ThreadsGetById),
    /// Lists threads.
    "threads.list" => ThreadsList(ThreadsList),
    /// Gives a thread another title.
    "threads.update" => ThreadsUpdate(ThreadsUpdate),
    /// Deletes a thread.
    "threads.delete" => ThreadsDelete(ThreadsDelete),
    /// Lists the items of a thread.
    "items.list" => ItemsList(ItemsList),
    /// Says whether items were good.
    "items.feedback" => ItemsFeedback(ItemsFeedback),
    /// Announces an attachment.
    "attachments.create" => AttachmentsCreate(AttachmentsCreate),
    /// Deletes an attachment.
    "attachments.delete" => AttachmentsDelete(AttachmentsDelete),
    /// Turns speech into text.
    "input.transcribe" => InputTranscribe(InputTranscribe),
}

impl Operation {
    /// The thread it is about, if it is about one.
    pub fn thread_id(&self) -> Option<&ThreadId> {
        match self {
            Self::ThreadsAddUserMessage(params) => Some(&params.thread_id),
            Self::ThreadsAddClientToolOutput(params) => Some(&params.thread_id),
            Self::ThreadsAddStructuredInput(params) => Some(&params.thread_id),
            Self::ThreadsRetryAfterItem(params) => Some(&params.thread_id),
            Self::ThreadsCustomAction(params) | Self::ThreadsSyncCustomAction(params) => {
                Some(&params.thread_id)
            }
            Self::ThreadsGetById(params) => Some(&params.thread_id),
            Self::ThreadsUpdate(params) => Some(&params.thread_id),
            Self::ThreadsDelete(params) => Some(&params.thread_id),
            Self::ItemsList(params) => Some(&params.thread_id),
            Self::ItemsFeedback(params) => Some(&params.thread_id),
            Self::ThreadsCreate(_)
            | Self::ThreadsList(_)
            | Self::AttachmentsCreate(_)
            | Self::AttachmentsDelete(_)
            | Self::InputTranscribe(_) => None,
        }
    }
}
