//! What has run out goes: logs that nobody will read again, and what the store sweeps.
//!
//! It is a task of its own, for it may take long, and no turn's log is to wait for it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_clock::{Clock, Timestamp};
use frontdesk_store::{Maintenance, StoreError};
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// How often logs that nobody will read again are dropped.
const DROP_EVERY: Duration = Duration::from_mins(1);

/// How often what has run out is swept.
const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// How long either may take at a time; what is left then goes the next time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The task that clears up.
pub(crate) struct Clearing {
    pub(crate) maintenance: Arc<dyn Maintenance>,
    pub(crate) clock: Arc<dyn Clock>,
    /// How long logs are kept after their turn's end.
    pub(crate) kept: Duration,
}

impl Clearing {
    /// Runs until the token is cancelled, and waits for nothing then.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.clear_always() => {}
        }
    }

    async fn clear_always(&self) {
        let (mut drop, mut sweep) = (every(DROP_EVERY), every(SWEEP_EVERY));
        loop {
            tokio::select! {
                _ = drop.tick() => in_time("old logs", self.drop_old()).await,
                _ = sweep.tick() => in_time("what has run out", self.sweep()).await,
            }
        }
    }

    async fn drop_old(&self) -> Result<(), StoreError> {
        let kept = jiff::SignedDuration::try_from(self.kept).unwrap_or(jiff::SignedDuration::MAX);
        let before = self.clock.now().checked_sub(kept).unwrap_or(Timestamp::MIN);
        self.maintenance.drop_logs(before).await.map(drop)
    }

    async fn sweep(&self) -> Result<(), StoreError> {
        self.maintenance.sweep(self.clock.now()).await
    }
}

fn every(period: Duration) -> Interval {
    let mut due = tokio::time::interval(period);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    due
}

async fn in_time(what: &str, cleared: impl Future<Output = Result<(), StoreError>>) {
    let cleared = tokio::time::timeout(PATIENCE, cleared).await;
    if !matches!(cleared, Ok(Ok(()))) {
        tracing::warn!(?cleared, what, "not all of it was cleared away");
    }
}
