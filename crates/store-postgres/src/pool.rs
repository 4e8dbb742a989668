//! A bounded number of connections.
//!
//! A connection goes back only when it is known to be idle: after an answer, or after an error that left it ready.
//! One that was left in the middle of a statement, or that broke, is dropped with whatever it was doing.
//! So nobody waits for a connection that hangs, and none needs a round trip to be tried before it is used again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Connection, Database, Postgres};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::Options;
use crate::connect::Connector;
use crate::fault::{Fault, Tried};

/// After which rest a connection is tried before it is used: the database may have gone away meanwhile.
const TRIED_AFTER: Duration = Duration::from_secs(1);
/// How long such a try may take.
const TRY: Duration = Duration::from_secs(2);
/// How long a connection that nobody needs is kept.
const KEPT_IDLE: Duration = Duration::from_mins(10);
/// How long a connection is used at most, so that all find a database that has moved.
const LIFETIME: Duration = Duration::from_mins(30);
/// How long to wait before a database that is just starting is tried again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// What a statement may take beyond the database's own limit, for the way to it and back.
const MARGIN: Duration = Duration::from_secs(2);

/// The connections.
pub(crate) struct Pool {
    connector: Connector,
    idle: Arc<Mutex<Vec<Idle>>>,
    permits: Arc<Semaphore>,
    acquire: Duration,
    patience: Duration,
}

struct Idle {
    conn: PgConnection,
    since: Instant,
    opened: Instant,
}

/// A connection that is in use.
pub(crate) struct Session {
    conn: PgConnection,
    opened: Instant,
    patience: Duration,
    idle: Arc<Mutex<Vec<Idle>>>,
    permits: Arc<Semaphore>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(crate) fn new(connector: Connector, options: &Options) -> Self {
        let size = usize::try_from(options.connections.max(1)).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            connector,
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(size.min(Semaphore::MAX_PERMITS))),
            acquire: options.acquire_timeout,
            patience: options.statement_timeout.saturating_add(MARGIN),
        }
    }

    /// A connection; an error when there is none in time.
    pub(crate) async fn take(&self) -> Tried<Session> {
        let deadline = Instant::now() + self.acquire.min(LIFETIME);
        let permit = timeout_at(deadline, Arc::clone(&self.permits).acquire_owned());
        let permit = match permit.await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(Fault::Closed),
            Err(_) => return Err(Fault::Exhausted),
        };
        let (conn, opened) = match self.rested().await {
            Some(there) => there,
            None => (self.open(deadline).await?, Instant::now()),
        };
        Ok(Session {
            conn,
            opened,
            patience: self.patience,
            idle: Arc::clone(&self.idle),
            permits: Arc::clone(&self.permits),
            _permit: permit,
        })
    }

    /// Gives no more connections, and closes those that are idle; the others end with their use.
    pub(crate) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *lock(&self.idle));
        for rested in idle {
            drop(timeout(TRY, rested.conn.close()).await);
        }
    }

    /// A connection that is idle and works.
    async fn rested(&self) -> Option<(PgConnection, Instant)> {
        loop {
            let Idle {
                mut conn,
                since,
                opened,
            } = lock(&self.idle).pop()?;
            if opened.elapsed() >= LIFETIME {
                continue;
            }
            if since.elapsed() < TRIED_AFTER || works(&mut conn).await {
                return Some((conn, opened));
            }
        }
    }

    async fn open(&self, deadline: Instant) -> Tried<PgConnection> {
        loop {
            match timeout_at(deadline, self.connector.connect()).await {
                Ok(Err(fault)) if fault.is_starting() => {
                    let again = Instant::now() + AGAIN_AFTER;
                    if again >= deadline {
                        return Err(fault);
                    }
                    sleep_until(again).await;
                }
                Ok(outcome) => return outcome,
                Err(_) => return Err(Fault::Unreached),
            }
        }
    }
}

async fn works(conn: &mut PgConnection) -> bool {
    matches!(timeout(TRY, conn.ping()).await, Ok(Ok(())))
}

impl Session {
    /// Performs a statement, within the time that one may take.
    pub(crate) async fn perform<'a, T, F>(
        &'a mut self,
        statement: impl FnOnce(&'a mut <Postgres as Database>::Connection) -> F,
    ) -> Tried<T>
    where
        F: Future<Output = sqlx::Result<T>>,
    {
        match timeout(self.patience, statement(&mut self.conn)).await {
            Ok(outcome) => outcome.map_err(Fault::from),
            Err(_) => Err(Fault::Silent),
        }
    }

    /// Gives the connection back: it waits for its next statement.
    pub(crate) fn back(self) {
        let now = Instant::now();
        if self.permits.is_closed() {
            return;
        }
        let mut idle = lock(&self.idle);
        idle.retain(|rested| rested.since.elapsed() < KEPT_IDLE);
        idle.push(Idle {
            conn: self.conn,
            since: now,
            opened: self.opened,
        });
    }

    /// Gives the connection back after a statement that was a transaction by itself, unless it may not be ready.
    /// Where the database has hung up, it has done so to those that are idle, too.
    pub(crate) fn settle<T>(self, outcome: Tried<T>) -> Tried<T> {
        match &outcome {
            Err(fault) if fault.is_loss() => lock(&self.idle).clear(),
            Err(fault) if !fault.leaves_ready() => {}
            _ => self.back(),
        }
        outcome
    }
}

fn lock(idle: &Mutex<Vec<Idle>>) -> MutexGuard<'_, Vec<Idle>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
