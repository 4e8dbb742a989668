//! What is done to the store from time to time, whoever calls and whatever runs.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_store::{Maintenance, StoreError};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether there is something to do.
const EVERY: Duration = Duration::from_mins(10);

/// Rows that are made findable in one transaction, so that nobody waits for long.
const INDEXED_AT_ONCE: u32 = 100;

/// The task that does it.
pub(crate) struct Upkeep {
    pub(crate) maintenance: Arc<dyn Maintenance>,
}

impl Upkeep {
    /// Runs until the token is cancelled.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut due = tokio::time::interval(EVERY);
        due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = due.tick() => {}
            }
            if let Err(error) = self.index_older(&shutdown).await {
                tracing::warn!(?error, "what an earlier version stored isn't findable yet");
            }
        }
    }

    async fn index_older(&self, shutdown: &CancellationToken) -> Result<(), StoreError> {
        let mut indexed = 0;
        while !shutdown.is_cancelled() {
            let some = self.maintenance.index_older(INDEXED_AT_ONCE).await?;
            if some == 0 {
                break;
            }
            indexed += some;
        }
        if indexed > 0 {
            tracing::info!(rows = indexed, "what an earlier version stored is findable");
        }
        Ok(())
    }
}
