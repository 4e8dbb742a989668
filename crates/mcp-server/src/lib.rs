//! The kit for MCP tool servers: tools as plain functions, sign-in, mounting into an axum application.
//!
//! A tool is an async function whose arguments are extractors: [`Caller`], [`State`], [`Params`], [`Cancelled`],
//! [`Progress`]. Only [`Params`] shows in the tool's schema, so a model can never say who is calling.
//!
//! ```
//! use frontdesk_mcp_server::{Caller, Params, Structured, Tool, ToolFailure, ToolServer};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Greeting { word: String }
//! #[derive(serde::Serialize, schemars::JsonSchema)]
//! struct Greeted { text: String }
//!
//! async fn greet(Caller(principal): Caller, Params(greeting): Params<Greeting>) -> Result<Structured<Greeted>, ToolFailure> {
//!     Ok(Structured(Greeted { text: format!("{}, {}", greeting.word, principal.user) }))
//! }
//!
//! let server = ToolServer::new("greeter", "1.0.0", ()).tool(Tool::new("greet", greet).title("Greet").read_only());
//! ```
//!
//! The protocol is MCP over [Streamable HTTP](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http),
//! without sessions in every revision, so that any replica answers any request.

mod body;
mod error;
mod extract;
mod function;
mod gate;
mod mount;
mod outcome;
mod protocol;
mod serve;
mod server;
mod tool;

pub use error::KitError;
pub use extract::{Call, Caller, Cancelled, FromCall, Params, Progress, State};
pub use function::ToolFunction;
pub use mount::{Authentication, MAX_BODY_BYTES, MountOptions};
pub use outcome::{Outcome, Structured, Text, ToolFailure};
pub use serve::serve;
pub use server::ToolServer;
pub use tool::Tool;
