//! All that TaskFlow does, in a schema of a PostgreSQL database.

#[path = "asking.rs"]
mod asking;
#[path = "desk.rs"]
mod desk;
#[path = "memory.rs"]
mod memory;
#[path = "news.rs"]
mod news;
#[path = "paging.rs"]
mod paging;
#[path = "schema.rs"]
mod place;
#[path = "projects.rs"]
mod projects;
#[path = "rules.rs"]
mod rules;
#[path = "stateless.rs"]
mod stateless;
#[path = "tools.rs"]
mod tools;
