//! Whoever comes while another transaction has not ended yet waits for it, and goes by what it did.

use std::pin::pin;

use frontdesk_protocol::ThreadId;
use frontdesk_store::{Began, Maintenance, Result, Threads, TurnWrite, Turns, Written};
use frontdesk_store_postgres::PostgresStore;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::database::{schema, server};
use super::sample::{ann, begin, end, failed, key};

/// What comes of something that meets these statements before they are committed.
async fn meeting<T>(statements: String, attempt: impl Future<Output = T>) -> Result<T> {
    let url = server().await?.url();
    let mut other = PgConnection::connect(&url).await.map_err(failed)?;
    let mut transaction = other.begin().await.map_err(failed)?;
    sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    let mut attempt = pin!(attempt);
    loop {
        let waits = sqlx::query_scalar::<_, bool>(
            "select exists (select from pg_stat_activity
                 where pg_backend_pid() = any(pg_blocking_pids(pid)))",
        )
        .fetch_one(&mut *transaction);
        tokio::select! {
            biased;
            outcome = &mut attempt => return Ok(outcome),
            waits = waits => if waits.map_err(failed)? { break },
        }
    }
    transaction.commit().await.map_err(failed)?;
    Ok(attempt.await)
}

async fn store() -> Result<(String, PostgresStore)> {
    let options = schema().await?;
    let schema = options.schema.clone();
    let store = PostgresStore::open(options).await?;
    store.begin_turn(&ann()?, begin("thr_1")?).await?;
    Ok((schema, store))
}

#[tokio::test]
async fn a_write_that_meets_a_takeover_changes_nothing() -> Result<()> {
    let (schema, store) = store().await?;
    let (scope, key) = (ann()?, key("thr_1"));
    let part = TurnWrite {
        end: None,
        ..end("thr_1")?
    };
    for write in [part, end("thr_1")?] {
        let taken = format!("update {schema}.turns set attempt = attempt + 1");
        let attempt = store.turn(&scope, &key.turn).await?;
        let key = frontdesk_store::TurnKey {
            attempt: attempt.map_or(0, |turn| turn.attempt),
            ..key.clone()
        };
        let mut write = write;
        for batch in &mut write.log {
            batch.attempt = key.attempt;
        }
        let batch = (scope.clone(), write.log[0].clone());
        let written = meeting(taken.clone(), store.write_turn(&scope, &key, write)).await?;
        assert_eq!(written?, Written::Gone);
        let later = (
            scope.clone(),
            frontdesk_store::LogBatch {
                attempt: key.attempt + 1,
                ..batch.1
            },
        );
        meeting(taken, store.append_logs(&[later])).await??;
    }
    assert_eq!(store.running_turns().await?.len(), 1);
    assert_eq!(store.turn_log(&scope, &key.turn, None).await?, []);
    let items = frontdesk_store::Items::recent_items(&store, &scope, &key.thread, 9).await?;
    assert_eq!(items.len(), 1);
    Ok(())
}

#[tokio::test]
async fn what_meets_a_deletion_finds_no_thread() -> Result<()> {
    let (schema, store) = store().await?;
    let (scope, thread) = (ann()?, ThreadId::new("thr_1"));
    let deleted = format!("delete from {schema}.threads");
    let write = store
        .write_turn(&scope, &key("thr_1"), end("thr_1")?)
        .await?;
    assert_eq!(write, Written::Stored);
    let mut next = begin("thr_1")?;
    next.new_thread = None;
    next.turn.id = frontdesk_store::TurnId::new("turn_2");
    let began = meeting(deleted.clone(), store.begin_turn(&scope, next)).await?;
    assert_eq!(began?, Began::NoThread);
    store.begin_turn(&scope, begin("thr_1")?).await?;
    let key = key("thr_1");
    let written = store.write_turn(&scope, &key, end("thr_1")?);
    assert_eq!(meeting(deleted, written).await??, Written::Gone);
    assert_eq!(store.thread(&scope, &thread).await?, None);
    Ok(())
}
