//! The kit over its socket, and in memory.

#![expect(
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    reason = "what is read here is what the test is about, and a test that can't read it has failed"
)]

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
#[path = "all/mounting.rs"]
mod mounting;
#[path = "all/offers.rs"]
mod offers;
#[path = "all/questions.rs"]
mod questions;
#[path = "all/sessions.rs"]
mod sessions;
#[path = "all/stand.rs"]
mod stand;
