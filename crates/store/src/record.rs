//! The records that stores take and give.

pub(crate) mod connection;
pub(crate) mod continuation;
pub(crate) mod day;
pub(crate) mod entry;
pub(crate) mod feedback;
pub(crate) mod file;
pub mod form;
pub(crate) mod idle;
pub(crate) mod item;
pub(crate) mod key;
pub(crate) mod lease;
pub mod limit;
pub(crate) mod line;
pub(crate) mod log;
pub(crate) mod page;
pub(crate) mod step;
pub(crate) mod thread;
pub(crate) mod trim;
pub(crate) mod turn;
pub(crate) mod write;
