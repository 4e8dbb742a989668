//! Takes the logs of all running turns to the store, in one statement, a short while behind.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_clock::{Clock, Timestamp};
use frontdesk_identity::Scope;
use frontdesk_store::{LogBatch, Maintenance, Wakeups};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::claim::Claim;
use super::hub::Hub;
use super::live::LiveTurn;

/// How often logs that nobody will read again are dropped.
const DROP_EVERY: Duration = Duration::from_mins(1);

/// How often what has run out is swept.
const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// The shortest time between two flushes of what other processes read.
const QUICK: Duration = Duration::from_millis(20);

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
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) interval: Duration,
    pub(crate) kept: Duration,
}

impl Flusher {
    /// Runs until the token is cancelled, then flushes once more.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut flush = tokio::time::interval(self.interval);
        flush.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut drop = tokio::time::interval(DROP_EVERY);
        drop.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
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
                _ = drop.tick() => self.drop_old().await,
                _ = sweep.tick() => self.sweep().await,
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
        match self.maintenance.append_logs(&batches).await {
            Ok(()) => claims.into_iter().for_each(Claim::settle),
            Err(error) => tracing::warn!(?error, turns = claims.len(), "logs are not stored yet"),
        }
    }

    async fn sweep(&self) {
        if let Err(error) = self.maintenance.sweep(self.clock.now()).await {
            tracing::warn!(?error, "what has run out was not swept");
        }
    }

    async fn drop_old(&self) {
        let kept = jiff::SignedDuration::try_from(self.kept).unwrap_or(jiff::SignedDuration::MAX);
        let before = self.clock.now().checked_sub(kept).unwrap_or(Timestamp::MIN);
        if let Err(error) = self.maintenance.drop_logs(before).await {
            tracing::warn!(?error, "old logs were not dropped");
        }
    }
}
