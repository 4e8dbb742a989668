//! The clock and the ids that every other crate is handed.
//!
//! Nothing else may ask the system for the time or for an id; so a test decides both.

mod ids;
mod time;

pub use ids::{Ids, RandomIds, SequentialIds};
pub use jiff::Timestamp;
pub use time::{Clock, ManualClock, SystemClock};
