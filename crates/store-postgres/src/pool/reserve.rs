//! A connection in reserve, for what keeps running turns: requests that wait for connections don't keep it waiting.
//!
//! It is opened when it is needed first. Where it isn't there, or is in use, a connection for requests does as well, if
//! one rests.

use std::time::Duration;

use sqlx::postgres::PgRow;

use super::{Pool, Session};
use crate::Options;
use crate::connect::Connector;
use crate::fault::Tried;
use crate::store::Statement;

/// The connection.
pub(crate) struct Reserve {
    own: Pool,
    requests: Pool,
}

impl Reserve {
    /// A reserve beside this pool. The connection is tried before it is used again after such a rest.
    pub(crate) fn new(
        connector: &Connector,
        options: &Options,
        tried_after: Duration,
        requests: &Pool,
    ) -> Self {
        Self {
            own: Pool::new(connector, options, 1, tried_after),
            requests: requests.clone(),
        }
    }

    /// Performs a statement that is a transaction by itself, and gives its rows.
    pub(crate) async fn rows(&self, statement: Statement<'_>) -> Tried<Vec<PgRow>> {
        self.take().await?.rows(statement).await
    }

    /// The same for a statement without rows; says how many it changed.
    pub(crate) async fn run(&self, statement: Statement<'_>) -> Tried<u64> {
        self.take().await?.run(statement).await
    }

    pub(crate) async fn close(&self) {
        self.own.close().await;
    }

    async fn take(&self) -> Tried<Session> {
        match self.own.at_hand().or_else(|| self.requests.at_hand()) {
            Some(session) => Ok(session),
            None => self.own.take().await,
        }
    }
}
