//! Servers that behave badly: one clear message each, and the next call works.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use frontdesk_agent::ToolOutput;
use frontdesk_mcp_client::{Era, Reconnecting};
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::script::{Script, Seen, json_answer, tool, unending};
use crate::stand::{caller, until};

const CANT: &str = "the tool server script gave an answer that can't be used: ";
const BROKE: &str =
    "the connection to the tool server script broke; whether anything was done is not known";

fn huge(content_type: &'static str) -> Response {
    let megabyte = "x".repeat(1024 * 1024);
    let chunks = (0..100).map(move |_| Ok::<_, std::io::Error>(megabyte.clone()));
    let body = Body::from_stream(futures_util::stream::iter(chunks));
    ([("content-type", content_type)], body).into_response()
}

fn cut(start: &'static str, content_type: &'static str) -> Response {
    let chunks = [Ok(start), Err(std::io::Error::other("cut"))];
    let body = Body::from_stream(futures_util::stream::iter(chunks));
    ([("content-type", content_type)], body).into_response()
}

fn bad(kind: &str, seen: &Seen) -> Response {
    let id = seen.body["id"].clone();
    match kind {
        "silent" => unending("", "application/json"),
        "endless" => unending(": nothing\n\n", "text/event-stream"),
        "garbage" => ([("content-type", "application/json")], "<html>").into_response(),
        "other" => ([("content-type", "text/html")], "<html>").into_response(),
        "no message" => json_answer(&json!({"hello": id})),
        "wrong id" => {
            json_answer(&json!({"jsonrpc": "2.0", "id": 4711, "result": {"content": []}}))
        }
        "huge" => huge("application/json"),
        "huge event" => huge("text/event-stream"),
        "cut" => cut("{\"jsonrpc\":", "application/json"),
        "cut stream" => cut("data: {\"jsonrpc\":", "text/event-stream"),
        "elsewhere" => (
            StatusCode::TEMPORARY_REDIRECT,
            [("location", "https://elsewhere.example/mcp")],
        )
            .into_response(),
        "found" => (StatusCode::FOUND, [("location", "/other")]).into_response(),
        "round" => (StatusCode::PERMANENT_REDIRECT, [("location", "/mcp")]).into_response(),
        "failing" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "busy" => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        "reserved" => {
            let deep = json!({"\u{24}serde_json::private::RawValue": "[1]"});
            json_answer(
                &json!({"jsonrpc": "2.0", "id": id, "result": {"content": [], "structuredContent": deep}}),
            )
        }
        _ => seen.text("well"),
    }
}

#[tokio::test]
async fn check_09_a_bad_answer_is_told_in_one_message_and_the_next_call_works() {
    let timed_out = "tool timed out after 1.5 s without an answer";
    let unreadable = format!("{CANT}it can't be read");
    let too_long = format!("{CANT}it is too long");
    let elsewhere = format!("{CANT}it redirects elsewhere");
    let failed = format!("{CANT}it says that it failed");
    let busy = "the tool server script is too busy at the moment; try again later";
    let cases = [
        ("silent", timed_out),
        ("endless", timed_out),
        ("garbage", &unreadable),
        ("other", &unreadable),
        ("no message", &unreadable),
        ("wrong id", &unreadable),
        ("reserved", &unreadable),
        ("huge", &too_long),
        ("huge event", BROKE),
        ("cut", BROKE),
        ("cut stream", BROKE),
        ("elsewhere", &elsewhere),
        ("found", &elsewhere),
        ("round", &elsewhere),
        ("failing", &failed),
        ("busy", busy),
    ];
    for era in [Era::Stateless, Era::Initialize] {
        let script = Script::with(
            |config| {
                config.era = era;
                let short = Duration::from_millis(1_500);
                config.tool_timeouts = BTreeMap::from([("short".to_owned(), short)]);
            },
            |seen| {
                async move {
                    let arguments = seen.arguments();
                    match (seen.method(), arguments["kind"].as_str()) {
                        ("tools/call", Some(kind)) => bad(kind, &seen),
                        ("server/discover", _) => seen.modern(&json!([])),
                        _ => seen.legacy(&json!([tool("a")])),
                    }
                }
                .boxed()
            },
        )
        .await
        .unwrap();
        for (kind, expected) in cases {
            let tool = if expected == timed_out { "short" } else { "a" };
            let before = script.count("tools/call");
            let error = script
                .call("ann", tool, json!({"kind": kind}))
                .await
                .unwrap_err();
            assert_eq!(error.model_message, expected, "{kind}, {era:?}");
            until(|| script.count("tools/call") > before).await;
            let calls = script.count("tools/call");
            let next = script.call("ann", "a", json!({"kind": "well"})).await;
            assert_eq!(
                next.unwrap(),
                ToolOutput::text("well"),
                "after {kind}, {era:?}"
            );
            assert_eq!(script.count("tools/call"), calls + 1, "after {kind}");
        }
    }
}

#[tokio::test]
async fn a_bad_handshake_or_list_is_told_and_the_next_one_works() {
    for kind in [
        "garbage",
        "no message",
        "wrong id",
        "huge",
        "cut",
        "elsewhere",
        "failing",
        "busy",
    ] {
        for method in ["initialize", "tools/list"] {
            let bad_once = Arc::new(AtomicUsize::new(0));
            let script = Script::with(
                |config| {
                    config.era = Era::Auto;
                    config.reconnecting.base = Duration::from_millis(1);
                },
                move |seen| {
                    let bad_once = Arc::clone(&bad_once);
                    async move {
                        if seen.method() == method && bad_once.fetch_add(1, Ordering::SeqCst) < 2 {
                            return bad(kind, &seen);
                        }
                        match seen.method() {
                            "tools/call" => seen.text("well"),
                            _ => seen.legacy(&json!([tool("a")])),
                        }
                    }
                    .boxed()
                },
            )
            .await
            .unwrap();
            let ann = caller("ann").unwrap();
            let mut failures = 0;
            while script.client.tools(&ann).await.is_err() {
                failures += 1;
                assert!(failures < 3, "{kind} at {method}");
            }
            assert!(failures > 0, "{kind} at {method}");
            let next = script.call("ann", "a", json!({})).await;
            assert_eq!(
                next.unwrap(),
                ToolOutput::text("well"),
                "after {kind} at {method}"
            );
        }
    }
}

#[tokio::test]
async fn redirects_at_the_same_server_are_followed_once_with_all_that_is_sent() {
    let script = Script::open(|seen| {
        async move {
            match (seen.path.as_str(), seen.method()) {
                ("/mcp", _) => {
                    (StatusCode::PERMANENT_REDIRECT, [("location", "/mcp/")]).into_response()
                }
                (_, "tools/call") => seen.text(&seen.arguments().to_string()),
                _ => seen.modern(&json!([tool("a")])),
            }
        }
        .boxed()
    })
    .await
    .unwrap();
    let output = script.call("ann", "a", json!({"word": "a"})).await.unwrap();
    assert_eq!(output, ToolOutput::text(r#"{"word":"a"}"#));
    let seen = script.seen();
    assert!(
        seen.iter()
            .all(|seen| seen.header("authorization") == Some("Bearer ann-0"))
    );
}

#[tokio::test]
async fn a_busy_server_is_asked_again_when_it_says_soon() {
    for (status, harmless, calls) in [(429, false, 2), (503, true, 2), (503, false, 1)] {
        let asked = Arc::new(AtomicUsize::new(0));
        let script = Script::open(move |seen| {
            let first = seen.method() == "tools/call" && asked.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                let tool = json!({"name": "a", "inputSchema": {"type": "object"},
                    "annotations": {"readOnlyHint": harmless}});
                match seen.method() {
                    "tools/call" if first => (
                        StatusCode::from_u16(status).unwrap(),
                        [("retry-after", "0")],
                    )
                        .into_response(),
                    "tools/call" => seen.text("well"),
                    _ => seen.modern(&json!([tool])),
                }
            }
            .boxed()
        })
        .await
        .unwrap();
        script.client.tools(&caller("ann").unwrap()).await.unwrap();
        let output = script.call("ann", "a", json!({})).await;
        assert_eq!(output.is_ok(), calls == 2, "{status}");
        assert_eq!(script.count("tools/call"), calls, "{status}");
    }
}

#[tokio::test]
async fn lists_without_end_are_cut() {
    for kind in ["many", "loop"] {
        let patient = |config: &mut frontdesk_mcp_client::McpServerConfig| {
            config.connect_timeout = Duration::from_mins(1);
        };
        let script = Script::with(patient, move |seen| {
            async move {
                let tools: Vec<Value> = (0..10_000)
                    .map(|number| tool(&format!("t{number:05}")))
                    .collect();
                match (seen.method(), kind) {
                    ("tools/list", "many") => seen.result(&json!({"tools": tools})),
                    ("tools/list", _) => {
                        seen.result(&json!({"tools": [tool("a")], "nextCursor": "more"}))
                    }
                    _ => seen.modern(&json!([])),
                }
            }
            .boxed()
        })
        .await
        .unwrap();
        let tools = script.client.tools(&caller("ann").unwrap()).await.unwrap();
        let (listed, asked) = if kind == "many" { (512, 1) } else { (1, 64) };
        assert_eq!((tools.len(), script.count("tools/list")), (listed, asked));
    }
}

#[tokio::test]
async fn a_server_that_keeps_failing_is_left_alone_and_tried_again() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let url: url::Url = format!("http://{address}/mcp").parse().unwrap();
    let script = Script::with(
        |config| {
            config.endpoint = url.into();
            config.reconnecting = Reconnecting {
                base: Duration::from_millis(1),
                cap: Duration::from_secs(10),
                give_up_after: 5,
                rest: Duration::from_secs(10),
                window: Duration::from_mins(1),
            };
        },
        |seen| async move { seen.modern(&json!([])) }.boxed(),
    )
    .await
    .unwrap();
    let mut told = Vec::new();
    for _ in 0..6 {
        told.push(
            script
                .call("ann", "a", json!({}))
                .await
                .unwrap_err()
                .model_message,
        );
    }
    let away = "the tool server script can't be reached at the moment; nothing was done";
    let resting = "the tool server script has failed repeatedly and isn't asked at the moment; nothing was done";
    assert_eq!(told, [away, away, away, away, away, resting]);
    let readiness = script.client.readiness().await.away.unwrap();
    assert!(
        readiness.starts_with("open: it has failed repeatedly"),
        "{readiness}"
    );

    let back = tokio::net::TcpListener::bind(address).await.unwrap();
    let answering = axum::Router::new().fallback(|body: String| async move {
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        let seen = Seen {
            verb: axum::http::Method::POST,
            path: String::new(),
            headers: axum::http::HeaderMap::new(),
            body,
        };
        match seen.method() {
            "tools/call" => seen.text("well"),
            _ => seen.modern(&json!([])),
        }
    });
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(async move { axum::serve(back, answering).await });
    let tried_again = async {
        loop {
            match script.call("ann", "a", json!({})).await {
                Ok(output) => break output,
                Err(error) => assert_eq!(error.model_message, resting),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let output = tokio::time::timeout(Duration::from_mins(1), tried_again).await;
    assert_eq!(output.unwrap(), ToolOutput::text("well"));
    assert_eq!(script.client.readiness().await.away, None);
}

#[tokio::test]
async fn forgotten_sessions_do_not_count_as_a_server_that_is_away() {
    let script = Script::with(
        |config| {
            config.era = Era::Initialize;
            config.reconnecting.give_up_after = 1;
        },
        |seen| {
            async move {
                match seen.method() {
                    "tools/call" => axum::http::StatusCode::NOT_FOUND.into_response(),
                    "initialize" => {
                        let mut answer = seen.legacy(&json!([]));
                        let session = axum::http::HeaderValue::from_static("s");
                        answer.headers_mut().insert("mcp-session-id", session);
                        answer
                    }
                    _ => seen.legacy(&json!([])),
                }
            }
            .boxed()
        },
    )
    .await
    .unwrap();
    for _ in 0..2 {
        assert_eq!(
            script
                .call("ann", "a", json!({}))
                .await
                .unwrap_err()
                .model_message,
            "the tool server script can't be reached at the moment; nothing was done"
        );
    }
    assert_eq!(script.client.readiness().await.away, None);
}

#[tokio::test]
async fn a_request_that_is_refused_leaves_the_shared_connection_be() {
    let script = Script::open(|seen| {
        async move {
            match (seen.method(), seen.arguments()["word"].as_str()) {
                ("tools/call", Some("long")) => {
                    axum::http::StatusCode::PAYLOAD_TOO_LARGE.into_response()
                }
                ("tools/call", _) => seen.text("well"),
                _ => seen.modern(&json!([])),
            }
        }
        .boxed()
    })
    .await
    .unwrap();
    let refused = script.call("ann", "a", json!({"word": "long"})).await;
    assert_eq!(
        refused.unwrap_err().model_message,
        "the tool server script gave an answer that can't be used: it refuses the request"
    );
    let output = script.call("bob", "a", json!({})).await.unwrap();
    assert_eq!(output, ToolOutput::text("well"));
    assert_eq!(script.count("server/discover"), 1);
}

#[tokio::test]
async fn check_21_no_error_holds_a_key_that_stands_in_an_address() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let url: url::Url = format!("http://{address}/mcp?key=s3cret").parse().unwrap();
    let script = Script::with(
        |config| config.endpoint = url.into(),
        |seen| async move { seen.modern(&json!([])) }.boxed(),
    )
    .await
    .unwrap();
    let error = script.call("ann", "a", json!({})).await.unwrap_err();
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}
