//! Migrations. Their number is SQLite's `user_version`.

use std::path::Path;

use frontdesk_store::{Result, StoreError};
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::backup::back_up;
use crate::connect::BUSY_ATTEMPTS;
use crate::fault::fault;
use crate::script::{Ended, Script};

/// All migrations, in order. The list only grows.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_create_threads.sql"),
    include_str!("../migrations/0002_create_api_keys.sql"),
    include_str!("../migrations/0003_create_connections.sql"),
    include_str!("../migrations/0004_create_usage.sql"),
    include_str!("../migrations/0005_create_feedback.sql"),
    include_str!("../migrations/0006_add_leases.sql"),
    include_str!("../migrations/0007_create_files.sql"),
    include_str!("../migrations/0008_add_search.sql"),
];

/// Brings the schema up to date, in one transaction; a newer one is refused. A database that was there before is copied
/// first.
pub(crate) async fn migrate(conn: &mut SqliteConnection, path: &Path) -> Result<()> {
    let pending = pending(conn).await?;
    if pending.is_empty() {
        return Ok(());
    }
    if pending.len() < MIGRATIONS.len() {
        back_up(conn, path, MIGRATIONS.len()).await?;
    }
    let mut attempt = 1;
    loop {
        let mut script = Script::new(conn);
        let migrated = run(&mut script).await;
        match script.end(migrated).await {
            Ended::Busy(_) if attempt < BUSY_ATTEMPTS => attempt += 1,
            Ended::Busy(outcome) | Ended::Settled(outcome) => return outcome,
        }
    }
}

async fn run(script: &mut Script<'_>) -> Result<()> {
    script.add("begin immediate", "schema", "").send().await?;
    // Another process may have been first.
    for migration in pending(script.conn()).await? {
        sqlx::raw_sql(*migration)
            .execute(script.conn())
            .await
            .map_err(fault)?;
    }
    let version = format!("pragma user_version = {}", MIGRATIONS.len());
    sqlx::raw_sql(AssertSqlSafe(version))
        .execute(script.conn())
        .await
        .map_err(fault)?;
    Ok(())
}

async fn pending(conn: &mut SqliteConnection) -> Result<&'static [&'static str]> {
    let found: i64 = sqlx::query_scalar("pragma user_version")
        .fetch_one(conn)
        .await
        .map_err(fault)?;
    let done = usize::try_from(found).ok();
    done.and_then(|done| MIGRATIONS.get(done..))
        .ok_or(StoreError::NewerSchema {
            found,
            known: i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX),
        })
}
