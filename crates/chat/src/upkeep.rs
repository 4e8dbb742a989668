//! What is done to the store from time to time, whoever calls and whatever runs.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_clock::{Clock, Timestamp};
use frontdesk_store::{Idle, Maintenance, StoreError, Tenants};
use tokio_util::sync::CancellationToken;

use crate::Retention;

/// How often it is looked whether there is something to do.
const EVERY: Duration = Duration::from_mins(10);

/// Rows that are made findable in one transaction, so that nobody waits for long.
const INDEXED_AT_ONCE: u32 = 100;

/// Threads that are deleted in one transaction, for the same reason.
const DELETED_AT_ONCE: u32 = 50;

/// The task that does it.
pub(crate) struct Upkeep {
    pub(crate) maintenance: Arc<dyn Maintenance>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) retention: Retention,
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
            if let Err(error) = self.delete_idle(&shutdown).await {
                tracing::warn!(?error, "threads that nobody uses are not deleted yet");
            }
            if let Err(error) = self.index_older(&shutdown).await {
                tracing::warn!(?error, "what an earlier version stored isn't findable yet");
            }
        }
    }

    async fn delete_idle(&self, shutdown: &CancellationToken) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut deleted = 0;
        for idle in idle(&self.retention, now) {
            while !shutdown.is_cancelled() {
                let some = self
                    .maintenance
                    .delete_idle_threads(&idle, DELETED_AT_ONCE)
                    .await?;
                deleted += some;
                if some < u64::from(DELETED_AT_ONCE) {
                    break;
                }
            }
        }
        if deleted > 0 {
            tracing::info!(threads = deleted, "threads that nobody uses are deleted");
        }
        Ok(())
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

/// What is idle at this time.
fn idle(retention: &Retention, now: Timestamp) -> Vec<Idle> {
    let named = retention.tenants.iter();
    let mut rules: Vec<(Tenants, Option<u32>)> = named
        .map(|(tenant, days)| (Tenants::Only(tenant.clone()), *days))
        .collect();
    let others = Tenants::AllBut(retention.tenants.keys().cloned().collect());
    rules.push((others, retention.days));
    let idle = rules.into_iter().filter_map(|(tenants, days)| {
        let length = jiff::SignedDuration::from_hours(24 * i64::from(days?));
        let since = now.checked_sub(length).ok()?;
        Some(Idle { tenants, since })
    });
    idle.collect()
}
