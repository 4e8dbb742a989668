//! The kit over its socket, and in memory.

#[path = "all/calls.rs"]
mod calls;
#[path = "all/changes.rs"]
mod changes;
#[path = "all/checks.rs"]
mod checks;
#[path = "all/door.rs"]
mod door;
#[path = "all/memory.rs"]
mod memory;
#[path = "all/offers.rs"]
mod offers;
#[path = "all/questions.rs"]
mod questions;
#[path = "all/sessions.rs"]
mod sessions;
#[path = "all/stand.rs"]
mod stand;
