//! Whose connection, whose identity, for how long.

use std::time::Duration;

use frontdesk_mcp_client::Era;
use serde_json::json;

use crate::stand::{Stand, said};

#[tokio::test]
async fn check_14_connections_are_kept_per_server_and_user() {
    for era in [Era::Stateless, Era::Initialize] {
        let stand = Stand::with(|config| config.era = era).unwrap();
        for _ in 0..3 {
            let (ann, bob) = tokio::join!(
                stand.call("ann", "say", json!({"words": ["a"]})),
                stand.call("bob", "say", json!({"words": ["b"]})),
            );
            assert_eq!(
                (ann.unwrap(), bob.unwrap()),
                (said("ann", "a"), said("bob", "b"))
            );
        }
        // Requests of the newer protocol speak for themselves; a session is one user's.
        let connections = if era == Era::Stateless { 1 } else { 2 };
        assert_eq!(
            (stand.client.connections(), stand.seen.tokens()),
            (connections, 2)
        );
    }
}

#[tokio::test]
async fn a_kept_connection_sends_a_token_of_the_moment() {
    let stand = Stand::open().unwrap();
    stand
        .call("ann", "say", json!({"words": []}))
        .await
        .unwrap();
    stand.clock.advance(Duration::from_mins(2));
    assert_eq!(
        stand
            .call("ann", "say", json!({"words": []}))
            .await
            .unwrap(),
        said("ann", "")
    );
    assert_eq!((stand.client.connections(), stand.seen.tokens()), (1, 2));
}

#[tokio::test]
async fn idle_connections_are_closed_and_made_again() {
    let stand = Stand::with(|config| config.idle_timeout = Duration::ZERO).unwrap();
    stand
        .call("ann", "say", json!({"words": []}))
        .await
        .unwrap();
    assert_eq!(stand.client.connections(), 1);
    stand.client.close_idle();
    assert_eq!(stand.client.connections(), 0);
    stand
        .call("ann", "say", json!({"words": []}))
        .await
        .unwrap();
    assert_eq!(
        stand.seen.methods(),
        [
            "server/discover",
            "tools/call",
            "server/discover",
            "tools/call"
        ]
    );
}
