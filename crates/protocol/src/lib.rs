//! The ChatKit wire protocol: requests, events, items and widgets as plain types.
//!
//! Nothing here does I/O, waits or looks at a clock; every type reads and writes JSON with serde.
//! What a newer client or server adds survives: unknown fields stay in `extra`, unknown kinds in an `Other`.
//!
//! The families, one file each:
//! - [`Request`] and its [`Operation`]s: what a client may ask. [`Request::parse`] names the field of what it refuses.
//! - [`ThreadEvent`]: what a streamed answer consists of, with [`ItemUpdate`] for changes to an item and [`apply`] to make them.
//! - [`ThreadItem`]: what a thread consists of: messages, tool calls, widgets, workflows and the rest.
//! - [`Task`], [`Source`], [`Annotation`], [`Attachment`], [`StructuredInput`]: what items are made of.
//! - [`ThreadMetadata`] is a thread as it is stored, [`Thread`] as it is sent; [`Page`] is a part of a list.
//! - [`Widget`]: an open vocabulary of components, kept as JSON and brought into the reference's form on reading.
//! - [`Action`], [`SyncCustomActionResponse`], [`TranscriptionResult`]: what goes with single requests.
//!
//! `Serialize` writes the stored form.
//! What leaves the server goes through `to_wire`, which takes out what is private: the metadata of attachments and threads.
//!
//! The protocol is that of [ChatKit](https://openai.github.io/chatkit-python/).

mod open;
mod tag;

mod action;
mod apply;
mod attachment;
mod bad_request;
mod event;
mod id;
mod item;
mod page;
mod request;
mod source;
mod structured_input;
mod task;
mod thread;
mod time;
mod update;
mod user_message;
mod widget;
mod workflow;

pub use action::{Action, SyncCustomActionResponse, TranscriptionResult};
pub use apply::{MAX_CONTENT_INDEX, apply};
pub use attachment::{Attachment, FileAttachment, ImageAttachment, UploadDescriptor, UploadMethod};
pub use bad_request::BadRequest;
pub use event::{
    ClientEffectEvent, ErrorCode, ErrorEvent, ItemAddedEvent, ItemDoneEvent, ItemRemovedEvent,
    ItemReplacedEvent, ItemUpdatedEvent, NoticeEvent, NoticeLevel, ProgressUpdateEvent, Retry,
    StreamOptions, StreamOptionsEvent, ThreadCreatedEvent, ThreadEvent, ThreadUpdatedEvent,
};
pub use id::{AttachmentId, ItemId, ThreadId};
pub use item::{
    AssistantContent, AssistantMessageItem, ClientToolCallItem, ClientToolCallStatus,
    EndOfTurnItem, GeneratedImage, GeneratedImageItem, HiddenContextItem, OtherItem,
    SdkHiddenContextItem, StructuredInputItem, TaskItem, ThreadItem, UserMessageItem, WidgetItem,
    WorkflowItem,
};
pub use jiff::Timestamp;
pub use page::Page;
pub use request::{
    AttachmentsCreate, AttachmentsDelete, CustomAction, FeedbackKind, InputTranscribe,
    ItemsFeedback, ItemsList, Operation, Order, Request, ThreadsAddClientToolOutput,
    ThreadsAddStructuredInput, ThreadsAddUserMessage, ThreadsCreate, ThreadsDelete, ThreadsGetById,
    ThreadsList, ThreadsRetryAfterItem, ThreadsUpdate,
};
pub use source::{Annotation, EntitySource, FileSource, Source, UrlSource};
pub use structured_input::{
    AnswerSubmission, FreeformInput, MultipleChoiceInput, StructuredInput, StructuredInputAnswer,
    StructuredInputOption, StructuredInputStatus, StructuredInputSubmission, SubmissionStatus,
};
pub use task::{
    CustomTask, FileTask, ImageTask, StatusIndicator, Task, ThoughtTask, WebSearchTask,
};
pub use thread::{Thread, ThreadMetadata, ThreadStatus};
pub use update::{
    AnnotationAdded, ContentPartAdded, ContentPartDone, ContentPartTextDelta,
    GeneratedImageUpdated, ItemUpdate, WidgetComponentUpdated, WidgetRootUpdated,
    WidgetStreamingTextValueDelta, WorkflowTaskAdded, WorkflowTaskUpdated,
};
pub use user_message::{
    InferenceOptions, TagContent, TextContent, ToolChoice, UserContent, UserMessageInput,
};
pub use widget::Widget;
pub use workflow::{CustomSummary, DurationSummary, Workflow, WorkflowKind, WorkflowSummary};

/// A JSON object; used for fields that are open by design and for unknown fields.
pub type Map = serde_json::Map<String, serde_json::Value>;

/// The name of an icon: one of the built-in names, or one with the prefix `lucide:` or `vendor:`.
pub type Icon = String;
