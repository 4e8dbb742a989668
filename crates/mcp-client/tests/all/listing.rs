//! Which tools are offered, and how long a list is good for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use frontdesk_mcp_client::{Era, McpServers};
use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::script::{Script, tool};
use crate::stand::caller;

async fn names(script: &Script, user: &str) -> Vec<String> {
    let tools = script.client.tools(&caller(user).unwrap()).await.unwrap();
    tools.into_iter().map(|tool| tool.definition.name).collect()
}

#[tokio::test]
async fn tools_are_filtered_and_those_with_bad_schemas_left_out() {
    let script = Script::with(
        |config| {
            config.tools.allow = vec!["read_*".to_owned(), "write".to_owned()];
            config.tools.deny = vec!["read_secret".to_owned()];
        },
        |seen| {
            async move {
                let with = |name: &str, schema: Value| json!({"name": name, "inputSchema": schema});
                seen.modern(&json!([
                    tool("write"),
                    tool("read_b"),
                    tool("read_a"),
                    tool("read_a"),
                    tool("read_secret"),
                    tool("other"),
                    with("read_remote", json!({"$ref": "https://elsewhere.example/schema"})),
                    with("read_wrong", json!({"type": "object", "properties": {"a": {"type": "strin"}}})),
                    with("read_list", json!({"type": "array"})),
                    with("read_header", json!({"type": "object", "properties": {"a": {"type": "string", "x-mcp-header": "no good"}}})),
                ]))
            }
            .boxed()
        },
    )
    .await
    .unwrap();
    assert_eq!(names(&script, "ann").await, ["read_a", "read_b", "write"]);
    let refused = script
        .call("ann", "read_secret", json!({}))
        .await
        .unwrap_err();
    assert_eq!(
        refused.model_message,
        "the tool server script refuses the call: unknown tool: read_secret"
    );
    assert_eq!(script.count("tools/call"), 0);
}

#[tokio::test]
async fn a_list_is_shared_where_the_server_says_so_and_good_for_as_long_as_it_says() {
    let cases = [
        (
            json!({"cacheScope": "public", "ttlMs": 60_000}),
            Era::Stateless,
            1,
        ),
        (
            json!({"cacheScope": "private", "ttlMs": 60_000}),
            Era::Stateless,
            2,
        ),
        (json!({}), Era::Stateless, 2),
        (
            json!({"cacheScope": "public", "ttlMs": 0}),
            Era::Stateless,
            4,
        ),
        (
            json!({"cacheScope": "public", "ttlMs": 60_000}),
            Era::Initialize,
            2,
        ),
    ];
    for (cache, era, asked) in cases {
        let script = Script::with(
            |config| config.era = era,
            move |seen| {
                let cache = cache.clone();
                async move {
                    let mut list = json!({"tools": [tool("a")]});
                    list.as_object_mut()
                        .unwrap()
                        .extend(cache.as_object().cloned().unwrap());
                    match seen.method() {
                        "tools/list" => seen.result(&list),
                        "server/discover" => seen.modern(&json!([])),
                        _ => seen.legacy(&json!([])),
                    }
                }
                .boxed()
            },
        )
        .await
        .unwrap();
        for user in ["ann", "bob", "ann", "bob"] {
            assert_eq!(names(&script, user).await, ["a"]);
        }
        assert_eq!(script.count("tools/list"), asked, "{era:?}");
    }
}

#[tokio::test]
async fn changed_tools_are_heard_of_by_the_newer_protocol() {
    let (change, version) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let (changing, versions) = (Arc::clone(&change), Arc::clone(&version));
    let script = Script::open(move |seen| {
        let (changing, versions) = (Arc::clone(&changing), Arc::clone(&versions));
        async move {
            match seen.method() {
                "server/discover" => seen.result(&json!({
                    "resultType": "complete",
                    "supportedVersions": ["2026-07-28"],
                    "capabilities": {"tools": {"listChanged": true}},
                    "ttlMs": 0, "cacheScope": "public",
                    "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "script", "version": "1"}},
                })),
                "tools/list" => {
                    let name = format!("v{}", versions.load(Ordering::SeqCst));
                    seen.modern(&json!([tool(&name)]))
                }
                "subscriptions/listen" => {
                    let id = seen.body["id"].clone();
                    let meta = json!({"io.modelcontextprotocol/subscriptionId": id});
                    let acknowledged = json!({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                        "params": {"notifications": {"toolsListChanged": true}, "_meta": meta}});
                    let changed = json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed", "params": {"_meta": meta}});
                    let events = futures_util::stream::unfold(0, move |step| {
                        let (acknowledged, changed) = (acknowledged.clone(), changed.clone());
                        let changing = Arc::clone(&changing);
                        async move {
                            let event = if step == 0 { acknowledged } else {
                                changing.notified().await;
                                changed
                            };
                            Some((Ok::<_, std::io::Error>(format!("data: {event}\n\n")), step + 1))
                        }
                    });
                    ([("content-type", "text/event-stream")], axum::body::Body::from_stream(events)).into_response()
                }
                _ => StatusCode::NOT_FOUND.into_response(),
            }
        }
        .boxed()
    })
    .await
    .unwrap();
    let servers = McpServers::new([Arc::clone(&script.client)]);
    let shutdown = CancellationToken::new();
    let using = async {
        assert_eq!(names(&script, "ann").await, ["v0"]);
        until(|| script.count("subscriptions/listen") == 1).await;
        version.store(1, Ordering::SeqCst);
        change.notify_one();
        let mut tries = 0;
        while names(&script, "bob").await != ["v1"] {
            tries += 1;
            assert!(tries < 2_000, "the change is heard of");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let asked = script.count("tools/list");
        assert_eq!(names(&script, "ann").await, ["v1"]);
        assert_eq!(script.count("tools/list"), asked);
        assert_eq!(script.count("subscriptions/listen"), 1);
        let listening = script.seen();
        let listening = listening
            .iter()
            .find(|seen| seen.method() == "subscriptions/listen");
        assert_eq!(
            listening.unwrap().header("authorization"),
            Some("Bearer ann-0")
        );
        shutdown.cancel();
    };
    tokio::join!(servers.maintain(shutdown.clone()), using);
    assert_eq!(script.client.connections(), 0);
}

async fn until(done: impl Fn() -> bool) {
    for _ in 0..5_000 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(done());
}
