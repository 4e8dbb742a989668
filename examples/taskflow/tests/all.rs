//! TaskFlow over its socket.

#[path = "all/desk.rs"]
mod desk;
#[path = "all/tools.rs"]
mod tools;
