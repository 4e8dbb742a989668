//! TaskFlow, a small task manager as an MCP server: the tools of the demonstration, and an example of the kit.
//!
//! A user is who the kit's [`Caller`](frontdesk_mcp_server::Caller) says; no tool takes one as an argument,
//! and every statement carries the tenant and the user.

mod desk;
mod error;
mod project;
mod prompts;
mod resources;
mod store;
mod task;
mod tools;

pub use error::TaskflowError;
pub use project::{Project, ProjectId, ProjectName};
pub use store::{SCHEMA, Tasks};
pub use task::{Priority, Status, Task, TaskId};
pub use tools::server;

/// The scope of a token that may read.
pub const READ: &str = "tasks:read";

/// The scope of a token that may change things.
pub const WRITE: &str = "tasks:write";

/// All scopes, for servers whose tokens say who somebody is and nothing of scopes.
pub const SCOPES: [&str; 2] = [READ, WRITE];

/// What the scripted model says and does with these tools: a script in the form that `frontdesk-model` reads.
pub const RULES: &str = include_str!("../rules.toml");
