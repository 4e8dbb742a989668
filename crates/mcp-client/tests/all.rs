//! The client against servers on sockets.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's server may fail as its test does"
)]

#[path = "all/asking.rs"]
mod asking;
#[path = "all/away.rs"]
mod away;
#[path = "all/bad.rs"]
mod bad;
#[path = "all/calls.rs"]
mod calls;
#[path = "all/hiding.rs"]
mod hiding;
#[path = "all/listing.rs"]
mod listing;
#[cfg(target_os = "linux")]
#[path = "all/programs.rs"]
mod programs;
#[path = "all/script.rs"]
mod script;
#[path = "all/signing_in.rs"]
mod signing_in;
#[path = "all/stand.rs"]
mod stand;
#[path = "all/users.rs"]
mod users;
