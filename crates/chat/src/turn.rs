//! A turn: what happens between a message and the end of its answer.
//!
//! The turn is a task of the server's. [`Turn`] is what its responder holds; the recorder behind it stores
//! what is done before anyone sees it as done, and appends every event to the turn's log.
//! A connection is a [`TurnReader`] of that log, so resuming is reading on.

mod bells;
mod claim;
mod continuation;
mod flush;
mod follow;
mod frame;
mod handle;
mod hold;
mod hub;
mod lease;
mod live;
mod meaning;
mod pending;
mod reader;
mod recall;
mod recorder;
mod refused;
mod stored;
mod tail;
mod takeover;
mod task;
mod thread_time;
mod tokens;
mod writing;

pub use frame::Frame;
pub use handle::{Place, Turn};
pub use reader::TurnReader;

pub(crate) use continuation::write as write_continuation;
pub(crate) use flush::Flusher;
pub(crate) use follow::{Followers, NOTED_FOR};
pub(crate) use frame::Audience;
pub(crate) use hub::Hub;
pub(crate) use lease::Keeper;
pub(crate) use live::{LiveTurn, StopReason, WhenUnread};
pub(crate) use pending::NOT_FINISHED;
pub(crate) use recorder::Recorder;
pub(crate) use takeover::Takeover;
pub(crate) use task::{Call, Running, STOPPED_NOTE, run};
pub(crate) use thread_time::ThreadTime;
