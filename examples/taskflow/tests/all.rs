//! TaskFlow over its socket.

#[path = "all/asking.rs"]
mod asking;
#[path = "all/desk.rs"]
mod desk;
#[path = "all/memory.rs"]
mod memory;
#[path = "all/news.rs"]
mod news;
#[path = "all/paging.rs"]
mod paging;
#[path = "all/process.rs"]
mod process;
#[path = "all/projects.rs"]
mod projects;
#[path = "all/rules.rs"]
mod rules;
#[path = "all/stateless.rs"]
mod stateless;
#[path = "all/tools.rs"]
mod tools;
