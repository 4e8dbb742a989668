//! TaskFlow over its socket, on both of its stores.
#![expect(clippy::duplicate_mod, reason = "one suite runs on both stores")]

#[path = "all/postgres.rs"]
mod postgres;
#[path = "all/process.rs"]
mod process;
#[path = "all/sqlite.rs"]
mod sqlite;
