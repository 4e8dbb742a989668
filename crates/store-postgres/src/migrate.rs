//! Migrations. Those that were done are in the table `schema_migrations`.
//!
//! Each only adds to the schema, so that the release before it can go on beside it. A migration is one transaction; but
//! one that says `concurrently` builds indexes and does nothing else, each as `create index concurrently if not exists`,
//! so that its tables are written to meanwhile. That is how indexes of tables that may be large are to be built.
//!
//! Nobody waits for long behind a migration that waits for a table: it asks again and again.

use std::time::Duration;

use frontdesk_store::{Result, StoreError};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use tokio::time::{Instant, sleep, timeout};

use crate::connect::{Connector, milliseconds};
use crate::fault::{Fault, Tried};

/// All migrations, in order. The list only grows.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_create_threads.sql"),
    include_str!("../migrations/0002_create_turns.sql"),
    include_str!("../migrations/0003_create_connections.sql"),
    include_str!("../migrations/0004_create_usage.sql"),
    include_str!("../migrations/0005_create_files.sql"),
    include_str!("../migrations/0006_add_search.sql"),
    include_str!("../migrations/0007_mark_turns_with_logs.sql"),
    include_str!("../migrations/0008_mark_more_turns_with_logs.sql"),
];

/// How long one statement of a migration may take.
const STATEMENT: Duration = Duration::from_hours(1);
/// How long a migration waits for another process's, and for tables that are in use.
const LOCK: Duration = Duration::from_mins(1);
/// How long it waits for such a table at a time: whoever comes later waits behind it.
const TABLE: Duration = Duration::from_secs(1);
/// The pause after that, in which all others go on.
const TABLE_AGAIN_AFTER: Duration = Duration::from_secs(2);
/// How often it looks whether another process's migration is done.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What a migration says that is no transaction.
const BESIDE_WRITING: &str = "concurrently";

/// Brings the schema up to date; a newer one is refused.
pub(crate) async fn migrate(connector: &Connector, patience: Duration) -> Result<()> {
    let connector = connector.patient(STATEMENT, TABLE);
    let conn = timeout(patience, connector.connect()).await;
    let mut conn = conn.map_err(|_| Fault::Unreached)??;
    let migrated = bring_up(&mut conn, &connector.schema, MIGRATIONS, LOCK).await;
    drop(timeout(patience, conn.close()).await);
    migrated
}

async fn bring_up(
    conn: &mut PgConnection,
    schema: &str,
    migrations: &[&'static str],
    patience: Duration,
) -> Result<()> {
    check_encoding(conn).await?;
    if pending(conn, schema, migrations).await?.is_empty() {
        return Ok(());
    }
    lock(conn, schema, patience).await?;
    create_schema(conn, schema).await?;
    // Another process may have been first.
    for (number, migration) in pending(conn, schema, migrations).await? {
        let migrated = apply(conn, schema, number, migration, patience).await;
        migrated.map_err(|fault| of_migration(number, fault))?;
    }
    Ok(())
}

/// Waits until no other process changes the schema. The lock ends with the session at the latest.
///
/// It asks again and again: a statement that waits is a transaction, for whose end the building of an index would wait,
/// and so each for the other.
async fn lock(conn: &mut PgConnection, schema: &str, patience: Duration) -> Result<()> {
    let deadline = Instant::now() + patience;
    let free = "select pg_try_advisory_lock(hashtextextended('frontdesk schema ' || $1, 0))";
    while !is(conn, free, schema).await? {
        if Instant::now() >= deadline {
            return Err(StoreError::Unavailable {
                detail: "another process is changing the schema and isn't done yet: start again when it is; \
                         pg_locks names its session, with the locktype \"advisory\""
                    .to_owned(),
            });
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

async fn apply(
    conn: &mut PgConnection,
    schema: &str,
    number: i64,
    migration: &'static str,
    patience: Duration,
) -> Tried<()> {
    if migration.contains(BESIDE_WRITING) {
        build(conn, schema, migration).await?;
        return done(conn, number).await;
    }
    let deadline = Instant::now() + patience;
    loop {
        match attempt(conn, number, migration).await {
            Err(fault) if fault.is_locked_out() && Instant::now() < deadline => {
                sleep(TABLE_AGAIN_AFTER).await;
            }
            outcome => return outcome,
        }
    }
}

async fn attempt(conn: &mut PgConnection, number: i64, migration: &'static str) -> Tried<()> {
    let mut transaction = conn.begin().await?;
    let migrated = async {
        sqlx::raw_sql(migration).execute(&mut *transaction).await?;
        done(&mut transaction, number).await
    };
    match migrated.await {
        Ok(()) => Ok(transaction.commit().await?),
        Err(fault) => {
            // What failed is told, whatever comes of this.
            drop(transaction.rollback().await);
            Err(fault)
        }
    }
}

async fn done(conn: &mut PgConnection, number: i64) -> Tried<()> {
    sqlx::query("insert into schema_migrations (number, done_at) values ($1, now())")
        .bind(number)
        .persistent(false)
        .execute(conn)
        .await?;
    Ok(())
}

/// Builds the indexes of a migration, each by a statement that is no part of a transaction. What a build that broke off
/// has left of them is of no use to anybody, and goes first; what is whole stays.
/// <https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>
async fn build(conn: &mut PgConnection, schema: &str, migration: &'static str) -> Tried<()> {
    // It waits for the transactions that there are, which may be long, and nobody waits for it.
    wait_for_locks(conn, STATEMENT).await?;
    let broken: Vec<String> = sqlx::query_scalar(
        "select quote_ident(relname)
         from pg_index join pg_class on pg_class.oid = indexrelid
             join pg_namespace on pg_namespace.oid = relnamespace
         where nspname = $1 and not indisvalid
             and relname = any (regexp_split_to_array($2, '\\s+'))",
    )
    .bind(schema)
    .bind(migration)
    .persistent(false)
    .fetch_all(&mut *conn)
    .await?;
    for index in broken {
        let away = format!("drop index concurrently {index}");
        sqlx::raw_sql(AssertSqlSafe(away))
            .execute(&mut *conn)
            .await?;
    }
    for statement in migration.split(';').filter(|it| !it.trim().is_empty()) {
        sqlx::raw_sql(statement).execute(&mut *conn).await?;
    }
    wait_for_locks(conn, TABLE).await
}

async fn wait_for_locks(conn: &mut PgConnection, longest: Duration) -> Tried<()> {
    sqlx::query("select set_config('lock_timeout', $1, false)")
        .bind(milliseconds(longest))
        .persistent(false)
        .execute(conn)
        .await?;
    Ok(())
}

fn of_migration(number: i64, fault: Fault) -> StoreError {
    let hint = if fault.is_locked_out() {
        "; a table that it changes is in use for long, as by a dump: start again when it isn't"
    } else {
        ""
    };
    match StoreError::from(fault) {
        StoreError::Failed { detail } => StoreError::Failed {
            detail: format!("migration {number}: {detail}"),
        },
        StoreError::Unavailable { detail } => StoreError::Unavailable {
            detail: format!("migration {number}: {detail}{hint}"),
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

async fn pending(
    conn: &mut PgConnection,
    schema: &str,
    migrations: &[&'static str],
) -> Result<Vec<(i64, &'static str)>> {
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
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    let numbered = (1..).zip(migrations.iter().copied());
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

#[cfg(test)]
mod tests {
    use frontdesk_identity::Secret;
    use frontdesk_testkit::postgres::Postgres;
    use tokio::task::JoinSet;

    use super::*;
    use crate::Options;

    /// A migration to come.
    const INDEX: &str = "-- Not for anything.
        create index concurrently if not exists threads_by_title on threads (tenant_id, title);
        create index concurrently if not exists threads_by_user on threads (user_id);";
    const THREAD: &str =
        "insert into threads (tenant_id, user_id, id, created_at, title, status, metadata, extra)
        values ('default', 'ann', $1, 1, 'one', '{}', '{}', '{}')";
    /// Another one, which needs a table for itself.
    const COLUMN: &str = "alter table threads add column colour text";
    /// How long anything may take that has to happen.
    const PATIENCE: Duration = Duration::from_secs(30);

    async fn connector() -> Connector {
        let server = Postgres::shared().await.unwrap();
        let options = Options {
            schema: server.new_schema(),
            ..Options::new(Secret::new(server.url()))
        };
        let connector = Connector::new(&options, &options.url).unwrap();
        connector.patient(STATEMENT, TABLE)
    }

    fn with(migration: &'static str) -> Vec<&'static str> {
        MIGRATIONS.iter().copied().chain([migration]).collect()
    }

    /// The indexes of [`INDEX`], and whether they are whole.
    async fn indexes(conn: &mut PgConnection) -> Vec<(String, bool)> {
        sqlx::query_as(
            "select pg_get_indexdef(indexrelid), indisvalid from pg_index
             where indrelid = 'threads'::regclass and indexrelid::regclass::text ~ 'by_(title|user)$'
             order by 1",
        )
        .fetch_all(conn)
        .await
        .unwrap()
    }

    fn whole(schema: &str) -> Vec<(String, bool)> {
        let on = |name: &str, what: &str| {
            let made = format!("CREATE INDEX {name} ON {schema}.threads USING btree ({what})");
            (made, true)
        };
        vec![
            on("threads_by_title", "tenant_id, title"),
            on("threads_by_user", "user_id"),
        ]
    }

    async fn add_thread(conn: &mut PgConnection, id: &str) {
        sqlx::query(THREAD).bind(id).execute(conn).await.unwrap();
    }

    #[tokio::test]
    async fn who_waits_too_long_for_another_ones_migration_is_told_what_to_do() {
        let connector = connector().await;
        let schema = &connector.schema;
        let mut other = connector.connect().await.unwrap();
        lock(&mut other, schema, PATIENCE).await.unwrap();

        let mut conn = connector.connect().await.unwrap();
        let hasty = Duration::from_millis(100);
        let told = bring_up(&mut conn, schema, MIGRATIONS, hasty).await;
        assert_eq!(
            told.unwrap_err().to_string(),
            "the store is not available: another process is changing the schema and isn't done yet: start again when it \
             is; pg_locks names its session, with the locktype \"advisory\""
        );
        let left = pending(&mut conn, schema, MIGRATIONS).await.unwrap();
        assert_eq!(left.len(), MIGRATIONS.len());

        other.close().await.unwrap();
        let brought = bring_up(&mut conn, schema, MIGRATIONS, PATIENCE).await;
        brought.unwrap();
        assert_eq!(pending(&mut conn, schema, MIGRATIONS).await.unwrap(), []);
    }

    #[tokio::test]
    async fn others_go_on_while_a_migration_waits_for_a_table_that_is_read_for_long() {
        let connector = connector().await;
        let schema = connector.schema.clone();
        migrate(&connector, PATIENCE).await.unwrap();
        let others = connector.patient(STATEMENT, STATEMENT);
        let mut reader = others.connect().await.unwrap();
        let mut open = reader.begin().await.unwrap();
        assert!(
            !is(
                &mut open,
                "select exists (select from threads where id = $1)",
                "thr_1"
            )
            .await
            .unwrap()
        );

        let mut conn = connector.connect().await.unwrap();
        let hasty = Duration::from_millis(100);
        let told = bring_up(&mut conn, &schema, &with(COLUMN), hasty).await;
        assert_eq!(
            told.unwrap_err().to_string(),
            format!(
                "the store is not available: migration {}: canceling statement due to lock timeout (55P03); a table that \
                 it changes is in use for long, as by a dump: start again when it isn't",
                MIGRATIONS.len() + 1
            )
        );

        let mut starting = JoinSet::new();
        let named = schema.clone();
        starting.spawn(async move { bring_up(&mut conn, &named, &with(COLUMN), LOCK).await });
        let mut writer = others.connect().await.unwrap();
        let waiting = "select exists (select from pg_locks where not granted
            and mode = 'AccessExclusiveLock' and relation = format('%I.threads', $1)::regclass)";
        for id in ["thr_1", "thr_2", "thr_3"] {
            let going_on = async {
                while !is(&mut writer, waiting, &schema).await.unwrap() {
                    sleep(LOOK_EVERY).await;
                }
                add_thread(&mut writer, id).await;
            };
            timeout(PATIENCE, going_on).await.unwrap();
        }
        assert!(starting.try_join_next().is_none(), "it waits still");
        open.commit().await.unwrap();
        starting.join_next().await.unwrap().unwrap().unwrap();
        let left = pending(&mut writer, &schema, &with(COLUMN)).await;
        assert_eq!(left.unwrap(), []);
    }

    #[tokio::test]
    async fn an_index_is_built_while_others_write_and_start() {
        let connector = connector().await;
        let schema = connector.schema.clone();
        migrate(&connector, PATIENCE).await.unwrap();
        let mut conn = connector.connect().await.unwrap();

        // Somebody has written and isn't done yet, so whoever builds waits.
        let mut writer = connector.connect().await.unwrap();
        let mut open = writer.begin().await.unwrap();
        add_thread(&mut open, "thr_1").await;
        let mut starting = JoinSet::new();
        for _ in 0..3 {
            let (mut conn, schema) = (connector.connect().await.unwrap(), schema.clone());
            starting.spawn(async move {
                let brought = bring_up(&mut conn, &schema, &with(INDEX), PATIENCE).await;
                brought.map_err(|error| error.to_string())
            });
        }
        let waiting = "select exists (select from pg_stat_progress_create_index
            where relid = format('%I.threads', $1)::regclass and phase ~ '^waiting for writers')";
        timeout(PATIENCE, async {
            while !is(&mut conn, waiting, &schema).await.unwrap() {
                sleep(LOOK_EVERY).await;
            }
        })
        .await
        .unwrap();
        add_thread(&mut conn, "thr_2").await;
        assert!(starting.try_join_next().is_none(), "nobody is done");
        open.commit().await.unwrap();
        assert_eq!(starting.join_all().await, [Ok(()), Ok(()), Ok(())]);
        assert_eq!(indexes(&mut conn).await, whole(&schema));
        let left = pending(&mut conn, &schema, &with(INDEX)).await;
        assert_eq!(left.unwrap(), []);
    }

    #[tokio::test]
    async fn an_index_whose_building_broke_off_is_built_again() {
        let connector = connector().await;
        let mut conn = connector.connect().await.unwrap();
        let schema = connector.schema.clone();
        let brought = bring_up(&mut conn, &schema, MIGRATIONS, PATIENCE).await;
        brought.unwrap();
        for id in ["thr_1", "thr_2"] {
            add_thread(&mut conn, id).await;
        }
        let broken = "create unique index concurrently threads_by_title on threads (tenant_id)";
        sqlx::raw_sql(broken).execute(&mut conn).await.unwrap_err();
        let left = indexes(&mut conn).await;
        assert!(matches!(&left[..], [(_, false)]), "{left:?}");

        let brought = bring_up(&mut conn, &schema, &with(INDEX), PATIENCE).await;
        brought.unwrap();
        assert_eq!(indexes(&mut conn).await, whole(&schema));

        // It broke off before it was noted.
        let before = i64::try_from(MIGRATIONS.len()).unwrap();
        sqlx::query("delete from schema_migrations where number > $1")
            .bind(before)
            .execute(&mut conn)
            .await
            .unwrap();
        let brought = bring_up(&mut conn, &schema, &with(INDEX), PATIENCE).await;
        brought.unwrap();
        assert_eq!(indexes(&mut conn).await, whole(&schema));
    }
}
