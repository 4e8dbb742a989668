//! The PostgreSQL store: for many processes on one database, beside an application's own tables.
//!
//! Everything is in a schema of its own. Nearly every operation is one statement, which is a transaction by itself:
//! it costs one round trip, and a connection that breaks leaves nothing open.
//! Statements are literal, one file per record family, and every one that a request can reach carries
//! tenant and user.
//!
//! # Poolers
//! The schema and the timeouts are settings of a session, and statements are prepared. A pooler that gives each
//! transaction another session (`PgBouncer` in transaction mode) keeps neither for sure: let the store connect to the
//! database itself, or let the pooler keep sessions. Where that can't be, set `search_path` for the role
//! (`alter role … set search_path = …`), let the pooler follow prepared statements (`max_prepared_statements`), and
//! name the database itself in [`Options::listen_url`], because no such pooler passes notifications on.

mod archive;
mod attachments;
mod begin;
mod connect;
mod connections;
mod counting;
mod cut;
mod fault;
mod feedback;
mod files;
mod follow_up;
mod forget;
mod items;
mod keys;
mod leases;
mod listener;
mod logs;
mod maintenance;
mod migrate;
mod options;
mod pool;
mod restore;
mod row;
mod search;
mod steps;
mod store;
mod text;
mod threads;
mod turns;
mod usage;
mod wakeups;
mod write;

pub use options::Options;
pub use store::PostgresStore;
