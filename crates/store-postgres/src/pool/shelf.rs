//! Connections that nobody uses, and who waits for one.
//!
//! They are opened by tasks of their own, a few at once: opening takes several round trips and some computing, so many
//! at the same time would slow each other down. What is open too late for who asked serves whoever comes next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connect::Connector;
use crate::fault::{Fault, Tried};

/// How many connections are opened at the same time.
const OPENED_AT_ONCE: usize = 4;
/// How long opening one may take, though who asked for it has long given up.
const OPENING: Duration = Duration::from_secs(15);
/// How long to wait before a database that is just starting is tried again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How long a connection that nobody needs is kept.
const KEPT_IDLE: Duration = Duration::from_mins(10);

/// The connections.
pub(super) struct Shelf {
    connector: Connector,
    /// Those that may still be in use beside the ones that are.
    permits: Arc<Semaphore>,
    state: Mutex<State>,
    openers: TaskTracker,
    closing: CancellationToken,
}

#[derive(Default)]
struct State {
    /// The one that was used last comes last.
    idle: Vec<Idle>,
    /// Who came first comes first.
    waiting: VecDeque<Waiting>,
    /// How many tasks open connections.
    openers: usize,
}

/// A connection that rests.
pub(super) struct Idle {
    pub(super) conn: PgConnection,
    pub(super) since: Instant,
    pub(super) opened: Instant,
}

/// A connection, and when it was opened.
pub(super) type Opened = (PgConnection, Instant);

struct Waiting {
    deadline: Instant,
    tell: oneshot::Sender<Tried<Opened>>,
}

impl Shelf {
    pub(super) fn new(connector: Connector, permits: Arc<Semaphore>) -> Self {
        Self {
            connector,
            permits,
            state: Mutex::default(),
            openers: TaskTracker::new(),
            closing: CancellationToken::new(),
        }
    }

    /// The one that was used last.
    pub(super) fn pop(&self) -> Option<Idle> {
        self.lock().idle.pop()
    }

    /// The same, unless that is as long ago as this.
    pub(super) fn pop_rested_for(&self, less_than: Duration) -> Option<Idle> {
        let is_fresh = |last: &mut Idle| last.since.elapsed() < less_than;
        self.lock().idle.pop_if(is_fresh)
    }

    /// Keeps those alone that were used after this.
    pub(super) fn keep_after(&self, since: Instant) {
        self.lock().idle.retain(|other| other.since > since);
    }

    /// Drops all that rest.
    pub(super) fn clear(&self) {
        self.lock().idle.clear();
    }

    /// A connection that isn't used any more, for whoever waits.
    pub(super) fn put(&self, conn: PgConnection, opened: Instant) {
        if self.closing.is_cancelled() {
            return;
        }
        let mut state = self.lock();
        if let Some((conn, opened)) = state.serve((conn, opened)) {
            state.rest(conn, opened);
        }
    }

    /// A connection that is opened now, or becomes free meanwhile.
    pub(super) async fn wait(self: &Arc<Self>, deadline: Instant) -> Tried<Opened> {
        let (tell, told) = oneshot::channel();
        {
            let mut state = self.lock();
            state.waiting.retain(Waiting::is_there);
            state.waiting.push_back(Waiting { deadline, tell });
            if state.openers < state.waiting.len().min(OPENED_AT_ONCE) {
                state.openers += 1;
                self.openers.spawn(Arc::clone(self).open());
            }
        }
        match timeout_at(deadline, told).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Fault::Closed),
            Err(_) => Err(Fault::Unreached),
        }
    }

    /// Gives and opens no more, and closes those that rest within this time.
    pub(super) async fn close(&self, within: Duration) {
        self.closing.cancel();
        self.openers.close();
        let idle = {
            let mut state = self.lock();
            state.waiting.clear();
            std::mem::take(&mut state.idle)
        };
        let close = async {
            for rested in idle {
                drop(rested.conn.close().await);
            }
            self.openers.wait().await;
        };
        drop(timeout(within, close).await);
    }

    /// Opens connections for as long as somebody waits for one.
    async fn open(self: Arc<Self>) {
        loop {
            let opening = timeout(OPENING, self.connector.connect());
            let outcome = match self.closing.run_until_cancelled(opening).await {
                Some(Ok(outcome)) => outcome,
                Some(Err(_)) => Err(Fault::Unreached),
                None => Err(Fault::Closed),
            };
            let is_starting = outcome.as_ref().is_err_and(Fault::is_starting);
            if self.settle(outcome) {
                return;
            }
            if is_starting {
                sleep(AGAIN_AFTER).await;
            }
        }
    }

    /// Hands over what came of an opening; whether nobody waits any more, so that the opener ends.
    fn settle(&self, outcome: Tried<PgConnection>) -> bool {
        let mut state = self.lock();
        match outcome {
            Ok(conn) => {
                let late = state.serve((conn, Instant::now()));
                // With those in use there are never more than were asked for.
                if let Some((conn, opened)) = late
                    && state.idle.len() < self.permits.available_permits()
                {
                    state.rest(conn, opened);
                }
            }
            Err(fault) => state.refuse(fault),
        }
        state.waiting.retain(Waiting::is_there);
        let is_done = state.waiting.is_empty() || self.closing.is_cancelled();
        if is_done {
            state.openers -= 1;
        }
        is_done
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Gives it to the first who is still there; gives it back where nobody is.
    fn serve(&mut self, mut opened: Opened) -> Option<Opened> {
        while let Some(first) = self.waiting.pop_front() {
            match first.tell.send(Ok(opened)) {
                Err(Ok(back)) => opened = back,
                Ok(()) | Err(Err(_)) => return None,
            }
        }
        Some(opened)
    }

    /// Tells the first who is there. A database that is about to be there is waited for, as long as they have time.
    fn refuse(&mut self, fault: Fault) {
        let again = Instant::now() + AGAIN_AFTER;
        self.waiting.retain(Waiting::is_there);
        let is_early = |first: &Waiting| fault.is_starting() && again < first.deadline;
        if self.waiting.front().is_some_and(is_early) {
            return;
        }
        if let Some(first) = self.waiting.pop_front() {
            // Who has just gone needs no answer.
            drop(first.tell.send(Err(fault)));
        }
    }

    fn rest(&mut self, conn: PgConnection, opened: Instant) {
        self.idle
            .retain(|rested| rested.since.elapsed() < KEPT_IDLE);
        self.idle.push(Idle {
            conn,
            since: Instant::now(),
            opened,
        });
    }
}

impl Waiting {
    fn is_there(&self) -> bool {
        !self.tell.is_closed()
    }
}
