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
//! /// Greets the caller.
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
//! What the model reads about a tool is [`Tool::description`], or the documentation of the type in its [`Params`];
//! what it reads about an argument is the documentation of the field.
//!
//! Resources ([`Resource`], [`ResourceTemplate`]) and prompts ([`Prompt`]) are functions of the same kind.
//! Each of the three may ask for scopes; a caller without them neither sees nor gets it.
//!
//! A server is served at `/mcp` by [`ToolServer::into_router`] and [`serve`], alone or within any axum application.
//! Who calls is an [`Authentication`]: in earnest by tokens, which `frontdesk_auth::incoming` verifies,
//! here everyone on this machine is the user `dev`.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use frontdesk_identity::{Principal, TenantId, UserId};
//! use frontdesk_mcp_server::{Authentication, MountOptions, Params, Text, Tool, ToolFailure, ToolServer, serve};
//!
//! /// Says a word back.
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Echo {
//!     /// The word.
//!     word: String,
//! }
//!
//! async fn echo(Params(Echo { word }): Params<Echo>) -> Result<Text, ToolFailure> {
//!     Ok(Text(word))
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let everyone = Principal::new(TenantId::single(), UserId::new("dev")?);
//!     let authentication = Authentication::Everyone(Arc::new(everyone));
//!     let options = MountOptions::new(authentication, "http://127.0.0.1:8001/mcp");
//!     let shutdown = options.shutdown.clone();
//!     let router = ToolServer::new("echo", "1.0.0", ()).tool(Tool::new("echo", echo)).into_router(options)?;
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:8001").await?;
//!     serve(listener, router, shutdown).await?;
//!     Ok(())
//! }
//! ```
//!
//! Its tests need no socket: see [`InMemory`]. The full example is TaskFlow, in `examples/taskflow`.
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
mod places;
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
