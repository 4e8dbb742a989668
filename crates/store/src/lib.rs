//! Storage: the traits that a back end implements, the records they take and give, the in-memory store
//! and the contract suite that every store passes.
//!
//! - [`Threads`], [`Items`], [`Attachments`], [`Turns`], [`Connections`], [`Usage`], [`Feedback`] and [`Search`] are what a request may do; each
//!   method takes a [`Scope`](frontdesk_identity::Scope), and nothing of another owner is ever read, changed or hinted at.
//!   [`Store`] is all of them.
//! - A turn is run by the process that holds its [`Lease`]. [`Wakeups`] let processes hear of each other.
//! - [`Maintenance`] is for the process itself (log flush, takeover, sweeps), [`Keys`] for finding out who calls, [`Feedbacks`] for the operator;
//!   request code can name none of them through a [`Store`].
//! - [`Files`] and [`FileUpkeep`] know of attachments' bytes, for whoever keeps these.
//! - Threads and items are ordered by (time, id), in whole microseconds; a cursor is the id of the last row.
//! - [`Turns::begin_turn`] and [`Turns::write_turn`] are one transaction each. A write is fenced: it changes
//!   nothing unless its turn still runs under its attempt.
//! - Ids are unique for an owner. Two owners may have the same id without knowing of each other; an id that
//!   belongs to another thread of the same owner is a [`StoreError::Conflict`]. Turn ids are our own and never meet.

mod archive;
mod attachments;
mod connections;
mod error;
mod feedback;
mod files;
mod items;
mod keys;
mod maintenance;
mod record;
mod search;
mod store;
mod threads;
mod turns;
mod usage;
mod wakeups;

pub mod column;
#[cfg(feature = "contract")]
pub mod contract;
pub mod memory;
pub mod words;

pub use archive::Archive;
pub use attachments::Attachments;
pub use connections::Connections;
pub use error::StoreError;
pub use feedback::{Feedback, Feedbacks};
pub use files::{FileUpkeep, Files};
pub use items::Items;
pub use keys::Keys;
pub use maintenance::Maintenance;
pub use record::connection::{CameBack, Connecting, Connection};
pub use record::continuation::{Continuation, Fingerprint, TakenOver};
pub use record::day::UtcDay;
pub use record::entry::{Entry, Forgotten, SealedConnection};
pub use record::feedback::ItemFeedback;
pub use record::file::{Kept, ObjectName, StoredFile};
pub use record::idle::{Idle, Tenants};
pub use record::item::StoredItem;
pub use record::key::{ApiKey, KeyId};
pub use record::lease::{Held, Lease, ProcessId};
pub use record::line::{InvalidLine, Line};
pub use record::log::{EventId, InvalidEventId, LogBatch};
pub use record::page::PageRequest;
pub use record::step::Step;
pub use record::thread::{Entered, ThreadPatch};
pub use record::trim::Trim;
pub use record::turn::{TurnId, TurnRecord, TurnStatus, UnknownStatus};
pub use record::write::{After, Began, BeginTurn, TurnEnd, TurnKey, TurnWrite, Written};
pub use record::{form, limit};
pub use search::{Found, Search, SearchRequest};
pub use store::Store;
pub use threads::Threads;
pub use turns::Turns;
pub use usage::Usage;
pub use wakeups::{Wakeup, Wakeups};

/// The result of a store's method.
pub type Result<T> = std::result::Result<T, StoreError>;
