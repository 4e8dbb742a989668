//! The client against servers on sockets.

#[path = "all/away.rs"]
mod away;
#[path = "all/calls.rs"]
mod calls;
#[path = "all/stand.rs"]
mod stand;
#[path = "all/users.rs"]
mod users;
