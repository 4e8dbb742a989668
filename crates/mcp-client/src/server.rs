//! A server as a toolset of the agent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_agent::{
    RunContext, ToolContext, ToolError, ToolInfo, ToolOutput, Toolset, ToolsetError,
};
use frontdesk_identity::SignedIn;
use rmcp::model::CallToolRequestParams;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::connection::{Connection, KnownEra};
use crate::listing::Listing;
use crate::output::output;
use crate::pool::{Kept, Pool, Slot};
use crate::readiness::Probe;
use crate::{McpError, McpServerConfig, Readiness};

/// How long a tool list is good for.
const LIST_FRESH: Duration = Duration::from_mins(5);
/// What the agent allows beyond our own deadline, so that ours, which tells the server, comes first.
const GRACE: Duration = Duration::from_secs(2);

/// A server: its users' connections and its tools.
#[derive(Debug)]
pub struct McpServer {
    config: McpServerConfig,
    http: reqwest::Client,
    pool: Pool,
    era: KnownEra,
    probe: Probe,
    last_listing: Mutex<Option<Arc<Listing>>>,
}

impl McpServer {
    /// A server that is reached through this client, which must not follow redirects. Nothing is sent yet.
    pub fn new(config: McpServerConfig, http: reqwest::Client) -> Self {
        Self {
            config,
            http,
            pool: Pool::default(),
            era: KnownEra::default(),
            probe: Probe::default(),
            last_listing: Mutex::default(),
        }
    }

    /// How it is configured.
    pub fn config(&self) -> &McpServerConfig {
        &self.config
    }

    /// How many users are connected.
    pub fn connections(&self) -> usize {
        self.pool.len()
    }

    /// Whether it answers; at most one request in five seconds is spent on this.
    pub async fn readiness(&self) -> Readiness {
        self.probe.readiness(&self.config, &self.http).await
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
        let slot = self.pool.slot(&caller.principal.scope())?;
        let listing = self.in_time(self.listing(&slot, caller)).await?;
        Ok(listing.infos().to_vec())
    }

    /// Calls a tool as this user. It is tried twice only where the first try surely did nothing,
    /// or where the tool says that doing it twice does no harm.
    ///
    /// # Errors
    /// There is no result; what the tool itself says, also of a failure, is one.
    pub async fn call<C>(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        context: &ToolContext<C>,
    ) -> Result<ToolOutput, McpError> {
        let caller = context.signed_in();
        let slot = self.pool.slot(&caller.principal.scope())?;
        let params = CallToolRequestParams::new(name.to_owned()).with_arguments(arguments);
        let kept = self.in_time(self.connected(&slot, &caller)).await?;
        let error = match kept
            .connection
            .call(params.clone(), context.progress.clone())
            .await
        {
            Ok(result) => return Ok(output(&result)),
            Err(error) => error,
        };
        if !error.ends_connection() {
            return Err(error);
        }
        forget(&slot, &kept.connection).await;
        let repeatable = match &error {
            McpError::Away { .. } => true,
            McpError::Broken { .. } => self.is_repeatable(&kept, name),
            _ => false,
        };
        if !repeatable {
            return Err(error);
        }
        tracing::debug!(server = self.config.name, tool = name, %error, "connecting again");
        let kept = self.in_time(self.connected(&slot, &caller)).await?;
        let result = kept
            .connection
            .call(params, context.progress.clone())
            .await?;
        Ok(output(&result))
    }

    async fn in_time<T>(
        &self,
        future: impl Future<Output = Result<T, McpError>>,
    ) -> Result<T, McpError> {
        let limit = self.config.connect_timeout;
        tokio::time::timeout(limit, future)
            .await
            .unwrap_or_else(|_| {
                Err(McpError::Away {
                    detail: format!("no connection within {limit:?}"),
                })
            })
    }

    async fn connected(&self, slot: &Slot, caller: &SignedIn) -> Result<Kept, McpError> {
        let mut place = slot.0.lock().await;
        self.connect(&mut place, caller).await
    }

    async fn connect(&self, place: &mut Option<Kept>, caller: &SignedIn) -> Result<Kept, McpError> {
        if let Some(kept) = place.as_ref().filter(|kept| !kept.connection.is_closed()) {
            kept.connection.renew(caller);
            return Ok(kept.clone());
        }
        *place = None;
        let connection = Connection::open(&self.config, &self.http, &self.era, caller).await?;
        let kept = Kept {
            connection: Arc::new(connection),
            listing: None,
        };
        Ok(place.insert(kept).clone())
    }

    async fn listing(&self, slot: &Slot, caller: &SignedIn) -> Result<Arc<Listing>, McpError> {
        let mut place = slot.0.lock().await;
        for attempt in 0..2 {
            let kept = self.connect(&mut place, caller).await?;
            let changed = kept.connection.take_tools_changed();
            let known = kept
                .listing
                .filter(|(at, _)| !changed && at.elapsed() < LIST_FRESH);
            if let Some((_, listing)) = known {
                return Ok(listing);
            }
            match kept.connection.tools().await {
                Ok(tools) => {
                    let listing = self.shared(Listing::new(tools));
                    *place = Some(Kept {
                        connection: kept.connection,
                        listing: Some((Instant::now(), Arc::clone(&listing))),
                    });
                    return Ok(listing);
                }
                Err(error) if error.ends_connection() => {
                    *place = None;
                    if attempt == 1 {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(McpError::Away {
            detail: "no connection".to_owned(),
        })
    }

    /// The list that was given out last where it is the same: its schemas are compiled already.
    fn shared(&self, listing: Listing) -> Arc<Listing> {
        let mut last = self
            .last_listing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| last.same_tools(&listing)) {
            return Arc::clone(last);
        }
        Arc::clone(last.insert(Arc::new(listing)))
    }

    fn is_repeatable(&self, kept: &Kept, name: &str) -> bool {
        let own = kept
            .listing
            .as_ref()
            .map(|(_, listing)| Arc::clone(listing));
        own.or_else(|| {
            self.last_listing
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        })
        .is_some_and(|listing| listing.is_repeatable(name))
    }
}

async fn forget(slot: &Slot, connection: &Arc<Connection>) {
    let mut place = slot.0.lock().await;
    if place
        .as_ref()
        .is_some_and(|kept| Arc::ptr_eq(&kept.connection, connection))
    {
        *place = None;
    }
}

#[async_trait]
impl<C: Send + Sync + 'static> Toolset<C> for McpServer {
    fn name(&self) -> &str {
        &self.config.name
    }

    async fn list(&self, context: &RunContext<C>) -> Result<Vec<ToolInfo>, ToolsetError> {
        Ok(self.tools(&context.signed_in()).await?)
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
        Some(self.config.call_timeout.saturating_add(GRACE))
    }
}
