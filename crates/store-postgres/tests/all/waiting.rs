//! Whoever comes while another transaction has not ended yet waits for it, and goes by what it did.

use std::pin::{Pin, pin};
use std::time::Duration;

use frontdesk_identity::Secret;
use frontdesk_protocol::{ItemId, ThreadId};
use frontdesk_store::{
    Began, BeginTurn, Items, Maintenance, Result, StoreError, Threads, Trim, TurnId, TurnWrite,
    Turns, Wakeup, Wakeups, Written,
};
use frontdesk_store_postgres::{Options, PostgresStore};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::database::{schema, server};
use super::sample::{ann, begin, end, failed, item, key};

/// Whether somebody waits for whoever asks.
pub(super) const WAITS: &str = "select exists (select from pg_locks
     where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)))";
/// Whether somebody waits for somebody who waits for whoever asks.
const WAITS_BEHIND: &str = "select exists (select from pg_locks as first, pg_locks as second
     where not first.granted and pg_backend_pid() = any(pg_blocking_pids(first.pid))
         and not second.granted and first.pid = any(pg_blocking_pids(second.pid)))";

pub(super) async fn connected() -> Result<PgConnection> {
    let url = server().await?.url();
    PgConnection::connect(&url).await.map_err(failed)
}

pub(super) async fn perform(conn: &mut PgConnection, statements: String) -> Result<()> {
    let statements = sqlx::raw_sql(AssertSqlSafe(statements));
    statements.execute(conn).await.map(drop).map_err(failed)
}

/// Attempts something until the answer is yes; what came of it where that comes first.
pub(super) async fn until<T>(
    conn: &mut PgConnection,
    question: &'static str,
    mut attempt: Pin<&mut impl Future<Output = T>>,
) -> Result<Option<T>> {
    loop {
        let answer = sqlx::query_scalar::<_, bool>(question).fetch_one(&mut *conn);
        tokio::select! {
            biased;
            outcome = attempt.as_mut() => return Ok(Some(outcome)),
            answer = answer => if answer.map_err(failed)? { return Ok(None) },
        }
    }
}

/// What comes of something that meets these statements before they are committed.
async fn meeting<T>(statements: String, attempt: impl Future<Output = T>) -> Result<T> {
    let mut other = connected().await?;
    perform(&mut other, format!("begin; {statements}")).await?;
    let mut attempt = pin!(attempt);
    if let Some(outcome) = until(&mut other, WAITS, attempt.as_mut()).await? {
        return Ok(outcome);
    }
    perform(&mut other, "commit".to_owned()).await?;
    Ok(attempt.await)
}

async fn store() -> Result<(String, PostgresStore)> {
    opened(schema().await?).await
}

async fn opened(options: Options) -> Result<(String, PostgresStore)> {
    let schema = options.schema.clone();
    let store = PostgresStore::open(options).await?;
    store.begin_turn(&ann()?, begin("thr_1")).await?;
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
    let items = store.recent_items(&scope, &key.thread, 9).await?;
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
    let mut next = begin("thr_1");
    next.new_thread = None;
    next.turn.id = TurnId::new("turn_2");
    let began = meeting(deleted.clone(), store.begin_turn(&scope, next)).await?;
    assert_eq!(began?, Began::NoThread);
    store.begin_turn(&scope, begin("thr_1")).await?;
    let key = key("thr_1");
    let written = store.write_turn(&scope, &key, end("thr_1")?);
    assert_eq!(meeting(deleted, written).await??, Written::Gone);
    assert_eq!(store.thread(&scope, &thread).await?, None);
    Ok(())
}

/// The second turn of a thread, which cuts it off from its first message.
fn cutting(name: &str) -> BeginTurn {
    let mut next = begin(name);
    next.new_thread = None;
    next.attachments.clear();
    next.turn.id = TurnId::new("turn_2");
    next.trim = Some(Trim::From(ItemId::new(format!("msg_{name}"))));
    next.put = vec![item(name, "again")];
    next
}

#[tokio::test]
async fn a_cut_leaves_nothing_of_a_turn_that_ends_meanwhile() -> Result<()> {
    let (schema, store) = store().await?;
    let (scope, key) = (ann()?, key("thr_1"));
    let mut other = connected().await?;
    let held = format!("begin; select from {schema}.items where id = 'msg_thr_1' for update");
    perform(&mut other, held).await?;
    let mut cut = pin!(store.begin_turn(&scope, cutting("thr_1")));
    assert_eq!(until(&mut other, WAITS, cut.as_mut()).await?, None);
    // While the cut waits for the message, the turn ends, or waits for the cut.
    let mut ending = pin!(store.write_turn(&scope, &key, end("thr_1")?));
    let ended = until(&mut other, WAITS_BEHIND, ending.as_mut()).await?;
    perform(&mut other, "commit".to_owned()).await?;
    let (begun, written) = if let Some(written) = ended {
        (cut.await?, written?)
    } else {
        let (begun, written) = tokio::join!(cut, ending);
        (begun?, written?)
    };
    assert!(matches!(begun, Began::Busy(_)), "{begun:?}");
    assert_eq!(written, Written::Stored);
    let items = store.recent_items(&scope, &key.thread, 9).await?;
    let ids: Vec<&str> = items
        .iter()
        .map(|stored| stored.item.id().as_str())
        .collect();
    assert_eq!(ids, ["answer_thr_1", "msg_thr_1"]);
    Ok(())
}

#[tokio::test]
async fn another_default_isolation_of_the_database_changes_nothing() -> Result<()> {
    let options = schema().await?;
    let strict = "options=-c%20default_transaction_isolation%3Drepeatable%5C%20read";
    let (schema, store) = opened(Options {
        url: Secret::new(format!("{}?{strict}", options.url.expose())),
        ..options
    })
    .await?;
    let ended = format!(
        "select from {schema}.threads for key share;
         update {schema}.turns set status = 'done', ended_at = 3"
    );
    let begun = meeting(ended, store.begin_turn(&ann()?, cutting("thr_1"))).await?;
    let removed = vec![ItemId::new("msg_thr_1")];
    assert_eq!(begun?, Began::Started { removed });
    Ok(())
}

/// The database itself gives the statement up: its process doesn't wait on after whoever asked has gone.
#[tokio::test]
async fn a_statement_that_takes_too_long_leaves_the_database() -> Result<()> {
    let (schema, store) = opened(Options {
        connections: 1,
        statement_timeout: Duration::from_secs(3),
        lock_timeout: Duration::from_mins(1),
        ..schema().await?
    })
    .await?;
    let (scope, key) = (ann()?, key("thr_1"));
    let mut other = connected().await?;
    let held = format!("begin; lock table {schema}.turns");
    perform(&mut other, held).await?;
    let mut writing = pin!(store.write_turn(&scope, &key, end("thr_1")?));
    assert_eq!(until(&mut other, WAITS, writing.as_mut()).await?, None);
    let StoreError::Unavailable { detail } = writing.await.unwrap_err() else {
        return Err(failed("something else than a failure that passes"));
    };
    assert_eq!(
        detail,
        "canceling statement due to statement timeout (57014)"
    );
    let waits = sqlx::query_scalar::<_, bool>(WAITS).fetch_one(&mut other);
    assert!(!waits.await.map_err(failed)?, "nobody waits any more");
    perform(&mut other, "commit".to_owned()).await?;
    let written = store.write_turn(&scope, &key, end("thr_1")?).await?;
    assert_eq!(written, Written::Stored);
    Ok(())
}

/// All that a running turn needs of the store until it has something to store.
#[tokio::test]
async fn what_keeps_a_turn_waits_for_no_request() -> Result<()> {
    let long = Duration::from_mins(2);
    let (schema, store) = opened(Options {
        connections: 1,
        acquire_timeout: long,
        statement_timeout: long,
        lock_timeout: long,
        ..schema().await?
    })
    .await?;
    let (scope, key) = (ann()?, key("thr_1"));
    let mut other = connected().await?;
    let held = format!("begin; lock table {schema}.items");
    perform(&mut other, held).await?;
    let mut asking = pin!(store.recent_items(&scope, &key.thread, 9));
    let asked = until(&mut other, WAITS, asking.as_mut()).await?;
    assert!(asked.is_none(), "the only connection is in use");

    let mut wakeups = store.listen();
    let keeping = async {
        let lease = begin("thr_1").lease;
        let turns = [(scope.clone(), key.clone())];
        for _ in 0..2 {
            let kept = store.renew_leases(&lease, &turns).await?;
            assert_eq!(kept.len(), 1);
        }
        let batches = [(scope.clone(), end("thr_1")?.log.remove(0))];
        let (appended, wanted, woken) = tokio::join!(
            store.append_logs(&batches),
            store.wanted_turns(&lease.holder),
            store.wake(std::slice::from_ref(&key.turn)),
        );
        appended?;
        woken?;
        assert_eq!(wanted?, []);
        assert!(store.release_turn(&scope, &key, &lease.holder).await?);
        wakeups.recv().await.map_err(failed)
    };
    let heard = tokio::time::timeout(Duration::from_secs(30), keeping).await;
    assert_eq!(
        heard.map_err(failed)??,
        Wakeup::Turns(vec![key.turn.clone()])
    );

    perform(&mut other, "commit".to_owned()).await?;
    assert_eq!(asking.await?.len(), 1);
    let stored = store.turn_log(&scope, &key.turn, None).await?;
    assert_eq!(stored.len(), 1);
    Ok(())
}
