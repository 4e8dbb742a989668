//! A bounded number of connections.
//!
//! A connection goes back only when it is known to be idle: after an answer, or after an error that left it ready.
//! One that was left in the middle of a statement, or that broke, is dropped with whatever it was doing.
//! So nobody waits for a connection that hangs, and none needs a round trip to be tried before it is used again.

mod reserve;
mod shelf;

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Database, Postgres};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use crate::Options;
use crate::connect::Connector;
use crate::fault::{Fault, Tried};
use crate::store::Statement;
use shelf::{Idle, Shelf};

pub(crate) use reserve::Reserve;

/// How long closing those that are idle may take.
const CLOSING: Duration = Duration::from_secs(2);
/// How long a connection is used at most, so that all find a database that has moved.
const LIFETIME: Duration = Duration::from_mins(30);
/// What a statement may take beyond the database's own limit, for the way to it and back.
const MARGIN: Duration = Duration::from_secs(2);

/// The connections. A clone is the same.
#[derive(Clone)]
pub(crate) struct Pool {
    shelf: Arc<Shelf>,
    permits: Arc<Semaphore>,
    tried_after: Duration,
    acquire: Duration,
    patience: Duration,
}

/// A connection that is in use.
pub(crate) struct Session {
    conn: PgConnection,
    opened: Instant,
    patience: Duration,
    shelf: Arc<Shelf>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    /// A pool of so many connections, at least one. Each is tried before it is used again after such a rest.
    pub(crate) fn new(
        connector: &Connector,
        options: &Options,
        connections: u32,
        tried_after: Duration,
    ) -> Self {
        let size = usize::try_from(connections.max(1)).unwrap_or(Semaphore::MAX_PERMITS);
        let permits = Arc::new(Semaphore::new(size.min(Semaphore::MAX_PERMITS)));
        Self {
            shelf: Arc::new(Shelf::new(connector.clone(), Arc::clone(&permits))),
            permits,
            tried_after,
            acquire: options.acquire_timeout,
            patience: options.statement_timeout.saturating_add(MARGIN),
        }
    }

    /// How long a call waits for a connection.
    pub(crate) fn patience(&self) -> Duration {
        self.acquire.min(LIFETIME)
    }

    /// A connection; an error when there is none in time.
    pub(crate) async fn take(&self) -> Tried<Session> {
        let deadline = Instant::now() + self.patience();
        let permit = timeout_at(deadline, Arc::clone(&self.permits).acquire_owned());
        let permit = match permit.await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(Fault::Closed),
            Err(_) => return Err(Fault::Exhausted),
        };
        let (conn, opened) = match timeout_at(deadline, self.rested()).await {
            Ok(Some(there)) => there,
            Ok(None) => self.shelf.wait(deadline).await?,
            Err(_) => return Err(Fault::Unreached),
        };
        Ok(self.session(conn, opened, permit))
    }

    /// A connection that rests since a moment ago, where one is to be had without waiting.
    pub(crate) fn at_hand(&self) -> Option<Session> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        let Idle { conn, opened, .. } = self.shelf.pop_rested_for(self.tried_after)?;
        (opened.elapsed() < LIFETIME).then(|| self.session(conn, opened, permit))
    }

    /// Gives no more connections, and closes those that are idle; the others end with their use.
    pub(crate) async fn close(&self) {
        self.permits.close();
        self.shelf.close(CLOSING).await;
    }

    fn session(
        &self,
        conn: PgConnection,
        opened: Instant,
        permit: OwnedSemaphorePermit,
    ) -> Session {
        Session {
            conn,
            opened,
            patience: self.patience,
            shelf: Arc::clone(&self.shelf),
            _permit: permit,
        }
    }

    /// A connection that is idle and works. Where one gets no answer, those that have been idle for longer won't either:
    /// they go without being tried, and time is left to open one.
    async fn rested(&self) -> Option<(PgConnection, Instant)> {
        loop {
            let Idle {
                mut conn,
                since,
                opened,
            } = self.shelf.pop()?;
            if opened.elapsed() >= LIFETIME {
                continue;
            }
            if since.elapsed() < self.tried_after {
                return Some((conn, opened));
            }
            // Most of the time is left to open one, which is several questions and answers.
            match timeout(self.acquire * 2 / 5, conn.ping()).await {
                Ok(Ok(())) => return Some((conn, opened)),
                Ok(Err(_)) => {}
                Err(_) => self.shelf.keep_after(since),
            }
        }
    }
}

impl Session {
    /// Performs a statement that is a transaction by itself, gives its rows, and gives the connection back.
    pub(crate) async fn rows(mut self, statement: Statement<'_>) -> Tried<Vec<PgRow>> {
        let outcome = self.perform(|conn| statement.fetch_all(conn)).await;
        self.settle(outcome)
    }

    /// The same for a statement without rows; says how many it changed.
    pub(crate) async fn run(mut self, statement: Statement<'_>) -> Tried<u64> {
        let outcome = self.perform(|conn| statement.execute(conn)).await;
        Ok(self.settle(outcome)?.rows_affected())
    }

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
        self.shelf.put(self.conn, self.opened);
    }

    /// Gives the connection back after a statement that was a transaction by itself, unless it may not be ready.
    /// Where the database has hung up, it has done so to those that are idle, too.
    pub(crate) fn settle<T>(self, outcome: Tried<T>) -> Tried<T> {
        match &outcome {
            Err(fault) if fault.is_loss() => self.shelf.clear(),
            Err(fault) if !fault.leaves_ready() => {}
            _ => self.back(),
        }
        outcome
    }
}
