//! The store: connections to one schema, and one that listens.

use std::fmt;
use std::time::Duration;

use frontdesk_store::{Result, Wakeup};
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use tokio::sync::broadcast;

use crate::Options;
use crate::connect::Connector;
use crate::counting::Counting;
use crate::fault::Tried;
use crate::listener::Listener;
use crate::migrate::migrate;
use crate::pool::{Pool, Reserve};
use crate::wakeups::{self, WAKEUPS_KEPT};

/// A statement whose parameters are bound.
pub(crate) type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// After which rest a connection is tried before it is used: the database may have gone away meanwhile.
const TRIED_AFTER: Duration = Duration::from_secs(1);
/// The same where leases are renewed, which comes every few seconds and is tried again by itself: one round trip is enough.
const LEASES_TRIED_AFTER: Duration = Duration::from_secs(10);

/// A store in a schema of a PostgreSQL database. Any number of processes may use it at the same time.
pub struct PostgresStore {
    /// For requests, and for upkeep that can wait.
    pub(crate) pool: Pool,
    /// For renewing leases alone: not even a log stands in the way.
    pub(crate) leases: Reserve,
    /// For logs, and for what processes want of each other's turns.
    pub(crate) logs: Reserve,
    pub(crate) counting: Counting,
    pub(crate) channel: String,
    pub(crate) wakeups: broadcast::Sender<Wakeup>,
    schema: String,
    listener: Listener,
}

impl PostgresStore {
    /// Connects to a database, makes the schema if there is none, brings it up to date, and listens.
    ///
    /// # Errors
    /// The database can't be reached or used, or its schema was written by a newer version.
    pub async fn open(options: Options) -> Result<Self> {
        let connector = Connector::new(&options, &options.url)?;
        let listening = match &options.listen_url {
            Some(url) => Connector::new(&options, url)?,
            None => connector.clone(),
        };
        migrate(&connector, options.acquire_timeout).await?;
        let wakeups = broadcast::Sender::new(WAKEUPS_KEPT);
        let channel = wakeups::channel(&connector.schema);
        let listener =
            Listener::start(&listening, channel.clone(), wakeups.clone(), &options).await?;
        let pool = Pool::new(&connector, &options, options.connections, TRIED_AFTER);
        Ok(Self {
            schema: connector.schema.clone(),
            leases: Reserve::new(&connector, &options, LEASES_TRIED_AFTER, &pool),
            logs: Reserve::new(&connector, &options, TRIED_AFTER, &pool),
            pool,
            counting: Counting::default(),
            channel,
            wakeups,
            listener,
        })
    }

    /// Ends the listening, and closes the connections; those in use end with what they do.
    pub async fn close(&self) {
        self.listener.close().await;
        tokio::join!(self.pool.close(), self.leases.close(), self.logs.close());
    }

    /// Performs a statement that is a transaction by itself, and gives its rows.
    pub(crate) async fn rows(&self, statement: Statement<'_>) -> Tried<Vec<PgRow>> {
        self.pool.take().await?.rows(statement).await
    }

    /// The same for a statement that gives one row or none.
    pub(crate) async fn row(&self, statement: Statement<'_>) -> Tried<Option<PgRow>> {
        Ok(self.rows(statement).await?.pop())
    }

    /// The same for a statement without rows; says how many it changed.
    pub(crate) async fn run(&self, statement: Statement<'_>) -> Tried<u64> {
        self.pool.take().await?.run(statement).await
    }

    /// Begins a transaction of several statements.
    pub(crate) async fn begin(&self) -> Tried<Transaction> {
        let mut session = self.pool.take().await?;
        let begun = session.perform(|conn| sqlx::raw_sql("begin").execute(conn));
        begun.await?;
        Ok(Transaction(session))
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

/// A transaction of several statements. One that is dropped, or of which a statement fails, changes nothing.
pub(crate) struct Transaction(crate::pool::Session);

impl Transaction {
    pub(crate) async fn rows(&mut self, statement: Statement<'_>) -> Tried<Vec<PgRow>> {
        self.0.perform(|conn| statement.fetch_all(conn)).await
    }

    pub(crate) async fn row(&mut self, statement: Statement<'_>) -> Tried<Option<PgRow>> {
        Ok(self.rows(statement).await?.pop())
    }

    pub(crate) async fn run(&mut self, statement: Statement<'_>) -> Tried<u64> {
        let done = self.0.perform(|conn| statement.execute(conn)).await?;
        Ok(done.rows_affected())
    }

    pub(crate) async fn commit(self) -> Tried<()> {
        self.end("commit").await
    }

    pub(crate) async fn roll_back(self) -> Tried<()> {
        self.end("rollback").await
    }

    async fn end(mut self, how: &'static str) -> Tried<()> {
        let ended = self
            .0
            .perform(|conn| sqlx::raw_sql(how).execute(conn))
            .await;
        self.0.settle(ended).map(drop)
    }
}
