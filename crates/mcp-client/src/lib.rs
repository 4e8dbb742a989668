//! The MCP client: kept connections, identity at call time, tools for the agent.
//!
//! An [`McpServer`] is an [agent toolset](frontdesk_agent::Toolset) over
//! [Streamable HTTP](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http).
//! It keeps a connection for each user, so that no session is ever shared, and each request on it carries
//! an identity that was made for that very request.

mod config;
mod connection;
mod credential;
mod events;
mod failure;
mod in_flight;
mod listing;
mod output;
mod pool;
mod readiness;
mod server;
mod servers;

pub use config::{Era, McpServerConfig};
pub use failure::McpError;
pub use output::MAX_OUTPUT_BYTES;
pub use pool::MAX_CONNECTIONS;
pub use readiness::Readiness;
pub use server::McpServer;
pub use servers::McpServers;
