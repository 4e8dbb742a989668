//! Whose connection, whose identity, for how long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use frontdesk_agent::ToolOutput;
use frontdesk_mcp_client::{Era, McpServers};
use futures_util::FutureExt;
use serde_json::json;
use tokio::sync::{Barrier, Notify};
use tokio_util::sync::CancellationToken;

use crate::script::Script;
use crate::stand::{Stand, said, soon};

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
        let methods = stand.seen.methods();
        let handshakes = methods
            .iter()
            .filter(|method| ["server/discover", "initialize"].contains(&method.as_str()));
        assert_eq!(handshakes.count(), connections, "{era:?}");
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

#[tokio::test]
async fn idle_connections_are_looked_for_while_it_runs() {
    let stand = Stand::with(|config| {
        config.era = Era::Initialize;
        config.idle_timeout = Duration::ZERO;
    })
    .unwrap();
    let called = stand.call("ann", "say", json!({"words": []})).await;
    assert_eq!((called.is_ok(), stand.client.connections()), (true, 1));
    let servers = McpServers::new([Arc::clone(&stand.client)]);
    let running = servers.maintain(CancellationToken::new());
    let closed = async {
        while stand.client.connections() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = running => panic!("it ended by itself"),
        () = soon(closed) => {}
    }
}

#[tokio::test]
async fn the_user_who_was_idle_longest_gives_way() {
    let stand = Stand::with(|config| {
        config.era = Era::Initialize;
        config.max_connections = 2;
    })
    .unwrap();
    for user in ["ann", "bob", "ann", "cem", "bob"] {
        let output = stand.call(user, "say", json!({"words": []})).await;
        assert_eq!(output.unwrap(), said(user, ""));
        assert!(stand.client.connections() <= 2);
    }
    // One for each of the three, and one more for him who gave way.
    let methods = stand.seen.methods();
    let handshakes = methods.iter().filter(|method| *method == "initialize");
    assert_eq!(handshakes.count(), 4);
}

#[tokio::test]
async fn a_server_that_changes_its_protocol_is_found_out_anew() {
    let old = Arc::new(AtomicBool::new(false));
    let answers = Arc::clone(&old);
    let script = Script::with(
        |config| {
            config.era = Era::Auto;
            config.reconnecting.base = Duration::from_millis(1);
        },
        move |seen| {
            let old = answers.load(Ordering::SeqCst);
            async move {
                match seen.method() {
                    "tools/call" if old && seen.header("mcp-method").is_some() => {
                        StatusCode::BAD_REQUEST.into_response()
                    }
                    "tools/call" if !old && seen.header("mcp-method").is_none() => {
                        StatusCode::NOT_FOUND.into_response()
                    }
                    "tools/call" => seen.text("well"),
                    "server/discover" if old => StatusCode::BAD_REQUEST.into_response(),
                    "initialize" if !old => StatusCode::NOT_FOUND.into_response(),
                    "server/discover" => seen.modern(&json!([])),
                    _ => seen.legacy(&json!([])),
                }
            }
            .boxed()
        },
    )
    .await
    .unwrap();
    for (is_old, handshake) in [
        (false, "server/discover"),
        (true, "initialize"),
        (false, "server/discover"),
    ] {
        old.store(is_old, Ordering::SeqCst);
        let mut tries = 0;
        while script.call("ann", "a", json!({})).await.is_err() {
            tries += 1;
            assert!(tries < 4, "{is_old}");
        }
        let asked = script.methods();
        assert_eq!(
            asked
                .iter()
                .rev()
                .find(|method| *method == handshake)
                .map(String::as_str),
            Some(handshake)
        );
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_for_one_user_leaves_the_others_be() {
    for era in [Era::Stateless, Era::Initialize] {
        let (both, broken) = (Arc::new(Barrier::new(2)), Arc::new(Notify::new()));
        let (meeting, breaking) = (Arc::clone(&both), Arc::clone(&broken));
        let script = Script::with(
            |config| config.era = era,
            move |seen| {
                let (meeting, breaking) = (Arc::clone(&meeting), Arc::clone(&breaking));
                async move {
                    match (seen.method(), seen.arguments()["kind"].as_str()) {
                        ("tools/call", Some("cut")) => {
                            meeting.wait().await;
                            let cut = [Ok("{\"jsonrpc\":"), Err(std::io::Error::other("cut"))];
                            let body = Body::from_stream(futures_util::stream::iter(cut));
                            ([("content-type", "application/json")], body).into_response()
                        }
                        ("tools/call", _) => {
                            meeting.wait().await;
                            breaking.notified().await;
                            seen.text("well")
                        }
                        ("server/discover", _) => seen.modern(&json!([])),
                        _ => seen.legacy(&json!([])),
                    }
                }
                .boxed()
            },
        )
        .await
        .unwrap();
        let ann = async {
            let cut = script.call("ann", "a", json!({"kind": "cut"})).await;
            broken.notify_one();
            cut
        };
        let (ann, bob) = tokio::join!(ann, script.call("bob", "a", json!({})));
        assert_eq!(
            ann.unwrap_err().model_message,
            "the connection to the tool server script broke; whether anything was done is not known"
        );
        assert_eq!(bob.unwrap(), ToolOutput::text("well"), "{era:?}");
    }
}
