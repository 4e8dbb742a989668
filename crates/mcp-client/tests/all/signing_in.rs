//! Refused identities, and whose they are.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use frontdesk_agent::{ToolOutput, Toolset};
use frontdesk_auth::outgoing::{Attachment, Broker, OutgoingError, Refusal, RefusalKind};
use frontdesk_identity::SignedIn;
use frontdesk_mcp_client::{Era, Reconnecting};
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::json;

use crate::script::{Script, Tokens, tool};
use crate::stand::run_context;

fn refused(status: StatusCode, challenge: &'static str) -> axum::response::Response {
    (status, [("www-authenticate", challenge)]).into_response()
}

#[tokio::test]
async fn a_refused_identity_is_renewed_once_for_each_request() {
    for era in [Era::Stateless, Era::Initialize] {
        let tokens = Arc::new(Tokens::default());
        let auth = Arc::clone(&tokens);
        let script = Script::with(
            move |config| {
                config.era = era;
                config.auth = auth;
            },
            |seen| {
                async move {
                    match (seen.header("authorization"), seen.method()) {
                        (Some("Bearer ann-0"), _) => refused(
                            StatusCode::UNAUTHORIZED,
                            r#"Bearer resource_metadata="https://a.example/m", scope="read""#,
                        ),
                        (Some("Bearer ann-1"), "tools/call") => refused(
                            StatusCode::FORBIDDEN,
                            r#"Bearer error="insufficient_scope", scope="read write""#,
                        ),
                        (_, "tools/call") => seen.text(seen.header("authorization").unwrap_or("")),
                        _ if seen.method() == "server/discover" => seen.modern(&json!([])),
                        _ => seen.legacy(&json!([tool("a")])),
                    }
                }
                .boxed()
            },
        )
        .await
        .unwrap();
        let output = script.call("ann", "a", json!({})).await.unwrap();
        // What it says is what it was given, which nobody else is to see.
        assert_eq!(output, ToolOutput::text("Bearer [redacted]"));
        let refusals = tokens.refusals.lock().unwrap();
        let told: Vec<(RefusalKind, Vec<String>, Option<&str>, &str)> = refusals
            .iter()
            .map(|refusal| {
                (
                    refusal.kind,
                    refusal.scopes.clone(),
                    refusal.resource_metadata.as_deref(),
                    refusal.used.bearer.as_ref().unwrap().expose(),
                )
            })
            .collect();
        let words = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            told,
            [
                (
                    RefusalKind::Unauthorized,
                    words("read"),
                    Some("https://a.example/m"),
                    "ann-0"
                ),
                (RefusalKind::Forbidden, words("read write"), None, "ann-1"),
            ]
        );
    }
}

#[tokio::test]
async fn a_server_that_always_refuses_is_asked_twice() {
    for (status, expected) in [
        (401, "the tool server script refuses the user's sign-in"),
        (
            403,
            "the permission tasks:write is missing at script; nothing was done",
        ),
    ] {
        let tokens = Arc::new(Tokens::default());
        let auth = Arc::clone(&tokens);
        let script = Script::with(
            move |config| config.auth = auth,
            move |_| {
                let status = StatusCode::from_u16(status).unwrap();
                async move { refused(status, "Bearer scope=tasks:write") }.boxed()
            },
        )
        .await
        .unwrap();
        let error = script.call("ann", "a", json!({})).await.unwrap_err();
        assert_eq!(
            (error.model_message.as_str(), error.user_message),
            (expected, None)
        );
        assert_eq!(
            (script.seen().len(), tokens.renewals.load(Ordering::SeqCst)),
            (2, 1)
        );
    }
}

#[tokio::test]
async fn what_the_user_has_to_do_is_told_to_the_user_alone() {
    let link = Some("https://desk.example/connect/script?ticket=t".to_owned());
    let cases = [
        (
            OutgoingError::NotConnected { link: link.clone() },
            "the user has to connect their account at script first; nothing was done",
            Some("[Connect your account at script](https://desk.example/connect/script?ticket=t)"),
        ),
        (
            OutgoingError::MissingScope {
                scopes: vec!["a".to_owned(), "b".to_owned()],
                link,
            },
            "the permission a b is missing at script; nothing was done",
            Some("[Connect your account at script](https://desk.example/connect/script?ticket=t)"),
        ),
        (
            OutgoingError::Expired,
            "the user's sign-in has run out, so script wasn't asked",
            None,
        ),
        (
            OutgoingError::NotUsable {
                reason: "it is for something else",
            },
            "the user's sign-in can't be used for script: it is for something else",
            None,
        ),
        (
            OutgoingError::Unavailable {
                detail: "the issuer is down".to_owned(),
            },
            "signing in at script doesn't work at the moment; nothing was done",
            None,
        ),
    ];
    for (error, for_the_model, for_the_user) in cases {
        let tokens = Tokens::default();
        tokens.refuse("ann", error);
        let script = Script::with(
            |config| config.auth = Arc::new(tokens),
            |seen| async move { seen.modern(&json!([])) }.boxed(),
        )
        .await
        .unwrap();
        let told = script.call("ann", "a", json!({})).await.unwrap_err();
        assert_eq!(told.model_message, for_the_model);
        assert_eq!(told.user_message.as_deref(), for_the_user);
        assert!(!told.to_string().contains("ticket"), "{told}");
        assert_eq!(script.seen().len(), 0);
    }
}

#[tokio::test]
async fn concurrent_calls_on_the_shared_connection_carry_their_own_tokens() {
    let script = Script::open(|seen| {
        async move {
            match seen.method() {
                "tools/call" => {
                    let token = seen.header("authorization").unwrap_or("").to_owned();
                    let user = seen.arguments()["user"].as_str().unwrap_or("").to_owned();
                    tokio::task::yield_now().await;
                    seen.text(if token == format!("Bearer {user}-0") {
                        "own"
                    } else {
                        "other"
                    })
                }
                _ => seen.modern(&json!([tool("a")])),
            }
        }
        .boxed()
    })
    .await
    .unwrap();
    let users = ["ann", "bob", "cem", "dee"];
    let calls = (0..200).map(|number| {
        let user = users[number % users.len()];
        script.call(user, "a", json!({"user": user}))
    });
    for output in join_all(calls).await {
        assert_eq!(output.unwrap(), ToolOutput::text("own"));
    }
    assert_eq!(
        (script.client.connections(), script.count("server/discover")),
        (1, 1)
    );
}

#[tokio::test]
async fn a_refused_user_does_not_close_the_server_to_others() {
    for era in [Era::Stateless, Era::Initialize] {
        let script = Script::with(
            |config| {
                config.era = era;
                config.reconnecting = Reconnecting {
                    give_up_after: 1,
                    ..Reconnecting::default()
                };
            },
            |seen| {
                async move {
                    let user = seen.header("authorization").unwrap_or("").to_owned();
                    match seen.method() {
                        _ if user.starts_with("Bearer bob") => {
                            refused(StatusCode::UNAUTHORIZED, "Bearer")
                        }
                        "tools/call" => seen.text("done"),
                        "server/discover" => seen.modern(&json!([])),
                        _ => seen.legacy(&json!([])),
                    }
                }
                .boxed()
            },
        )
        .await
        .unwrap();
        for _ in 0..3 {
            let refused = script.call("bob", "a", json!({})).await.unwrap_err();
            assert_eq!(
                refused.model_message,
                "the tool server script refuses the user's sign-in"
            );
            let done = script.call("ann", "a", json!({})).await.unwrap();
            assert_eq!(done, ToolOutput::text("done"));
        }
    }
}

#[tokio::test]
async fn a_user_without_an_account_is_told_where_to_connect_it() {
    let link = Some("https://desk.example/connect".to_owned());
    let tokens = Arc::new(Tokens::default());
    tokens.refuse("ann", OutgoingError::NotConnected { link });
    let auth = Arc::clone(&tokens);
    let script = Script::with(
        move |config| config.auth = auth,
        |seen| async move { seen.modern(&json!([tool("a")])) }.boxed(),
    )
    .await
    .unwrap();
    let context = run_context("ann").unwrap();
    let listed = Toolset::list(script.client.as_ref(), &context)
        .await
        .unwrap();
    let names: Vec<&str> = listed
        .iter()
        .map(|tool| tool.definition.name.as_str())
        .collect();
    assert_eq!(names, ["connect_script"]);
    let told = script
        .call("ann", "connect_script", json!({}))
        .await
        .unwrap_err();
    assert_eq!(
        (told.model_message.as_str(), told.user_message.as_deref()),
        (
            "the user has to connect their account at script first; nothing was done",
            Some("[Connect your account at script](https://desk.example/connect)")
        )
    );
    tokens.says.lock().unwrap().clear();
    let connected = script
        .call("ann", "connect_script", json!({}))
        .await
        .unwrap();
    assert_eq!(
        connected,
        ToolOutput::text(
            "the account is connected; the tools are there with the user's next message"
        )
    );
    let listed = Toolset::list(script.client.as_ref(), &context)
        .await
        .unwrap();
    assert_eq!(listed[0].definition.name, "a");
}

/// Has no end of asking for Bob.
#[derive(Debug, Default)]
struct Slow(Tokens);

#[async_trait]
impl Broker for Slow {
    async fn attachment(&self, caller: &SignedIn) -> Result<Attachment, OutgoingError> {
        self.0.attachment(caller).await
    }

    async fn renewed(
        &self,
        _caller: &SignedIn,
        _refusal: &Refusal,
    ) -> Result<Attachment, OutgoingError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_user_whose_identity_takes_long_holds_nobody_up() {
    let script = Script::with(
        |config| {
            config.auth = Arc::new(Slow::default());
            config.turn_timeout = Duration::from_millis(50);
        },
        |seen| {
            async move {
                match (seen.header("authorization"), seen.method()) {
                    (Some("Bearer bob-0"), _) => refused(StatusCode::UNAUTHORIZED, "Bearer"),
                    (_, "tools/call") => seen.text("done"),
                    _ => seen.modern(&json!([])),
                }
            }
            .boxed()
        },
    )
    .await
    .unwrap();
    let ann = async {
        while script.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        script.call("ann", "a", json!({})).await
    };
    tokio::select! {
        biased;
        done = ann => assert_eq!(done.unwrap(), ToolOutput::text("done")),
        bob = script.call("bob", "a", json!({})) => unreachable!("{bob:?}"),
    }
}
