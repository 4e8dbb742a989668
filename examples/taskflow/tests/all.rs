//! TaskFlow over its socket, on both of its stores.

#[path = "all/process.rs"]
mod process;
#[path = "all/sqlite.rs"]
mod sqlite;
