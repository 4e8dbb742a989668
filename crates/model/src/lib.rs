//! Model providers: a request in, a stream of model events out.
//!
//! The internal language is the item and event model of the Responses API, read leniently:
//! unknown fields and item kinds are kept for replay, unknown events never fail a run.
//! Everything that a provider sends is bounded, and dropping a stream cancels its call.

mod answer;
pub mod anthropic;
mod call;
mod decode;
mod error;
mod event;
mod failure;
mod fallback;
mod form;
pub mod http;
mod item;
mod limited;
pub mod openai_chat;
pub mod openai_responses;
mod prices;
mod provider;
mod raw;
pub mod recorded;
mod request;
mod schema;
pub mod scripted;
pub mod sse;
mod surrogates;
mod transcription;
mod turns;

pub use call::{Retry, Timeouts};
pub use error::{Error, ErrorKind};
pub use event::{Event, Usage};
pub use fallback::Fallback;
pub use item::{ContentPart, FunctionCall, FunctionCallOutput, Item, Message, Reasoning, Role};
pub use limited::{Limited, Limits};
pub use prices::{Priced, Prices};
pub use provider::{EventStream, Model};
pub use request::{
    OutputFormat, ParallelToolCalls, Request, Settings, Strictness, ToolChoice, ToolDefinition,
};
pub use schema::Schema;
pub use transcription::{Transcriber, Transcription, TranscriptionConfig};
