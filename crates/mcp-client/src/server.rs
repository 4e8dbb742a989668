//! A server as a toolset of the agent.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_agent::{
    RunContext, ToolContext, ToolError, ToolInfo, ToolOutput, Toolset, ToolsetError,
};
use frontdesk_auth::outgoing::{ArgumentSource, arrival};
use frontdesk_identity::SignedIn;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::breaker::Breaker;
use crate::credential::{Repeat, Sending};
use crate::hearing::Opened;
use crate::hidden::Values;
use crate::listing::Listing;
use crate::lists::Lists;
use crate::opening::{KnownEra, is_program, patiently};
use crate::pool::Pool;
use crate::readiness::Probe;
use crate::redact::Redactor;
use crate::{Endpoint, McpError, McpServerConfig, Readiness};

/// What the agent allows beyond our own deadline, so that ours, which tells the server, comes first.
const GRACE: Duration = Duration::from_secs(2);

/// A server: its connections and its tools.
#[derive(Debug)]
pub struct McpServer {
    pub(crate) config: McpServerConfig,
    pub(crate) http: reqwest::Client,
    pub(crate) pool: Pool,
    pub(crate) era: KnownEra,
    pub(crate) breaker: Breaker,
    probe: Probe,
    pub(crate) lists: Lists,
    pub(crate) opened: Opened,
}

impl McpServer {
    /// A server that is reached through this client, which must not follow redirects. Nothing is sent yet.
    pub fn new(config: McpServerConfig, http: reqwest::Client) -> Self {
        Self {
            pool: Pool::new(config.max_connections),
            breaker: Breaker::new(config.reconnecting),
            config,
            http,
            era: KnownEra::default(),
            probe: Probe::default(),
            lists: Lists::default(),
            opened: Opened::default(),
        }
    }

    /// How it is configured.
    pub fn config(&self) -> &McpServerConfig {
        &self.config
    }

    /// How many connections stand.
    pub fn connections(&self) -> usize {
        self.pool.len()
    }

    /// Whether it answers; at most one request in five seconds is spent on this, and none while it is left alone.
    pub async fn readiness(&self) -> Readiness {
        if let Some(wait) = self.breaker.resting(Instant::now()) {
            return Readiness {
                server: self.config.name.clone(),
                away: Some(format!(
                    "open: it has failed repeatedly and is tried again in {} s",
                    wait.as_secs_f64().ceil()
                )),
            };
        }
        match &self.config.endpoint {
            Endpoint::Http(url) => {
                let name = &self.config.name;
                let limit = self.config.probe_timeout;
                self.probe.readiness(name, url, &self.http, limit).await
            }
            Endpoint::Command(_) => Readiness {
                server: self.config.name.clone(),
                away: None,
            },
        }
    }

    /// Closes connections that have been idle too long.
    pub fn close_idle(&self) {
        self.pool.sweep(self.config.idle_timeout);
    }

    /// Closes all connections, each when its last call has ended.
    pub fn close(&self) {
        self.pool.clear();
    }

    /// The tools that this user may use.
    ///
    /// # Errors
    /// The server can't be reached, or refuses.
    pub async fn tools(&self, caller: &SignedIn) -> Result<Vec<ToolInfo>, McpError> {
        Ok(self.listing(caller).await?.infos().to_vec())
    }

    /// The list that is good now, fetched if need be.
    pub(crate) async fn listing(&self, caller: &SignedIn) -> Result<Arc<Listing>, McpError> {
        let owner = caller.principal.scope();
        let own = self.pool.own_connection(&owner);
        if own.is_some_and(|connection| connection.take_tools_changed()) {
            self.lists.forget(&owner);
        }
        let shared = self.pool.shared_connection();
        if shared.is_some_and(|connection| connection.take_tools_changed()) {
            self.lists.changed();
        }
        if let Some(known) = self.lists.fresh(&owner) {
            return Ok(known);
        }
        let redactor = Redactor::default();
        let mut sending = self.sending(caller, Repeat::Harmless, &redactor).await?;
        let _turn = self.lists.turn(self.config.turn_timeout).await;
        if let Some(known) = self.lists.fresh(&owner) {
            return Ok(known);
        }
        let limit = self.config.connect_timeout;
        let generation = self.lists.generation();
        let mut tries = 0;
        loop {
            let held = self.attempt(&mut sending).await?;
            let tools = held.connection.tools(&sending, limit);
            let tools = patiently(limit, held.connection.credential(), tools).await;
            let tools = tools.unwrap_or(Err(McpError::Timeout { limit }));
            let settled = self.settled(&held, tools, sending.repeat, &mut tries);
            if let Some(fetched) = settled.map_err(|error| error.redacted(&redactor))? {
                return Ok(self.lists.keep(&owner, fetched, generation, &self.config));
            }
        }
    }

    /// What goes with a request of this caller; asked for before anything is sent, so that nobody else waits for it.
    pub(crate) async fn sending(
        &self,
        caller: &SignedIn,
        repeat: Repeat,
        redactor: &Redactor,
    ) -> Result<Sending, McpError> {
        let attachment = self.config.auth.attachment(caller).await?;
        let attached = attachment.bearer.is_some() || !attachment.headers.is_empty();
        if attached && is_program(&self.config.endpoint) {
            return Err(McpError::Identity(
                frontdesk_auth::outgoing::OutgoingError::NotUsable {
                    reason: "a program takes no sign-in, only hidden arguments",
                },
            ));
        }
        Ok(Sending::new(
            caller.clone(),
            attachment,
            repeat,
            redactor.clone(),
        ))
    }

    /// The hidden values of a call, and what must not be seen of them.
    pub(crate) async fn hidden(&self, caller: &SignedIn) -> Result<(Values, Redactor), McpError> {
        let mut sources = self.config.hidden.values();
        if sources.any(|source| matches!(source, ArgumentSource::Token)) {
            arrival(caller).await?;
        }
        let values = crate::hidden::values(&self.config.hidden, caller)?;
        let redactor = Redactor::new(&values);
        Ok((values, redactor))
    }
}

#[async_trait]
impl<C: Send + Sync + 'static> Toolset<C> for McpServer {
    fn name(&self) -> &str {
        &self.config.name
    }

    async fn list(&self, context: &RunContext<C>) -> Result<Vec<ToolInfo>, ToolsetError> {
        match self.tools(&context.signed_in()).await {
            Ok(tools) => Ok(tools),
            Err(error) => match self.instead_of_tools(&error) {
                Some(tool) => Ok(vec![tool]),
                None => Err(error.into()),
            },
        }
    }

    async fn call(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        context: ToolContext<C>,
    ) -> Result<ToolOutput, ToolError> {
        let called = self.call(name, arguments, &context);
        let outcome = tokio::select! {
            () = context.cancel.cancelled() => return Err(ToolError::plain("the call was cancelled")),
            outcome = called => outcome,
        };
        outcome.map_err(|error| {
            tracing::warn!(server = self.config.name, tool = name, %error, "a tool call failed");
            error.into_tool_error(&self.config.name)
        })
    }

    fn call_timeout(&self) -> Option<Duration> {
        let longest = self.config.tool_timeouts.values().copied().max();
        let longest = longest.unwrap_or_default().max(self.config.call_timeout);
        Some(longest.saturating_add(GRACE))
    }
}
