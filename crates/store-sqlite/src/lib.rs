//! The SQLite store: the embedded default.
//!
//! One connection writes, fed by a bounded queue whose jobs share transactions; several read.
//! Statements are literal, one file per record family, and every one that a request can reach carries
//! tenant and user.

mod archive;
mod attachments;
mod backup;
mod begin;
mod connect;
mod connections;
mod fault;
mod feedback;
mod files;
mod follow_up;
mod forget;
mod index_older;
mod items;
mod keys;
mod leases;
mod maintenance;
mod migrate;
mod restore;
mod row;
mod script;
mod search;
mod steps;
mod store;
mod threads;
mod turns;
mod usage;
mod wakeups;
mod write;
mod writer;

pub use connect::Options;
pub use store::SqliteStore;
