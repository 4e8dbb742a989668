//! The one writer: jobs that wait together share a transaction, so that one sync to the disk serves many.
//!
//! A job is done when its transaction is. A job runs to its end even if its caller has gone away, or was told that it takes
//! too long: then nobody knows whether it will be done.

use std::time::Duration;

use frontdesk_store::{Result, StoreError};
use futures_util::future::BoxFuture;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connect::{BUSY_ATTEMPTS, Options};
use crate::script::{Ended, Script};

/// How long a caller waits until its job is done, at least: much longer than a disk takes that answers at all.
const ANSWER: Duration = Duration::from_secs(30);
/// The most jobs in one transaction.
const MAX_JOBS: usize = 64;

/// A write. It may run more than once, each time in a transaction where nothing of an earlier run is left.
/// What it adds to the script may be sent after it has run.
pub(crate) trait Job: Send + Sync + 'static {
    type Output: Send + 'static;

    fn run(&self, script: &mut Script<'_>) -> impl Future<Output = Result<Self::Output>> + Send;
}

#[derive(Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Box<dyn Queued>>,
    patience: Duration,
    stop: CancellationToken,
    task: TaskTracker,
}

impl Writer {
    pub(crate) fn start(conn: SqliteConnection, options: &Options) -> Self {
        let (queue, jobs) = mpsc::channel(options.queue.max(1));
        let (stop, task) = (CancellationToken::new(), TaskTracker::new());
        task.spawn(work(conn, jobs, stop.clone()));
        Self {
            queue,
            patience: options.busy_timeout,
            stop,
            task,
        }
    }

    pub(crate) async fn run<J: Job>(&self, job: J) -> Result<J::Output> {
        let (reply, answer) = oneshot::channel();
        let queued = Box::new(Entry {
            job,
            output: None,
            reply,
        });
        self.queue
            .send_timeout(queued, self.patience)
            .await
            .map_err(|error| match error {
                mpsc::error::SendTimeoutError::Timeout(_) => unavailable("too many writes wait"),
                mpsc::error::SendTimeoutError::Closed(_) => unavailable("closed"),
            })?;
        // What the busy timeout explains is told by the job itself.
        let patience = ANSWER.max(self.patience * (BUSY_ATTEMPTS + 1));
        match timeout(patience, answer).await {
            Ok(answered) => answered.map_err(|_| unavailable("closed"))?,
            Err(_) => Err(unavailable("the disk does not answer in time")),
        }
    }

    /// Takes no more jobs and waits for those that are queued.
    pub(crate) async fn close(&self) {
        self.stop.cancel();
        self.task.close();
        self.task.wait().await;
    }
}

fn unavailable(detail: &str) -> StoreError {
    StoreError::Unavailable {
        detail: detail.to_owned(),
    }
}

trait Queued: Send {
    fn run<'a>(&'a mut self, script: &'a mut Script<'_>) -> BoxFuture<'a, Result<()>>;
    fn settle(self: Box<Self>, outcome: Result<()>);
}

struct Entry<J: Job> {
    job: J,
    output: Option<J::Output>,
    reply: oneshot::Sender<Result<J::Output>>,
}

impl<J: Job> Queued for Entry<J> {
    fn run<'a>(&'a mut self, script: &'a mut Script<'_>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.output = Some(self.job.run(script).await?);
            Ok(())
        })
    }

    fn settle(self: Box<Self>, outcome: Result<()>) {
        let Self { output, reply, .. } = *self;
        let not_run = || StoreError::Failed {
            detail: "a write did not run".to_owned(),
        };
        // A caller that has gone away doesn't need its answer.
        drop(reply.send(outcome.and_then(|()| output.ok_or_else(not_run))));
    }
}

async fn work(
    mut conn: SqliteConnection,
    mut queue: mpsc::Receiver<Box<dyn Queued>>,
    stop: CancellationToken,
) {
    let mut jobs = Vec::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled(), if !queue.is_closed() => queue.close(),
            taken = queue.recv_many(&mut jobs, MAX_JOBS) => {
                if taken == 0 {
                    break;
                }
                perform(&mut conn, &mut jobs).await;
            }
        }
    }
    if let Err(error) = conn.close().await {
        tracing::warn!(%error, "the database was not closed cleanly");
    }
}

/// Runs the jobs together; if one of them fails, each by itself, so that only that one fails.
async fn perform(conn: &mut SqliteConnection, jobs: &mut Vec<Box<dyn Queued>>) {
    let outcome = transaction(conn, jobs).await;
    let together =
        matches!(outcome, Ok(()) | Err(StoreError::Unavailable { .. })) || jobs.len() == 1;
    for mut job in jobs.drain(..) {
        let outcome = if together {
            outcome.clone()
        } else {
            transaction(conn, std::slice::from_mut(&mut job)).await
        };
        job.settle(outcome);
    }
}

async fn transaction(conn: &mut SqliteConnection, jobs: &mut [Box<dyn Queued>]) -> Result<()> {
    let mut attempt = 1;
    loop {
        let mut script = Script::new(conn);
        script.add("begin immediate", "transaction", "");
        let outcome = run_all(&mut script, jobs).await;
        match script.end(outcome).await {
            Ended::Busy(_) if attempt < BUSY_ATTEMPTS => attempt += 1,
            Ended::Busy(outcome) | Ended::Settled(outcome) => return outcome,
        }
    }
}

async fn run_all(script: &mut Script<'_>, jobs: &mut [Box<dyn Queued>]) -> Result<()> {
    for job in jobs {
        job.run(script).await?;
        script.relieve().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions, Row};
    use tokio::sync::Notify;

    use super::*;

    /// A write that isn't done until it is told to be.
    struct Hangs(std::sync::Arc<Notify>);

    impl Job for Hangs {
        type Output = ();

        async fn run(&self, script: &mut Script<'_>) -> Result<()> {
            self.0.notified().await;
            script.add("insert into done values (1)", "done", "");
            Ok(())
        }
    }

    struct Counts;

    impl Job for Counts {
        type Output = i64;

        async fn run(&self, script: &mut Script<'_>) -> Result<i64> {
            script.add("select count(*) from done", "done", "");
            let row = script.row().await?;
            Ok(row.map_or(0, |row| row.get(0)))
        }
    }

    #[tokio::test]
    async fn who_waits_for_a_disk_that_hangs_is_told_and_what_was_asked_is_done_later() {
        let mut conn = SqliteConnectOptions::new().connect().await.unwrap();
        sqlx::raw_sql("create table done (number integer)")
            .execute(&mut conn)
            .await
            .unwrap();
        let writer = Writer::start(conn, &Options::default());
        let disk = std::sync::Arc::new(Notify::new());
        tokio::time::pause();
        let both = async {
            tokio::join!(writer.run(Hangs(disk.clone())), async {
                tokio::task::yield_now().await;
                writer.run(Counts).await
            })
        };
        let told = unavailable("the disk does not answer in time");
        let answered = timeout(Duration::from_mins(1), both).await;
        assert_eq!(answered.unwrap(), (Err(told.clone()), Err(told)));
        tokio::time::resume();
        disk.notify_one();
        assert_eq!(writer.run(Counts).await, Ok(1));
        writer.close().await;
    }
}
