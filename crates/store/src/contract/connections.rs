//! Connections to tool servers, and the way back from authorization servers.

use super::StoreUnderTest;
use super::sample::{ann, at, owner};
use crate::limit::{MAX_CONNECTING, MAX_NAME_BYTES, MAX_SEALED_BYTES};
use crate::{CameBack, Connecting, Connection, Result, StoreError};

fn way(server: &str, state: u8, second: i64) -> Connecting {
    Connecting {
        server: server.to_owned(),
        state_hash: [state; 32],
        sealed: vec![state, 0, 255],
        expires_at: at(second),
    }
}

/// A connection is kept as it was stored last, until it is removed.
pub async fn a_connection_is_kept_until_it_is_removed(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    assert_eq!(store.load_connection(&scope, "mail").await?, None);
    for (server, sealed, second) in [
        ("mail", b"one", 1),
        ("files", b"two", 2),
        ("mail", b"new", 3),
    ] {
        store
            .save_connection(&scope, server, sealed, at(second))
            .await?;
    }
    let mail = store.load_connection(&scope, "mail").await?;
    assert_eq!(mail.as_deref(), Some(&b"new"[..]));
    let connection = |server: &str, created: i64, updated: i64| Connection {
        server: server.to_owned(),
        created_at: at(created),
        updated_at: at(updated),
    };
    let both = [connection("files", 2, 2), connection("mail", 1, 3)];
    assert_eq!(store.connections(&scope).await?, both);

    assert!(store.remove_connection(&scope, "mail").await?);
    assert!(!store.remove_connection(&scope, "mail").await?);
    assert_eq!(store.load_connection(&scope, "mail").await?, None);
    assert_eq!(
        store.connections(&scope).await?,
        [connection("files", 2, 2)]
    );
    for (server, bytes) in [
        ("mail".to_owned(), MAX_SEALED_BYTES + 1),
        ("x".repeat(MAX_NAME_BYTES + 1), 1),
    ] {
        let sealed = vec![0; bytes];
        let refused = store.save_connection(&scope, &server, &sealed, at(4)).await;
        assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
        let mut large = way(&server, 1, 9);
        large.sealed = sealed;
        let refused = store.begin_connecting(&scope, large).await;
        assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    }
    Ok(())
}

/// Who set out with a state is told once, in time, with what they left.
pub async fn a_state_is_taken_once(subject: &StoreUnderTest) -> Result<()> {
    let (store, keys) = (&subject.store, &subject.keys);
    let (ann, bob) = (ann()?, owner("other", "bob")?);
    store.begin_connecting(&ann, way("mail", 1, 10)).await?;
    store.begin_connecting(&bob, way("files", 2, 10)).await?;
    for scope in [&ann, &bob] {
        let taken = store.begin_connecting(scope, way("mail", 1, 20)).await;
        assert!(
            matches!(taken, Err(StoreError::Conflict { .. })),
            "{taken:?}"
        );
    }
    assert_eq!(keys.take_connecting(&[9; 32], at(5)).await?, None);
    let back = |scope, server: &str, state: u8| CameBack {
        scope,
        server: server.to_owned(),
        sealed: vec![state, 0, 255],
    };
    assert_eq!(
        keys.take_connecting(&[1; 32], at(5)).await?,
        Some(back(ann.clone(), "mail", 1))
    );
    assert_eq!(keys.take_connecting(&[1; 32], at(5)).await?, None);
    assert_eq!(
        keys.take_connecting(&[2; 32], at(9)).await?,
        Some(back(bob, "files", 2))
    );
    store.begin_connecting(&ann, way("mail", 3, 10)).await?;
    assert_eq!(
        keys.take_connecting(&[3; 32], at(10)).await?,
        None,
        "too late"
    );
    Ok(())
}

/// Ways that expired are swept, and one owner has only so many.
pub async fn unfinished_connections_are_bounded(subject: &StoreUnderTest) -> Result<()> {
    let (store, keys) = (&subject.store, &subject.keys);
    let (ann, bob) = (ann()?, owner("acme", "bob")?);
    store.begin_connecting(&bob, way("mail", 200, 5)).await?;
    let most = u8::try_from(MAX_CONNECTING).unwrap_or(u8::MAX);
    for state in 1..=most + 2 {
        let way = way("mail", state, 100 + i64::from(state));
        store.begin_connecting(&ann, way).await?;
    }
    for (state, is_there) in [(1, false), (2, false), (3, true), (most + 2, true)] {
        let found = keys.take_connecting(&[state; 32], at(6)).await?;
        assert_eq!(found.is_some(), is_there, "state {state}");
    }
    subject.maintenance.sweep(at(105)).await?;
    let early = at(4);
    for (state, is_there) in [(200, false), (5, false), (6, true)] {
        let found = keys.take_connecting(&[state; 32], early).await?;
        assert_eq!(found.is_some(), is_there, "state {state}");
    }
    Ok(())
}
