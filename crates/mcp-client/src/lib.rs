//! The MCP client: kept connections, identity at call time, tools for the agent.
//!
//! An [`McpServer`] is an [agent toolset](frontdesk_agent::Toolset) over
//! [Streamable HTTP](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http).
//! or over the pipes of a program. Its connection is shared where the protocol has each request speak for itself, and
//! each user's own where there are sessions; each request carries an identity that was asked for just then.

mod account;
mod answer;
mod asking;
mod breaker;
mod call;
mod challenge;
mod config;
mod connecting;
mod connection;
mod credential;
mod events;
mod failure;
mod filter;
mod hearing;
mod hidden;
mod http;
mod http_failure;
mod in_flight;
mod interaction;
mod listing;
mod lists;
mod opening;
mod output;
mod pool;
mod process;
mod progress;
mod readiness;
mod redact;
mod requests;
mod schema;
mod server;
mod servers;

pub use breaker::Reconnecting;
pub use config::{Command, Endpoint, Era, McpServerConfig};
pub use failure::McpError;
pub use filter::ToolFilter;
pub use interaction::{Ability, Asking, Declining, Elicitation, Elicited, Interaction, Root};
pub use output::MAX_OUTPUT_BYTES;
pub use pool::MAX_CONNECTIONS;
pub use readiness::Readiness;
pub use server::McpServer;
pub use servers::McpServers;
