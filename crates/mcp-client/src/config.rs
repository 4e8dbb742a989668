//! What is configured about a server.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_auth::outgoing::{ArgumentSource, Broker};
use frontdesk_identity::Secret;
use url::Url;

use crate::breaker::Reconnecting;
use crate::filter::ToolFilter;
use crate::interaction::{Declining, Interaction};
use crate::pool::MAX_CONNECTIONS;

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

/// How a server is reached.
#[derive(Debug, Clone)]
pub enum Endpoint {
    /// Streamable HTTP at this address: `http://localhost:8001/mcp`.
    Http(Url),
    /// A program of the operator's, spoken with over its standard input and output. All users share the one process,
    /// which has no way to tell them apart but hidden arguments.
    Command(Command),
}

/// A program and what it is started with. Of our own environment it gets `PATH` alone.
#[derive(Debug, Clone, Default)]
pub struct Command {
    /// The program: a path, or a name that is looked up in `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its environment.
    pub env: BTreeMap<String, Secret>,
    /// Where it runs; our own working directory where it isn't said.
    pub working_dir: Option<PathBuf>,
}

impl From<Url> for Endpoint {
    fn from(url: Url) -> Self {
        Self::Http(url)
    }
}

impl From<Command> for Endpoint {
    fn from(command: Command) -> Self {
        Self::Command(command)
    }
}

/// A server, as configured.
#[derive(Debug, Clone)]
pub struct McpServerConfig {
    /// Its name: in logs, and as a prefix where tools of several servers have one name.
    pub name: String,
    /// How it is reached.
    pub endpoint: Endpoint,
    /// How it learns who is calling. A program can't be told: its broker must attach nothing.
    pub auth: Arc<dyn Broker>,
    /// Arguments that we fill in at call time and that the model neither sees nor decides, by name.
    pub hidden: BTreeMap<String, ArgumentSource>,
    /// Which of its tools are offered.
    pub tools: ToolFilter,
    /// Which protocol revisions are spoken.
    pub era: Era,
    /// How long a connection may take, with its handshake and the tool list.
    pub connect_timeout: Duration,
    /// How long it may be silent where it is only asked whether it answers, or whether it has the newer protocol.
    pub probe_timeout: Duration,
    /// How long a user waits for another who opens the connection, or fetches the list, that both may share.
    pub turn_timeout: Duration,
    /// How long a call may go without an answer or progress.
    pub call_timeout: Duration,
    /// The same for single tools, by the server's name for them.
    pub tool_timeouts: BTreeMap<String, Duration>,
    /// How long a call may take in all, whatever its progress.
    pub max_call_time: Duration,
    /// How long a connection is kept without a call.
    pub idle_timeout: Duration,
    /// How many users may be connected at once, where each has a connection of their own.
    pub max_connections: usize,
    /// How it is tried again after failures.
    pub reconnecting: Reconnecting,
    /// Who answers what the server asks of us in the middle of a call.
    pub interaction: Arc<dyn Interaction>,
}

impl McpServerConfig {
    /// A server with the usual times: 5 s to connect, 60 s for a call, 10 minutes with progress, 5 minutes idle.
    pub fn new(
        name: impl Into<String>,
        endpoint: impl Into<Endpoint>,
        auth: Arc<dyn Broker>,
    ) -> Self {
        Self {
            name: name.into(),
            endpoint: endpoint.into(),
            auth,
            hidden: BTreeMap::new(),
            tools: ToolFilter::default(),
            era: Era::Auto,
            connect_timeout: Duration::from_secs(5),
            probe_timeout: Duration::from_secs(1),
            turn_timeout: Duration::from_secs(1),
            call_timeout: Duration::from_mins(1),
            tool_timeouts: BTreeMap::new(),
            max_call_time: Duration::from_mins(10),
            idle_timeout: Duration::from_mins(5),
            max_connections: MAX_CONNECTIONS,
            reconnecting: Reconnecting::default(),
            interaction: Arc::new(Declining),
        }
    }

    /// How long a call of this tool may go without an answer or progress.
    pub(crate) fn timeout_of(&self, tool: &str) -> Duration {
        self.tool_timeouts
            .get(tool)
            .copied()
            .unwrap_or(self.call_timeout)
    }
}
