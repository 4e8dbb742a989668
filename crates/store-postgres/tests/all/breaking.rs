//! Connections that break, hang or are too few.

use std::time::{Duration, Instant};

use frontdesk_identity::Secret;
use frontdesk_protocol::ThreadId;
use frontdesk_store::{Began, Maintenance, Result, StoreError, Threads, Turns, Written};
use frontdesk_store_postgres::{Options, PostgresStore};
use frontdesk_testkit::postgres::{Ending, Options as ServerOptions, Postgres};
use frontdesk_testkit::proxy::{Direction, Proxy};

use super::database::{schema, server};
use super::sample::{ann, begin, end, failed, key};
use super::waiting::{self, perform};

fn is_unavailable<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable { .. }))
}

/// A store with one connection, through a proxy.
async fn through_proxy() -> Result<(Proxy, PostgresStore)> {
    connected(1, Duration::from_secs(5)).await
}

/// A store with so many connections, one of which is waited for so long, through a proxy.
async fn connected(connections: u32, patience: Duration) -> Result<(Proxy, PostgresStore)> {
    let server = server().await?;
    let proxy = Proxy::start(server.address()).await.map_err(failed)?;
    let options = Options {
        url: Secret::new(server.url_through(proxy.address())),
        connections,
        acquire_timeout: patience,
        statement_timeout: Duration::from_secs(3),
        ..schema().await?
    };
    let store = PostgresStore::open(options).await?;
    Ok((proxy, store))
}

#[tokio::test]
async fn a_network_that_falls_silent_holds_nobody_for_long() -> Result<()> {
    let (proxy, store) = through_proxy().await?;
    store.ping().await?;
    proxy.hold();
    let since = Instant::now();
    assert!(is_unavailable(&store.ping().await));
    // Not even by a connection that is in use.
    assert!(is_unavailable(&store.ping().await));
    assert!(since.elapsed() < Duration::from_secs(20));
    proxy.release();
    store.ping().await
}

#[tokio::test]
async fn a_connection_that_is_open_too_late_serves_who_comes_next() -> Result<()> {
    let (proxy, store) = through_proxy().await?;
    store.ping().await?;
    // Opening takes more than half a dozen pieces, and thereby more than a call waits for a connection.
    proxy.delay(Direction::ToServer, Duration::from_secs(1));
    proxy.cut();
    let mut outcomes = Vec::new();
    while outcomes.len() < 4 {
        outcomes.push(store.ping().await.is_ok());
    }
    assert!(outcomes.contains(&false), "it opens in time: {outcomes:?}");
    assert_eq!(outcomes.last(), Some(&true), "{outcomes:?}");
    Ok(())
}

#[tokio::test]
async fn a_network_that_falls_silent_is_found_out_once_for_all_connections() -> Result<()> {
    let (proxy, store) = connected(8, Duration::from_secs(10)).await?;
    tokio::try_join!(
        store.ping(),
        store.ping(),
        store.ping(),
        store.ping(),
        store.ping(),
        store.ping(),
        store.ping(),
        store.ping(),
    )?;
    // A second after the last of them was opened they are tried before they are used.
    tokio::time::sleep(Duration::from_secs(5)).await;
    proxy.silence();
    // Trying one after the other would take longer than a call waits; a new one answers.
    store.ping().await
}

#[tokio::test]
async fn a_connection_that_was_cut_is_replaced() -> Result<()> {
    let (proxy, store) = through_proxy().await?;
    let scope = ann()?;
    for round in 0..5 {
        let name = format!("thr_{round}");
        store.begin_turn(&scope, begin(&name)).await?;
        proxy.cut();
        // The first call may find out.
        let first = store.thread(&scope, &ThreadId::new(&name)).await;
        assert!(first.is_ok() || is_unavailable(&first));
        let written = store.write_turn(&scope, &key(&name), end(&name)?).await?;
        assert_eq!(written, Written::Stored);
    }
    Ok(())
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_its_connection_usable_or_gone() -> Result<()> {
    let (proxy, store) = through_proxy().await?;
    let scope = ann()?;
    for round in 0..5 {
        let name = format!("thr_{round}");
        proxy.hold();
        let begun = store.begin_turn(&scope, begin(&name));
        let given_up = tokio::time::timeout(Duration::from_millis(20), begun).await;
        assert!(given_up.is_err());
        proxy.release();
        // What was sent is done or not, and never twice.
        let again = store.begin_turn(&scope, begin(&name)).await;
        let is_expected = matches!(
            again,
            Ok(Began::Started { .. }) | Err(StoreError::Conflict { .. })
        );
        assert!(is_expected, "{again:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_lock_that_is_held_is_not_waited_for_without_end() -> Result<()> {
    let options = Options {
        lock_timeout: Duration::from_millis(200),
        statement_timeout: Duration::from_mins(1),
        ..schema().await?
    };
    let name = options.schema.clone();
    let store = PostgresStore::open(options).await?;
    let scope = ann()?;
    store.begin_turn(&scope, begin("thr_1")).await?;
    let mut other = waiting::connected().await?;
    perform(&mut other, format!("begin; lock table {name}.turns")).await?;
    let written = store.write_turn(&scope, &key("thr_1"), end("thr_1")?).await;
    perform(&mut other, "commit".to_owned()).await?;
    let Err(StoreError::Unavailable { detail }) = written else {
        return Err(failed(format!("not refused: {written:?}")));
    };
    assert_eq!(detail, "canceling statement due to lock timeout (55P03)");
    let written = store
        .write_turn(&scope, &key("thr_1"), end("thr_1")?)
        .await?;
    assert_eq!(written, Written::Stored);
    Ok(())
}

#[tokio::test]
async fn a_database_that_restarts_is_found_again() -> Result<()> {
    let server = Postgres::start(ServerOptions::default())
        .await
        .map_err(failed)?;
    let store = PostgresStore::open(Options::new(Secret::new(server.url()))).await?;
    let scope = ann()?;
    store.begin_turn(&scope, begin("thr_1")).await?;
    server.stop(Ending::Kill).await.map_err(failed)?;
    assert!(is_unavailable(&store.ping().await));
    server.start_again().await.map_err(failed)?;
    store.ping().await?;
    let written = store
        .write_turn(&scope, &key("thr_1"), end("thr_1")?)
        .await?;
    assert_eq!(written, Written::Stored);
    store.close().await;
    Ok(())
}

#[tokio::test]
async fn a_database_that_only_reads_refuses_what_would_change_it() -> Result<()> {
    let options = schema().await?;
    let store = PostgresStore::open(options.clone()).await?;
    let scope = ann()?;
    store.begin_turn(&scope, begin("thr_1")).await?;
    store.close().await;
    let read_only = Options {
        url: Secret::new(format!(
            "{}?options=-c%20default_transaction_read_only%3Don",
            options.url.expose()
        )),
        ..options
    };
    let store = PostgresStore::open(read_only).await?;
    assert!(
        store
            .thread(&scope, &ThreadId::new("thr_1"))
            .await?
            .is_some()
    );
    let written = store.write_turn(&scope, &key("thr_1"), end("thr_1")?).await;
    assert!(is_unavailable(&written), "{written:?}");
    Ok(())
}
