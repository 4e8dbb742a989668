//! The queue of writes.

use std::sync::Arc;

use frontdesk_protocol::{ThreadId, ThreadMetadata};
use frontdesk_store::{Result, StoreError, Threads, Turns};
use frontdesk_store_sqlite::{Options, SqliteStore};
use futures_util::FutureExt;
use tokio::task::JoinSet;

use super::sample::{ann, at, begin, folder};

#[tokio::test]
async fn a_write_outlives_its_caller() -> Result<()> {
    let folder = folder()?;
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Options::default()).await?;
    // Polled once, which puts it into the queue, then dropped.
    assert!(
        store
            .begin_turn(&ann()?, begin("thr_1"))
            .now_or_never()
            .is_none()
    );
    store.close().await;
    let store = SqliteStore::open(&path, Options::default()).await?;
    assert!(
        store
            .thread(&ann()?, &ThreadId::new("thr_1"))
            .await?
            .is_some()
    );
    Ok(())
}

#[tokio::test]
async fn a_closed_store_is_not_available() -> Result<()> {
    let folder = folder()?;
    let store = SqliteStore::open(folder.path().join("store.db"), Options::default()).await?;
    store.close().await;
    store.close().await;
    let write = store.begin_turn(&ann()?, begin("thr_1")).await.map(drop);
    let read = store
        .thread(&ann()?, &ThreadId::new("thr_1"))
        .await
        .map(drop);
    for outcome in [write, read] {
        assert!(
            matches!(outcome, Err(StoreError::Unavailable { .. })),
            "{outcome:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn of_writes_that_go_together_only_the_bad_ones_fail() -> Result<()> {
    let folder = folder()?;
    let store = SqliteStore::open(folder.path().join("store.db"), Options::default()).await?;
    let store = Arc::new(store);
    let mut writes = JoinSet::new();
    for number in 0..300 {
        // Every name comes three times.
        let thread = ThreadMetadata::new(ThreadId::new(format!("thr_{}", number % 100)), at(1));
        let store = store.clone();
        writes.spawn(async move { store.create_thread(&ann()?, thread).await });
    }
    let (mut stored, mut refused) = (0, 0);
    while let Some(outcome) = writes.join_next().await {
        match outcome.unwrap() {
            Ok(()) => stored += 1,
            Err(StoreError::Conflict { .. }) => refused += 1,
            Err(error) => return Err(error),
        }
    }
    assert_eq!((stored, refused), (100, 200));
    Ok(())
}

#[tokio::test]
async fn a_small_queue_makes_callers_wait() -> Result<()> {
    let folder = folder()?;
    let options = Options {
        queue: 1,
        readers: 1,
        ..Options::default()
    };
    let store = Arc::new(SqliteStore::open(folder.path().join("store.db"), options).await?);
    let mut writes = JoinSet::new();
    for number in 0..50 {
        let (store, first) = (store.clone(), begin(&format!("thr_{number}")));
        writes.spawn(async move { store.begin_turn(&ann()?, first).await });
    }
    while let Some(outcome) = writes.join_next().await {
        outcome.unwrap()?;
    }
    Ok(())
}
