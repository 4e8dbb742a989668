//! The tool servers: connected as toolsets, the embedded one mounted beside the routes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use frontdesk_agent::Toolset;
use frontdesk_auth::outgoing::oauth::Connect;
use frontdesk_auth::outgoing::{Broker, Signer};
use frontdesk_chat::assistant::TurnContext;
use frontdesk_clock::Clock;
use frontdesk_mcp_client::{Endpoint, McpServer, McpServerConfig, McpServers};
use url::Url;

use super::brokers::Brokers;
use super::{End, embedded};
use crate::Error;
use crate::config::{McpEndpoint, McpSection};
use crate::health::Health;

/// Where the embedded server is, below our own URL.
const EMBEDDED_PATH: &str = "mcp";

/// What connecting needs.
pub(crate) struct Tools<'a> {
    pub(crate) http: &'a reqwest::Client,
    pub(crate) servers: &'a BTreeMap<String, McpSection>,
    pub(crate) signer: Arc<Signer>,
    pub(crate) data_dir: &'a Path,
    pub(crate) own_url: Option<Url>,
    /// Where others find us, if it isn't there.
    pub(crate) public_url: Option<Url>,
    /// Further names that we are called by.
    pub(crate) allowed_hosts: &'a [String],
    pub(crate) clock: Arc<dyn Clock>,
}

/// What connecting gives.
#[derive(Default)]
pub(crate) struct Connected {
    pub(crate) toolsets: Vec<Arc<dyn Toolset<TurnContext>>>,
    pub(crate) mounted: Option<Router>,
    pub(crate) accounts: Connect,
}

impl Tools<'_> {
    /// Connects all servers. One that is away is no error: it is asked again when it is needed.
    pub(crate) async fn connect(
        &self,
        mut brokers: Brokers,
        health: &mut Health,
        end: &mut End,
    ) -> Result<Connected, Error> {
        let mut connected = Connected::default();
        let mut servers = Vec::new();
        for (name, server) in self.servers {
            let (url, endpoint) = match &server.endpoint.value {
                McpEndpoint::At(url) => (Some(url.clone()), Endpoint::Http(url.clone())),
                McpEndpoint::Embedded => {
                    let own = self.own_url.as_ref().ok_or_else(no_own_url)?;
                    connected.mounted = Some(self.mount(server, own, end).await?);
                    let url = embedded_url(own);
                    (Some(url.clone()), Endpoint::Http(url))
                }
                McpEndpoint::Command(command) => (None, Endpoint::Command(command.clone())),
            };
            let auth = brokers.broker(name, server, url.as_ref())?;
            let config = client(name, server, endpoint, auth);
            servers.push(Arc::new(McpServer::new(config, self.http.clone())));
        }
        let servers = McpServers::new(servers);
        connected.toolsets = servers.toolsets();
        connected.accounts = brokers.connect();
        health.add_servers(servers.clone());
        let end_of_upkeep = end.calls();
        end.run(async move { servers.maintain(end_of_upkeep).await });
        Ok(connected)
    }

    /// Others call it by the public address, we ourselves by our own; both are served.
    async fn mount(&self, server: &McpSection, own: &Url, end: &mut End) -> Result<Router, Error> {
        let (audience, clock) = (&server.audience.value, Arc::clone(&self.clock));
        let resource = embedded_url(self.public_url.as_ref().unwrap_or(own));
        let ours = own.host_str().map(str::to_owned);
        let hosts = self.allowed_hosts.iter().cloned().chain(ours).collect();
        let (signer, data_dir) = (&self.signer, self.data_dir);
        embedded::mount(signer, audience, &resource, hosts, data_dir, clock, end).await
    }
}

fn no_own_url() -> Error {
    Error::Tools {
        detail: "the embedded server is called over a socket: say where, by own_url or own_address"
            .to_owned(),
    }
}

/// The embedded server below this address of ours.
fn embedded_url(base: &Url) -> Url {
    let mut url = base.clone();
    url.set_path(&format!(
        "{}/{EMBEDDED_PATH}",
        base.path().trim_end_matches('/')
    ));
    url
}

fn client(
    name: &str,
    server: &McpSection,
    endpoint: Endpoint,
    auth: Arc<dyn Broker>,
) -> McpServerConfig {
    let calls = &server.calls;
    let usual = McpServerConfig::new(name, endpoint, auth);
    let hidden = server.arguments.iter();
    let timeouts = calls.tool_timeouts.iter();
    McpServerConfig {
        hidden: hidden
            .map(|(argument, source)| (argument.clone(), source.value.clone()))
            .collect(),
        tools: server.tools.clone(),
        era: calls.era.value,
        connect_timeout: calls.connect_timeout.value,
        call_timeout: calls.call_timeout.value,
        tool_timeouts: timeouts
            .map(|(tool, timeout)| (tool.clone(), timeout.value))
            .collect(),
        max_call_time: match &calls.max_call_time {
            Some(most) => most.value,
            None => usual.max_call_time.max(calls.longest()),
        },
        idle_timeout: calls
            .idle_timeout
            .as_ref()
            .map_or(usual.idle_timeout, |time| time.value),
        max_connections: calls
            .max_connections
            .as_ref()
            .map_or(usual.max_connections, |most| most.value),
        ..usual
    }
}
