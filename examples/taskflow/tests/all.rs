//! TaskFlow over its socket.

#[path = "all/desk.rs"]
mod desk;
#[path = "all/rules.rs"]
mod rules;
#[path = "all/tools.rs"]
mod tools;
