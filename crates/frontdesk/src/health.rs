//! What `/readyz` tells: whether requests can be served, and what is degraded.

use std::collections::BTreeMap;
use std::time::Duration;

use frontdesk_chat::Service;
use frontdesk_mcp_client::McpServers;
use serde::Serialize;

/// How long the store may take to answer.
const STORE_DEADLINE: Duration = Duration::from_secs(2);

/// How a server's readiness begins that is left alone.
const OPEN_BREAKER: &str = "open:";

/// How a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Ok,
    Degraded,
    /// It has failed so often that it is left alone for a while.
    Resting,
    Away,
}

/// Where the states of the parts come from.
#[derive(Default)]
pub(crate) struct Health {
    /// Parts without which the chat goes on, each with a way to ask.
    parts: Vec<(String, Ask)>,
    servers: McpServers,
}

type Ask = Box<dyn Fn() -> State + Send + Sync>;

/// The body of `/readyz`.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    status: State,
    store: State,
    parts: BTreeMap<String, State>,
}

impl Report {
    pub(crate) fn is_ready(&self) -> bool {
        self.status != State::Away
    }
}

impl Health {
    /// Adds a part. Asking must be quick.
    pub(crate) fn add(&mut self, name: String, state: impl Fn() -> State + Send + Sync + 'static) {
        self.parts.push((name, Box::new(state)));
    }

    /// Adds the tool servers.
    pub(crate) fn add_servers(&mut self, servers: McpServers) {
        self.servers = servers;
    }

    pub(crate) async fn report(&self, service: &Service) -> Report {
        let store = match tokio::time::timeout(STORE_DEADLINE, service.ready()).await {
            Ok(Ok(())) => State::Ok,
            Ok(Err(_)) | Err(_) => State::Away,
        };
        let mut parts: BTreeMap<String, State> = self
            .parts
            .iter()
            .map(|(name, state)| (name.clone(), state()))
            .collect();
        for server in self.servers.readiness().await {
            let state = match &server.away {
                None => State::Ok,
                Some(why) if why.starts_with(OPEN_BREAKER) => State::Resting,
                Some(_) => State::Away,
            };
            parts.insert(format!("mcp.{}", server.server), state);
        }
        let all_well = parts.values().all(|state| *state == State::Ok);
        let status = match store {
            State::Ok if all_well => State::Ok,
            State::Ok => State::Degraded,
            store => store,
        };
        Report {
            status,
            store,
            parts,
        }
    }
}
