//! Tasks and projects in a schema of a PostgreSQL database, beside what others keep there.

mod listing;
mod projects;
mod tasks;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_clock::Clock;
use frontdesk_identity::{Scope, Secret};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, Postgres as Database};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Transaction};

use super::Store;
use super::migrations::migrator;
use crate::TaskflowError;

const CONNECTIONS: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// What PostgreSQL itself breaks off, in milliseconds.
const STATEMENT_TIMEOUT: &str = "30000";
const MIGRATIONS: [(&str, &str); 1] = [(
    "create tasks and projects",
    include_str!("../../migrations/postgres/0001_create_tasks_and_projects.sql"),
)];

/// A schema of a database.
#[derive(Debug)]
pub(super) struct Postgres {
    pool: PgPool,
    clock: Arc<dyn Clock>,
}

impl Postgres {
    pub(super) async fn connect(
        url: &Secret,
        schema: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TaskflowError> {
        let options: PgConnectOptions = url.expose().parse()?;
        let options = options
            .application_name("taskflow")
            .options([("statement_timeout", STATEMENT_TIMEOUT)]);
        let name = quoted(schema);
        prepare(&options, &name).await?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(move |connection, _| {
                let name = name.clone();
                Box::pin(async move { search(connection, &name).await })
            })
            .connect_with(options)
            .await?;
        Ok(Self { pool, clock })
    }

    /// Begins to write for this owner, alone: whoever else writes for the same owner waits.
    async fn begin(&self, owner: &Scope) -> Result<Transaction<'static, Database>, TaskflowError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "insert into numbers (tenant, user_id) values ($1, $2) \
             on conflict (tenant, user_id) do update set last = numbers.last",
        )
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .execute(&mut *transaction)
        .await?;
        Ok(transaction)
    }

    fn now(&self) -> i64 {
        super::micros(self.clock.as_ref())
    }
}

#[async_trait]
impl Store for Postgres {
    async fn close(&self) {
        self.pool.close().await;
    }
}

/// Makes the schema and brings its tables up to date, one process at a time.
async fn prepare(options: &PgConnectOptions, name: &str) -> Result<(), TaskflowError> {
    let mut connection = PgConnection::connect_with(options).await?;
    // Held until the connection ends; two that make one schema at once would fail on its name.
    sqlx::query("select pg_advisory_lock(hashtextextended('taskflow ' || $1, 0))")
        .bind(name)
        .execute(&mut connection)
        .await?;
    let make = format!("create schema if not exists {name}");
    connection.execute(AssertSqlSafe(make)).await?;
    search(&mut connection, name).await?;
    migrator(&MIGRATIONS).run(&mut connection).await?;
    Ok(connection.close().await?)
}

async fn search(connection: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    let set = format!("set search_path to {name}");
    connection.execute(AssertSqlSafe(set)).await?;
    Ok(())
}

/// A name as statements have it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
