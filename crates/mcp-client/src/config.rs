//! What is configured about a server.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_auth::outgoing::Broker;
use url::Url;

/// Which family of protocol revisions is spoken with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Era {
    /// 2026-07-28 where the server has it, else by the `initialize` handshake; what worked is remembered.
    #[default]
    Auto,
    /// 2026-07-28 alone: no handshake, no session.
    Stateless,
    /// 2025-11-25 and before, by the `initialize` handshake.
    Initialize,
}

/// A server, as configured.
#[derive(Debug, Clone)]
pub struct McpServerConfig {
    /// Its name: in logs, and as a prefix where tools of several servers have one name.
    pub name: String,
    /// Its address: `http://localhost:8001/mcp`.
    pub url: Url,
    /// How it learns who is calling.
    pub auth: Arc<dyn Broker>,
    /// Which protocol revisions are spoken.
    pub era: Era,
    /// How long a connection may take, with its handshake and the tool list.
    pub connect_timeout: Duration,
    /// How long a call may go without an answer or progress.
    pub call_timeout: Duration,
    /// How long a call may take in all, whatever its progress.
    pub max_call_time: Duration,
    /// How long a user's connection is kept without a call.
    pub idle_timeout: Duration,
}

impl McpServerConfig {
    /// A server with the usual times: 5 s to connect, 60 s for a call, 10 minutes with progress, 5 minutes idle.
    pub fn new(name: impl Into<String>, url: Url, auth: Arc<dyn Broker>) -> Self {
        Self {
            name: name.into(),
            url,
            auth,
            era: Era::Auto,
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_mins(1),
            max_call_time: Duration::from_mins(10),
            idle_timeout: Duration::from_mins(5),
        }
    }
}
