//! The kit over its socket.

#[path = "all/calls.rs"]
mod calls;
#[path = "all/door.rs"]
mod door;
#[path = "all/stand.rs"]
mod stand;
