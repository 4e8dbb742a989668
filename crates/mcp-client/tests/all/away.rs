//! Servers that are away, come back, refuse, or are silent.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_auth::outgoing::Anonymous;
use frontdesk_mcp_client::{Era, McpError, McpServers};
use futures_util::FutureExt;
use serde_json::json;
use tokio::net::TcpListener;

use crate::script::Script;
use crate::stand::{Stand, caller, said, signed, soon};

#[tokio::test]
async fn a_server_that_is_away_is_told_of_and_used_again_when_it_is_back() {
    for era in [Era::Auto, Era::Initialize] {
        let mut stand = Stand::with(|config| config.era = era).unwrap();
        // Known as harmless to repeat, so that a socket which is found dead too late doesn't decide.
        stand.client.tools(&caller("ann").unwrap()).await.unwrap();
        assert_eq!(
            stand
                .call("ann", "say", json!({"words": ["a"]}))
                .await
                .unwrap(),
            said("ann", "a")
        );
        stand.stop().await;
        let error = stand
            .call("ann", "say", json!({"words": ["b"]}))
            .await
            .unwrap_err();
        assert_eq!(
            error.model_message,
            "the tool server stand can't be reached at the moment; nothing was done"
        );
        let bob = caller("bob").unwrap();
        assert!(matches!(
            stand.client.tools(&bob).await,
            Err(McpError::Away { .. })
        ));
        stand.start().unwrap();
        assert_eq!(
            stand
                .call("ann", "say", json!({"words": ["c"]}))
                .await
                .unwrap(),
            said("ann", "c")
        );
        assert_eq!(stand.client.tools(&bob).await.unwrap().len(), 8);
        assert_eq!(stand.seen.calls.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test]
async fn a_restart_between_two_calls_goes_unnoticed() {
    let mut stand = Stand::open().unwrap();
    stand.client.tools(&caller("ann").unwrap()).await.unwrap();
    stand
        .call("ann", "say", json!({"words": ["a"]}))
        .await
        .unwrap();
    stand.stop().await;
    stand.start().unwrap();
    assert_eq!(
        stand
            .call("ann", "say", json!({"words": ["b"]}))
            .await
            .unwrap(),
        said("ann", "b")
    );
}

#[tokio::test]
async fn a_refused_sign_in_is_told_without_the_credential() {
    let stand = Stand::with(|config| config.auth = Arc::new(Anonymous)).unwrap();
    let error = stand
        .call("ann", "say", json!({"words": []}))
        .await
        .unwrap_err();
    assert_eq!(
        error.model_message,
        "the tool server stand refuses the user's sign-in"
    );

    let mut wrong = None;
    let stand = Stand::with(|config| {
        config.auth = Arc::new(signed("https://elsewhere.example").unwrap());
        wrong = Some(Arc::clone(&config.auth));
    })
    .unwrap();
    let attached = wrong.unwrap().attachment(&caller("ann").unwrap()).await;
    let token = attached.unwrap().bearer.unwrap();
    let error = stand
        .call("ann", "say", json!({"words": []}))
        .await
        .unwrap_err();
    assert!(
        !error.to_string().contains(token.expose()) && error.detail.contains("identity is refused")
    );
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_away_within_the_limit() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: url::Url = format!("http://{}/mcp", silent.local_addr().unwrap())
        .parse()
        .unwrap();
    let stand = Stand::with(|config| {
        config.endpoint = url.into();
        config.era = Era::Auto;
        config.connect_timeout = Duration::from_millis(200);
    })
    .unwrap();
    let error = stand
        .client
        .tools(&caller("ann").unwrap())
        .await
        .unwrap_err();
    assert_eq!(
        error,
        McpError::Away {
            detail: "no connection within 200ms".to_owned()
        }
    );
}

#[tokio::test]
async fn readiness_names_the_servers_that_are_away() {
    let mut first = Stand::open().unwrap();
    let second = Stand::with(|config| config.name = "second".to_owned()).unwrap();
    first.stop().await;
    let servers = McpServers::new([first.client.clone(), second.client.clone()]);
    let readiness: Vec<(String, Option<String>)> = servers
        .readiness()
        .await
        .into_iter()
        .map(|readiness| (readiness.server, readiness.away))
        .collect();
    assert_eq!(
        readiness,
        [
            ("stand".to_owned(), Some("can't be reached".to_owned())),
            ("second".to_owned(), None)
        ]
    );
}

#[tokio::test]
async fn a_server_that_dies_in_mid_call_is_told_of_and_other_users_go_on() {
    for era in [Era::Stateless, Era::Initialize] {
        let mut stand = Stand::with(|config| config.era = era).unwrap();
        stand.client.tools(&caller("ann").unwrap()).await.unwrap();
        let client = stand.client.clone();
        let call = crate::stand::context("ann", frontdesk_agent::ProgressSink::silent()).unwrap();
        let hanging =
            frontdesk_agent::Toolset::call(client.as_ref(), "hang", serde_json::Map::new(), call);
        let (died, ()) = tokio::join!(hanging, async {
            soon(stand.seen.started.notified()).await;
            stand.stop().await;
        });
        assert_eq!(
            died.unwrap_err().model_message,
            "the connection to the tool server stand broke; whether anything was done is not known"
        );
        stand.start().unwrap();
        for user in ["ann", "bob"] {
            assert_eq!(
                stand
                    .call(user, "say", json!({"words": ["a"]}))
                    .await
                    .unwrap(),
                said(user, "a")
            );
        }
    }
}

#[tokio::test]
async fn any_number_of_health_pages_ask_a_server_once() {
    let script = Script::open(|seen| async move { seen.modern(&json!([])) }.boxed())
        .await
        .unwrap();
    let pages = (0..8).map(|_| script.client.readiness());
    for readiness in futures_util::future::join_all(pages).await {
        assert_eq!(readiness.away, None);
    }
    assert_eq!(script.seen().len(), 1);
}
