//! The records that stores take and give.

pub mod form;
pub(crate) mod item;
pub mod limit;
pub(crate) mod log;
pub(crate) mod page;
pub(crate) mod step;
pub(crate) mod thread;
pub(crate) mod trim;
pub(crate) mod turn;
pub(crate) mod write;
