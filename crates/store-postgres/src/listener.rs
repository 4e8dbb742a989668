//! The connection that listens. It is made anew whenever it is lost, and then anything may have been missed.

use std::time::Duration;

use frontdesk_store::{Result, Wakeup};
use sqlx::Executor;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::broadcast;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Options;
use crate::connect::Connector;
use crate::fault::{Fault, Tried};
use crate::wakeups::wakeup;

/// After which silence it is asked whether the connection still holds.
const SILENCE: Duration = Duration::from_secs(15);
/// How long the answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// How long to wait before a lost connection is made anew, at first and at most.
const AGAIN_AFTER: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The task that listens.
pub(crate) struct Listener {
    stop: CancellationToken,
    task: TaskTracker,
}

/// What the task needs.
struct Ear {
    connector: Connector,
    channel: String,
    wakeups: broadcast::Sender<Wakeup>,
    patience: Duration,
}

impl Listener {
    /// Begins to listen. What is notified after this is heard.
    pub(crate) async fn start(
        connector: &Connector,
        channel: String,
        wakeups: broadcast::Sender<Wakeup>,
        options: &Options,
    ) -> Result<Self> {
        let ear = Ear {
            connector: connector.clone(),
            channel,
            wakeups,
            patience: options.acquire_timeout,
        };
        let first = ear.connect().await?;
        let (stop, task) = (CancellationToken::new(), TaskTracker::new());
        let until = stop.clone();
        task.spawn(async move { until.run_until_cancelled(ear.listen(first)).await });
        Ok(Self { stop, task })
    }

    pub(crate) async fn close(&self) {
        self.stop.cancel();
        self.task.close();
        self.task.wait().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Ear {
    async fn connect(&self) -> Tried<PgListener> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(self.patience)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(self.connector.address());
        let listening = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.eager_reconnect(false);
            listener.listen(&self.channel).await?;
            Ok::<_, sqlx::Error>(listener)
        };
        match timeout(self.patience, listening).await {
            Ok(outcome) => outcome.map_err(Fault::from),
            Err(_) => Err(Fault::Unreached),
        }
    }

    async fn listen(&self, first: PgListener) {
        let mut listener = first;
        loop {
            self.hear(&mut listener).await;
            drop(listener);
            tracing::warn!("the connection that listens was lost");
            listener = self.connect_again().await;
            // Nobody waiting is no failure.
            drop(self.wakeups.send(Wakeup::Any));
        }
    }

    /// Passes on what is heard, until the connection is lost.
    async fn hear(&self, listener: &mut PgListener) {
        loop {
            match timeout(SILENCE, listener.try_recv()).await {
                Ok(Ok(Some(heard))) => drop(self.wakeups.send(wakeup(heard.payload()))),
                Ok(Ok(None) | Err(_)) => return,
                Err(_) => {
                    let asked = timeout(ANSWER, listener.execute("select 1"));
                    if !matches!(asked.await, Ok(Ok(_))) {
                        return;
                    }
                }
            }
        }
    }

    async fn connect_again(&self) -> PgListener {
        let (mut again_after, longest) = AGAIN_AFTER;
        loop {
            match self.connect().await {
                Ok(listener) => return listener,
                Err(fault) => tracing::debug!(?fault, "can't listen yet"),
            }
            sleep(again_after).await;
            again_after = (again_after * 2).min(longest);
        }
    }
}
