//! The tool servers: connected as toolsets, the embedded one mounted beside the routes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use frontdesk_agent::Toolset;
use frontdesk_auth::outgoing::{Anonymous, Broker, Signed, Signer};
use frontdesk_chat::assistant::TurnContext;
use frontdesk_clock::Clock;
use frontdesk_mcp_client::{McpServer, McpServerConfig, McpServers};
use url::Url;

use super::{End, embedded};
use crate::Error;
use crate::config::{McpAuth, McpSection, McpUrl};
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
    pub(crate) clock: Arc<dyn Clock>,
}

/// What connecting gives.
#[derive(Default)]
pub(crate) struct Connected {
    pub(crate) toolsets: Vec<Arc<dyn Toolset<TurnContext>>>,
    pub(crate) mounted: Option<Router>,
}

impl Tools<'_> {
    /// Connects all servers. One that is away is no error: it is asked again when it is needed.
    pub(crate) async fn connect(
        &self,
        health: &mut Health,
        end: &mut End,
    ) -> Result<Connected, Error> {
        let mut connected = Connected::default();
        let mut servers = Vec::new();
        for (name, server) in self.servers {
            let url = match &server.url.value {
                McpUrl::At(url) => url.clone(),
                McpUrl::Embedded => {
                    let url = self.embedded_url()?;
                    connected.mounted = Some(self.mount(server, &url, end).await?);
                    url
                }
            };
            let server = McpServer::new(self.client(name, server, url), self.http.clone());
            servers.push(Arc::new(server));
        }
        let servers = McpServers::new(servers);
        connected.toolsets = servers.toolsets();
        health.add_servers(servers.clone());
        let end_of_upkeep = end.calls();
        end.run(async move { servers.maintain(end_of_upkeep).await });
        Ok(connected)
    }

    fn client(&self, name: &str, server: &McpSection, url: Url) -> McpServerConfig {
        let auth: Arc<dyn Broker> = match server.auth.value {
            McpAuth::None => Arc::new(Anonymous),
            McpAuth::Signed => Arc::new(Signed {
                signer: Arc::clone(&self.signer),
                audience: server.audience.value.clone(),
            }),
        };
        McpServerConfig {
            connect_timeout: server.connect_timeout.value,
            call_timeout: server.call_timeout.value,
            ..McpServerConfig::new(name, url, auth)
        }
    }

    fn embedded_url(&self) -> Result<Url, Error> {
        let own = self.own_url.as_ref().ok_or_else(|| Error::Tools {
            detail:
                "the embedded server is called over a socket: say where, by own_url or own_address"
                    .to_owned(),
        })?;
        let mut url = own.clone();
        url.set_path(&format!(
            "{}/{EMBEDDED_PATH}",
            own.path().trim_end_matches('/')
        ));
        Ok(url)
    }

    async fn mount(&self, server: &McpSection, url: &Url, end: &mut End) -> Result<Router, Error> {
        let (audience, clock) = (&server.audience.value, Arc::clone(&self.clock));
        embedded::mount(&self.signer, audience, url, self.data_dir, clock, end).await
    }
}
