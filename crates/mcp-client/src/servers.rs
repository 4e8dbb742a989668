//! All configured servers, for what is done to all of them.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_agent::Toolset;
use futures_util::future::{join, join_all};
use tokio_util::sync::CancellationToken;

use crate::{McpServer, Readiness};

/// How often idle connections are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);

/// All configured servers. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct McpServers(Arc<[Arc<McpServer>]>);

impl McpServers {
    /// These servers.
    pub fn new(servers: impl IntoIterator<Item = Arc<McpServer>>) -> Self {
        Self(servers.into_iter().collect())
    }

    /// The server of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<McpServer>> {
        self.0.iter().find(|server| server.config().name == name)
    }

    /// The servers as toolsets of an agent, in their order.
    pub fn toolsets<C: Send + Sync + 'static>(&self) -> Vec<Arc<dyn Toolset<C>>> {
        self.0
            .iter()
            .map(|server| Arc::clone(server) as Arc<dyn Toolset<C>>)
            .collect()
    }

    /// Whether each of them answers.
    pub async fn readiness(&self) -> Vec<Readiness> {
        join_all(self.0.iter().map(|server| server.readiness())).await
    }

    /// Closes idle connections now and then, hears of changed tools, and closes all connections in the end; runs until the
    /// token is cancelled.
    pub async fn maintain(&self, shutdown: CancellationToken) {
        let hearing = join_all(self.0.iter().map(|server| server.hear_of_changes()));
        let _ended = shutdown
            .run_until_cancelled(join(hearing, self.sweep()))
            .await;
        for server in self.0.iter() {
            server.close();
        }
    }

    async fn sweep(&self) {
        let mut interval = tokio::time::interval(SWEEP_INTERVAL);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            for server in self.0.iter() {
                server.close_idle();
            }
        }
    }
}
