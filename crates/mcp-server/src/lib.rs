//! The kit for MCP tool servers: tools, resources and prompts as plain functions, sign-in, mounting into an axum
//! application.
//!
//! A tool is an async function whose arguments are extractors: [`Caller`], [`State`], [`Params`], [`RequestInfo`],
//! [`Progress`], [`Cancelled`], [`Log`], [`Notifier`], [`Elicit`], [`Sample`], [`Roots`].
//! Only [`Params`] shows in the tool's schema, so a model can never say who is calling.
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
//! Resources ([`Resource`], [`ResourceTemplate`]) and prompts ([`Prompt`]) are functions of the same kind.
//! Each of the three may ask for scopes; a caller without them neither sees nor gets it.
//!
//! The protocol is MCP over [Streamable HTTP](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http),
//! from 2025-03-26 to 2026-07-28 at one address, without sessions where [`Sessions`] doesn't say otherwise,
//! so that any replica answers any request.

mod asking;
mod body;
mod catalogue;
mod content;
mod core;
mod cors;
mod drive;
mod elicit;
mod error;
mod extract;
mod form;
mod function;
mod gate;
mod line;
mod lists;
mod log;
mod memory;
mod mirror;
mod mount;
mod notify;
mod outcome;
mod plain;
mod prompt;
mod protocol;
mod refusal;
mod request;
mod resource;
mod sample;
mod seal;
mod serve;
mod server;
mod session;
mod sessions;
mod template;
mod tool;

pub use content::{Body, Content, Contents, Link, Media};
pub use elicit::{Elicit, Elicited};
pub use error::KitError;
pub use extract::{Call, Caller, Cancelled, FromCall, Params, Partial, Progress, State};
pub use function::Function;
pub use log::{Level, Log};
pub use memory::{InMemory, InMemoryError};
pub use mount::{Authentication, MAX_BODY_BYTES, MountOptions, Mounted};
pub use notify::Notifier;
pub use outcome::{Outcome, Structured, Text, ToolFailure, ToolResult};
pub use prompt::{IntoMessages, Message, Prompt, Role};
pub use request::{Client, Era, RequestInfo};
pub use resource::{IntoContents, Resource, ResourceTemplate};
pub use sample::{Root, Roots, Sample, Sampled, Sampling};
pub use seal::STATE_LIFETIME;
pub use serve::serve;
pub use server::ToolServer;
pub use sessions::Sessions;
pub use tool::Tool;
