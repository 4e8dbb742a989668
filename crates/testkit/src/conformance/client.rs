//! The client that the suite tests: it connects, takes a look at everything that the server has, and calls every tool.
//! That is what nearly all scenarios want; what differs is told by [`Scenario`].

mod answers;
mod arguments;
mod sign_in;
mod tour;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use frontdesk_identity::{Principal, SignedIn, TenantId, UserId};
use frontdesk_mcp_client::{Era, McpServer, McpServerConfig};
use frontdesk_model::http;
use serde::Deserialize;
use url::Url;

use answers::Willing;
use sign_in::SignIn;

/// The first revision without a handshake.
const STATELESS: &str = "2026-07-28";

/// How long a server may take to be connected to; the machine may be busy with other scenarios.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the suite says about the scenario that it runs.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name: `auth/basic-cimd`.
    pub name: String,
    /// The revision that is spoken: `2025-11-25`.
    pub revision: String,
    /// What the scenario gives its client to use.
    pub context: Given,
}

/// What a scenario gives its client to use.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Given {
    /// Calls that have to be made, in place of one of each tool.
    #[serde(rename = "toolCalls")]
    pub tool_calls: Vec<ToolCall>,
    /// The client's id at the authorization server, where it is registered there.
    pub client_id: Option<String>,
    /// The secret that belongs to it.
    pub client_secret: Option<String>,
}

/// A call that has to be made.
#[derive(Debug, Clone, Deserialize)]
pub struct ToolCall {
    /// The tool.
    pub name: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: serde_json::Map<String, serde_json::Value>,
}

/// Does what a scenario wants of a client.
pub async fn run(server: Url, scenario: Scenario) -> Result<()> {
    let principal = Principal::new(TenantId::single(), UserId::new("conformance")?);
    let caller = SignedIn::new(principal);
    let sign_in = SignIn::new(&server, &scenario.context)?;
    let mut config = McpServerConfig::new("conformance", server, Arc::new(sign_in));
    config.era = if scenario.revision.as_str() >= STATELESS {
        Era::Stateless
    } else {
        Era::Initialize
    };
    config.connect_timeout = PATIENCE;
    config.interaction = Arc::new(Willing);
    let http = http::client().context("cannot make the HTTP client")?;
    let server = McpServer::new(config, http);
    let outcome = tour::take(&server, &caller, &scenario).await;
    server.close();
    outcome
}
