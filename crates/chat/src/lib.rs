//! The chat itself: a ChatKit request in, JSON or the events of a turn out.
//!
//! Transport-free: [`Service::handle`] takes a parsed request and the caller's context.
//! A streaming request begins a turn. The turn is a task of the server's; its [`Responder`] says what happens,
//! one recorder stores it and writes the turn's log, and every connection is only a reader of that log.
//! The built-in responder is [`assistant::Assistant`].

pub mod assistant;
mod clearing;
mod context;
mod error;
mod json_size;
mod options;
mod page;
mod responder;
mod secret_names;
mod service;
mod turn;
mod upkeep;
mod uploads;

pub use context::{Client, RequestContext};
pub use error::ChatError;
pub use options::{
    Limits, MOST_TURNS_AT_ONCE, OnDisconnect, Options, Processes, Retention, WhenBusy,
};
pub use page::{MAX_PAGE_BYTES, Page};
pub use responder::{Audio, Responder, TurnError, Unfinished};
pub use service::{FoundThread, Parts, Reply, Service, Stopped};
pub use turn::{Frame, Place, Turn, TurnReader};
pub use uploads::{NewUpload, UploadedFile, Uploads};
