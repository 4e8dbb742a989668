//! Two stores on one file, as two processes have it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use frontdesk_protocol::{Order, ThreadId};
use frontdesk_store::{
    Began, Items, PageRequest, Result, StoreError, StoredItem, Threads, Turns, Written,
};
use frontdesk_store_sqlite::{Options, SqliteStore};
use sqlx::{Connection, SqliteConnection};
use tokio::task::JoinSet;

use super::sample::{ann, begin, end, folder, key};

const CALLERS: usize = 200;
const BUSY_TIMEOUT: Duration = Duration::from_millis(20);

/// A whole conversation; what one store has stored is read through the other.
async fn converse(name: String, writes: Arc<SqliteStore>, reads: Arc<SqliteStore>) -> Result<()> {
    let (scope, thread) = (ann()?, ThreadId::new(&name));
    let started = Began::Started {
        removed: Vec::new(),
    };
    assert_eq!(writes.begin_turn(&scope, begin(&name)).await?, started);
    assert!(reads.running_turn(&scope, &thread).await?.is_some());
    assert_eq!(
        writes.write_turn(&scope, &key(&name), end(&name)?).await?,
        Written::Stored
    );
    let items: Vec<StoredItem> = reads.recent_items(&scope, &thread, 9).await?;
    assert_eq!(items.len(), 2);
    let newest = PageRequest {
        limit: 3,
        order: Order::Desc,
        after: None,
    };
    assert!(reads.threads(&scope, &newest).await?.is_some());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_callers_of_two_stores_see_no_error() -> Result<()> {
    let folder = folder()?;
    let path = folder.path().join("store.db");
    // Both make the tables.
    let (one, two) = tokio::join!(
        SqliteStore::open(&path, Options::default()),
        SqliteStore::open(&path, Options::default()),
    );
    let (one, two) = (Arc::new(one?), Arc::new(two?));
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let (writes, reads) = if number % 2 == 0 {
            (&one, &two)
        } else {
            (&two, &one)
        };
        callers.spawn(converse(
            format!("thr_{number}"),
            writes.clone(),
            reads.clone(),
        ));
    }
    while let Some(outcome) = callers.join_next().await {
        outcome.unwrap()?;
    }
    let mut names = Vec::new();
    let mut after = None;
    loop {
        let request = PageRequest {
            limit: 33,
            order: Order::Asc,
            after,
        };
        let page = one.threads(&ann()?, &request).await?.unwrap();
        names.extend(page.data.into_iter().map(|thread| thread.id));
        after = page.after;
        if after.is_none() {
            break;
        }
    }
    names.dedup();
    assert_eq!(names.len(), CALLERS);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_is_waited_for_and_reading_goes_on() -> Result<()> {
    let folder = folder()?;
    let path = folder.path().join("store.db");
    let store = Arc::new(SqliteStore::open(&path, Options::default()).await?);
    let mut other = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    sqlx::raw_sql("begin immediate")
        .execute(&mut other)
        .await
        .unwrap();

    let mut waiting = JoinSet::new();
    let (writes, first) = (store.clone(), begin("thr_1"));
    waiting.spawn(async move { writes.begin_turn(&ann()?, first).await });
    for _ in 0..10 {
        assert_eq!(store.thread(&ann()?, &ThreadId::new("thr_1")).await?, None);
    }
    assert!(waiting.try_join_next().is_none());
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    let began = waiting.join_next().await.unwrap().unwrap()?;
    assert_eq!(
        began,
        Began::Started {
            removed: Vec::new()
        }
    );
    Ok(())
}

#[tokio::test]
async fn a_lock_that_stays_makes_the_store_unavailable() -> Result<()> {
    let folder = folder()?;
    let path = folder.path().join("store.db");
    let options = Options {
        busy_timeout: BUSY_TIMEOUT,
        ..Options::default()
    };
    let store = SqliteStore::open(&path, options).await?;
    let mut other = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    sqlx::raw_sql("begin immediate")
        .execute(&mut other)
        .await
        .unwrap();
    let asked = Instant::now();
    let error = store.begin_turn(&ann()?, begin("thr_1")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(asked.elapsed() >= 3 * BUSY_TIMEOUT, "tried three times");
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    let began = store.begin_turn(&ann()?, begin("thr_1")).await?;
    assert_eq!(
        began,
        Began::Started {
            removed: Vec::new()
        }
    );
    Ok(())
}
