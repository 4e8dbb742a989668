//! Which tools are offered, and how long a list is good for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use frontdesk_agent::{Annotations, ToolOutput};
use frontdesk_mcp_client::{Era, McpServers};
use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::script::{Script, tool};
use crate::stand::{caller, soon};

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
async fn check_15_a_failure_is_an_error_and_a_list_is_read_page_by_page() {
    for era in [Era::Stateless, Era::Initialize] {
        let script = Script::with(
            |config| config.era = era,
            |seen| {
                async move {
                    let cursor = seen.body.pointer("/params/cursor").and_then(Value::as_str);
                    match (seen.method(), cursor) {
                        ("tools/list", None) => seen
                            .result(&json!({"tools": [tool("c"), tool("a")], "nextCursor": "2"})),
                        ("tools/list", Some("2")) => {
                            seen.result(&json!({"tools": [tool("b")], "nextCursor": "3"}))
                        }
                        ("tools/list", _) => seen.result(&json!({"tools": [tool("d")]})),
                        ("tools/call", _) => seen.result(&json!({
                            "content": [{"type": "text", "text": "no such task"}],
                            "structuredContent": {"error": true},
                            "isError": true,
                        })),
                        ("server/discover", _) => seen.modern(&json!([])),
                        _ => seen.legacy(&json!([])),
                    }
                }
                .boxed()
            },
        )
        .await
        .unwrap();
        assert_eq!(names(&script, "ann").await, ["a", "b", "c", "d"]);
        let output = script.call("ann", "a", json!({})).await.unwrap();
        assert_eq!(output, ToolOutput::error("no such task"));
    }
}

#[tokio::test]
async fn check_16_what_a_tool_may_destroy_is_known_before_it_is_called() {
    let script = Script::open(|seen| {
        async move {
            let hints = |hints: Value| json!({"name": "a", "inputSchema": {"type": "object"}, "annotations": hints});
            let mut hinted = hints(json!({"destructiveHint": true, "readOnlyHint": false, "title": "Delete it"}));
            let mut plain = hints(json!({}));
            hinted["name"] = "delete".into();
            plain["name"] = "plain".into();
            seen.modern(&json!([hinted, plain]))
        }
        .boxed()
    })
    .await
    .unwrap();
    let tools = script.client.tools(&caller("ann").unwrap()).await.unwrap();
    let annotations: Vec<&Annotations> = tools.iter().map(|tool| &tool.annotations).collect();
    assert_eq!(
        annotations,
        [
            &Annotations {
                title: Some("Delete it".to_owned()),
                read_only: Some(false),
                destructive: Some(true),
                idempotent: None,
            },
            &Annotations::default(),
        ]
    );
}

#[tokio::test]
async fn arguments_that_go_into_headers_do_so_also_on_a_new_connection() {
    let script = Script::open(|seen| {
        async move {
            let region = json!({"type": "string", "x-mcp-header": "Region"});
            let tool = json!({"name": "a", "inputSchema": {"type": "object", "properties": {"region": region}}});
            match (seen.method(), seen.header("mcp-param-region")) {
                ("tools/call", Some(region)) => seen.text(region),
                ("tools/call", None) => crate::script::json_answer(&json!({
                    "jsonrpc": "2.0", "id": seen.body["id"],
                    "error": {"code": -32020, "message": "the header is missing"},
                })),
                _ => seen.modern(&json!([tool])),
            }
        }
        .boxed()
    })
    .await
    .unwrap();
    let output = script.call("ann", "a", json!({"region": "north"})).await;
    assert_eq!(output.unwrap(), ToolOutput::text("north"));
    script.client.close();
    let output = script.call("ann", "a", json!({"region": "south"})).await;
    assert_eq!(output.unwrap(), ToolOutput::text("south"));
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
async fn what_changed_between_two_sessions_is_seen_in_the_second() {
    let listed = Arc::new(AtomicUsize::new(0));
    let lists = Arc::clone(&listed);
    let script = Script::with(
        |config| config.era = Era::Initialize,
        move |seen| {
            let number = match seen.method() {
                "tools/list" => lists.fetch_add(1, Ordering::SeqCst),
                _ => 0,
            };
            async move {
                match seen.method() {
                    "tools/call" => seen.text("well"),
                    _ => seen.legacy(&json!([tool(&format!("tool-{number}"))])),
                }
            }
            .boxed()
        },
    )
    .await
    .unwrap();
    assert_eq!(names(&script, "ann").await, ["tool-0"]);
    assert_eq!(names(&script, "ann").await, ["tool-0"]);
    script.client.close();
    script.call("ann", "tool-0", json!({})).await.unwrap();
    assert_eq!(names(&script, "ann").await, ["tool-1"]);
    assert_eq!(names(&script, "ann").await, ["tool-1"]);
}

#[tokio::test]
async fn changed_tools_are_heard_of_in_a_session() {
    let version = Arc::new(AtomicUsize::new(0));
    let versions = Arc::clone(&version);
    let script = Script::with(
        |config| config.era = Era::Initialize,
        move |seen| {
            let versions = Arc::clone(&versions);
            async move {
                if seen.method() == "tools/call" {
                    versions.fetch_add(1, Ordering::SeqCst);
                    let changed =
                        json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
                    let result = json!({"jsonrpc": "2.0", "id": seen.body["id"],
                        "result": {"content": [{"type": "text", "text": "well"}]}});
                    let events = format!("data: {changed}\n\ndata: {result}\n\n");
                    return ([("content-type", "text/event-stream")], events).into_response();
                }
                let name = format!("v{}", versions.load(Ordering::SeqCst));
                seen.legacy(&json!([tool(&name)]))
            }
            .boxed()
        },
    )
    .await
    .unwrap();
    for user in ["ann", "bob"] {
        assert_eq!(names(&script, user).await, ["v0"]);
        assert_eq!(names(&script, user).await, ["v0"]);
    }
    script.call("ann", "v0", json!({})).await.unwrap();
    soon(Box::pin(listed(&script, "ann", "v1"))).await;
    assert_eq!(names(&script, "ann").await, ["v1"]);
    assert_eq!(
        names(&script, "bob").await,
        ["v0"],
        "his session said nothing"
    );
    assert_eq!(script.count("tools/list"), 3);
}

#[tokio::test]
async fn many_users_at_once_fetch_a_shared_list_once() {
    let script = Script::open(|seen| async move { seen.modern(&json!([tool("a")])) }.boxed())
        .await
        .unwrap();
    let users: Vec<String> = (0..8).map(|number| format!("user-{number}")).collect();
    let lists = users.iter().map(|user| names(&script, user));
    for listed in futures_util::future::join_all(lists).await {
        assert_eq!(listed, ["a"]);
    }
    assert_eq!(
        (script.count("server/discover"), script.count("tools/list")),
        (1, 1)
    );
}

#[tokio::test]
async fn a_description_without_end_is_cut() {
    let tools = json!([{"name": "a", "description": "x".repeat(1_000_000), "inputSchema": {"type": "object"}}]);
    let script = Script::open(move |seen| {
        let tools = tools.clone();
        async move { seen.modern(&tools) }.boxed()
    })
    .await
    .unwrap();
    let listed = script.client.tools(&caller("ann").unwrap()).await.unwrap();
    assert_eq!(listed[0].definition.description, "x".repeat(16 * 1024));
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
        // What was listed before anybody listened is asked for once more.
        let asked_again = async {
            while script.count("tools/list") < 2 {
                listed(&script, "ann", "v0").await;
                // A known list is there at once, and others have to go on meanwhile.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        soon(Box::pin(asked_again)).await;
        version.store(1, Ordering::SeqCst);
        change.notify_one();
        soon(Box::pin(listed(&script, "bob", "v1"))).await;
        assert_eq!(names(&script, "ann").await, ["v1"]);
        assert_eq!(script.count("tools/list"), 3);
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

/// Lists until there is this tool.
async fn listed(script: &Script, user: &str, tool: &str) {
    while names(script, user).await != [tool] {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
