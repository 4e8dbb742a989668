//! TaskFlow over its socket.

#[path = "all/desk.rs"]
mod desk;
#[path = "all/paging.rs"]
mod paging;
#[path = "all/projects.rs"]
mod projects;
#[path = "all/rules.rs"]
mod rules;
#[path = "all/tools.rs"]
mod tools;
