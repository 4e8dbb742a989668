//! Migrations. Those that were done are in the table `schema_migrations`.
//!
//! Each only adds to the schema, so that the release before it can go on beside it.

use std::time::Duration;

use frontdesk_store::{Result, StoreError};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use tokio::time::timeout;

use crate::connect::Connector;
use crate::fault::{Fault, Tried};

/// All migrations, in order. The list only grows.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_create_threads.sql"),
    include_str!("../migrations/0002_create_turns.sql"),
    include_str!("../migrations/0003_create_connections.sql"),
    include_str!("../migrations/0004_create_usage.sql"),
    include_str!("../migrations/0005_create_files.sql"),
    include_str!("../migrations/0006_add_search.sql"),
];

/// How long one statement of a migration may take.
const STATEMENT: Duration = Duration::from_hours(1);
/// How long a migration waits for another process's, and for a table that is in use.
const LOCK: Duration = Duration::from_mins(1);

/// Brings the schema up to date; a newer one is refused.
pub(crate) async fn migrate(connector: &Connector, patience: Duration) -> Result<()> {
    let connector = connector.patient(STATEMENT, LOCK);
    let conn = timeout(patience, connector.connect()).await;
    let mut conn = conn.map_err(|_| Fault::Unreached)??;
    let migrated = bring_up(&mut conn, &connector.schema).await;
    drop(timeout(patience, conn.close()).await);
    migrated
}

async fn bring_up(conn: &mut PgConnection, schema: &str) -> Result<()> {
    check_encoding(conn).await?;
    if pending(conn, schema).await?.is_empty() {
        return Ok(());
    }
    // It ends with the session at the latest.
    sqlx::query("select pg_advisory_lock(hashtextextended('frontdesk schema ' || $1, 0))")
        .bind(schema)
        .execute(&mut *conn)
        .await
        .map_err(Fault::from)?;
    create_schema(conn, schema).await?;
    // Another process may have been first.
    for (number, migration) in pending(conn, schema).await? {
        let migrated = apply(conn, number, migration).await;
        migrated.map_err(|fault| of_migration(number, fault))?;
    }
    Ok(())
}

async fn apply(conn: &mut PgConnection, number: i64, migration: &'static str) -> Tried<()> {
    let mut transaction = conn.begin().await?;
    sqlx::raw_sql(migration).execute(&mut *transaction).await?;
    sqlx::query("insert into schema_migrations (number, done_at) values ($1, now())")
        .bind(number)
        .persistent(false)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

fn of_migration(number: i64, fault: Fault) -> StoreError {
    match StoreError::from(fault) {
        StoreError::Failed { detail } => StoreError::Failed {
            detail: format!("migration {number}: {detail}"),
        },
        other => other,
    }
}

async fn check_encoding(conn: &mut PgConnection) -> Result<()> {
    let encoding: String = sqlx::query_scalar("select current_setting('server_encoding')")
        .persistent(false)
        .fetch_one(conn)
        .await
        .map_err(Fault::from)?;
    if encoding == "UTF8" {
        return Ok(());
    }
    Err(StoreError::Failed {
        detail: format!("the database is encoded in {encoding}, it must be UTF8"),
    })
}

/// Makes the schema and the table of migrations. The right to make a schema is needed only where there is none.
async fn create_schema(conn: &mut PgConnection, schema: &str) -> Result<()> {
    let exists = "select exists (select from pg_namespace where nspname = $1)";
    if !is(conn, exists, schema).await? {
        let quoted = schema.replace('"', "\"\"");
        let create = format!("create schema \"{quoted}\"");
        sqlx::raw_sql(AssertSqlSafe(create))
            .execute(&mut *conn)
            .await
            .map_err(Fault::from)?;
    }
    sqlx::raw_sql(
        "create table if not exists schema_migrations (
             number bigint not null primary key,
             done_at timestamptz not null
         )",
    )
    .execute(conn)
    .await
    .map_err(Fault::from)?;
    Ok(())
}

async fn pending(conn: &mut PgConnection, schema: &str) -> Result<Vec<(i64, &'static str)>> {
    let exists = "select exists (select from pg_tables
             where schemaname = $1 and tablename = 'schema_migrations')";
    let found: i64 = if is(conn, exists, schema).await? {
        sqlx::query_scalar("select coalesce(max(number), 0) from schema_migrations")
            .persistent(false)
            .fetch_one(conn)
            .await
            .map_err(Fault::from)?
    } else {
        0
    };
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    let numbered = (1..).zip(MIGRATIONS.iter().copied());
    Ok(numbered.filter(|(number, _)| *number > found).collect())
}

async fn is(conn: &mut PgConnection, question: &'static str, schema: &str) -> Result<bool> {
    let answer = sqlx::query_scalar(question)
        .bind(schema)
        .persistent(false)
        .fetch_one(conn)
        .await;
    Ok(answer.map_err(Fault::from)?)
}
