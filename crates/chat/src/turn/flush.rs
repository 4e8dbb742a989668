//! Takes the logs of all running turns to the store together, a short while behind.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_identity::Scope;
use frontdesk_store::{LogBatch, Maintenance, Wakeups};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::claim::Claim;
use super::hub::Hub;
use super::live::LiveTurn;

/// The shortest time between two flushes of what other processes read.
const QUICK: Duration = Duration::from_millis(20);

/// How long storing logs may take: what comes later would wait for it.
const FLUSH_PATIENCE: Duration = Duration::from_secs(10);

/// Which turns' logs are taken to the store.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    /// Those that other processes read.
    ReadElsewhere,
}

/// The task that keeps the stored logs up to date, and tells other processes of those that they read.
pub(crate) struct Flusher {
    pub(crate) hub: Arc<Hub>,
    pub(crate) maintenance: Arc<dyn Maintenance>,
    pub(crate) wakeups: Arc<dyn Wakeups>,
    pub(crate) interval: Duration,
}

impl Flusher {
    /// Runs until the token is cancelled, then flushes once more.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut flush = tokio::time::interval(self.interval);
        flush.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut quick = Instant::now();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                _ = flush.tick() => self.flush(Which::All).await,
                () = self.hub.hurried() => {
                    tokio::time::sleep_until(quick).await;
                    quick = Instant::now() + QUICK;
                    self.flush(Which::ReadElsewhere).await;
                }
            }
        }
        self.flush(Which::All).await;
    }

    async fn flush(&self, which: Which) {
        self.store(which).await;
        let news = self.hub.news();
        if news.is_empty() {
            return;
        }
        // Who isn't woken looks by itself.
        if let Err(error) = self.wakeups.wake(&news).await {
            tracing::warn!(?error, turns = news.len(), "other processes were not told");
        }
    }

    async fn store(&self, which: Which) {
        let turns = self.hub.all();
        let meant = turns
            .iter()
            .filter(|turn| which == Which::All || turn.hold().is_read_elsewhere());
        let claims: Vec<Claim> = meant.filter_map(LiveTurn::claim_visible).collect();
        if claims.is_empty() {
            return;
        }
        let batches: Vec<(Scope, LogBatch)> = claims.iter().flat_map(Claim::owned).collect();
        let stored = self.maintenance.append_logs(&batches);
        match tokio::time::timeout(FLUSH_PATIENCE, stored).await {
            Ok(Ok(())) => claims.into_iter().for_each(Claim::settle),
            failed => tracing::warn!(?failed, turns = claims.len(), "logs are not stored yet"),
        }
    }
}
