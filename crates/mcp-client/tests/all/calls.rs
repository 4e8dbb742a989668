//! Listing and calling.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use frontdesk_agent::{Annotations, Outcome, Progress, ProgressSink, ToolOutput, Toolset};
use frontdesk_auth::outgoing::Anonymous;
use frontdesk_mcp_client::{Era, MAX_OUTPUT_BYTES, McpServerConfig};
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use tokio::sync::Barrier;

use crate::script::{Script, Seen};
use crate::stand::{MEETING, Stand, caller, context, said, soon};

#[tokio::test]
async fn tools_are_listed_once_in_the_order_of_their_names() {
    let stand = Stand::open().unwrap();
    let ann = caller("ann").unwrap();
    let tools = stand.client.tools(&ann).await.unwrap();
    let names: Vec<&str> = tools
        .iter()
        .map(|tool| tool.definition.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "hang", "long", "meet", "refuse", "say", "slow", "tick", "work"
        ]
    );
    let say = &tools[4];
    assert_eq!(say.definition.description, "Says words.");
    assert_eq!(
        *say.definition.parameters,
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {"words": {"type": "array", "items": {"type": "string"}}},
            "required": ["words"],
        })
    );
    assert_eq!(
        say.annotations,
        Annotations {
            title: Some("Say something".to_owned()),
            read_only: Some(false),
            destructive: Some(false),
            idempotent: Some(true),
        }
    );
    stand.client.tools(&ann).await.unwrap();
    stand
        .call("ann", "say", json!({"words": ["a"]}))
        .await
        .unwrap();
    stand
        .call("ann", "say", json!({"words": ["b"]}))
        .await
        .unwrap();
    assert_eq!(
        stand.seen.methods(),
        ["server/discover", "tools/list", "tools/call", "tools/call"]
    );
}

#[tokio::test]
async fn a_result_is_its_structured_content_or_its_text() {
    for era in [Era::Auto, Era::Stateless, Era::Initialize] {
        let stand = Stand::with(|config| config.era = era).unwrap();
        assert_eq!(
            stand
                .call("ann", "say", json!({"words": ["good", "day"]}))
                .await
                .unwrap(),
            said("ann", "good day")
        );
        assert_eq!(
            stand.call("ann", "refuse", json!({})).await.unwrap(),
            ToolOutput::error("not for ann")
        );
        let missing = stand.call("ann", "say", json!({})).await.unwrap();
        assert_eq!(
            missing,
            ToolOutput::error("invalid arguments: missing field `words`")
        );
        let unknown = stand.call("ann", "nothing", json!({})).await.unwrap_err();
        assert_eq!(
            unknown.model_message,
            "the tool server stand refuses the call: unknown tool: nothing"
        );
    }
}

#[tokio::test]
async fn a_result_that_is_too_long_is_cut_and_says_so() {
    let stand = Stand::open().unwrap();
    let output = stand.call("ann", "long", json!({})).await.unwrap();
    assert_eq!(output.outcome, Outcome::Ok);
    let note = format!(
        "\n[cut here: the result has {} bytes]",
        MAX_OUTPUT_BYTES + 1
    );
    assert_eq!(
        output.text,
        format!("{}{note}", "x".repeat(MAX_OUTPUT_BYTES))
    );
}

#[tokio::test]
async fn check_24_eight_parallel_calls_run_in_parallel() {
    for era in [Era::Stateless, Era::Initialize] {
        // None of them is answered before all have come; once with a stream as the answer, once without.
        let stand = Stand::with(|config| config.era = era).unwrap();
        let calls = (0..MEETING).map(|_| stand.call("ann", "meet", json!({})));
        for output in join_all(calls).await {
            assert_eq!(output.unwrap(), ToolOutput::text("met"));
        }
        let meeting = Arc::new(Barrier::new(MEETING));
        let of_era = |config: &mut McpServerConfig| config.era = era;
        let script = Script::with(of_era, move |seen| {
            let meeting = Arc::clone(&meeting);
            async move {
                match seen.method() {
                    "tools/call" => {
                        meeting.wait().await;
                        seen.text("met")
                    }
                    "server/discover" => seen.modern(&json!([])),
                    _ => seen.legacy(&json!([])),
                }
            }
            .boxed()
        })
        .await
        .unwrap();
        let calls = (0..MEETING).map(|_| script.call("ann", "meet", json!({})));
        for output in join_all(calls).await {
            assert_eq!(output.unwrap(), ToolOutput::text("met"));
        }
    }
}

#[tokio::test]
async fn a_call_that_is_cancelled_or_dropped_ends_at_the_server() {
    for era in [Era::Stateless, Era::Initialize] {
        let stand = Stand::with(|config| config.era = era).unwrap();
        let context = context("ann", ProgressSink::silent()).unwrap();
        let cancel = context.cancel.clone();
        let (output, ()) = tokio::join!(stand.call_in(context, "hang", json!({})), async {
            soon(stand.seen.started.notified()).await;
            cancel.cancel();
        });
        assert_eq!(output.unwrap_err().model_message, "the call was cancelled");
        soon(stand.seen.ended.notified()).await;
        tokio::select! {
            _ = stand.call("ann", "hang", json!({})) => unreachable!("the tool never ends"),
            () = soon(stand.seen.started.notified()) => {}
        }
        soon(stand.seen.ended.notified()).await;
        assert_eq!(
            stand
                .call("ann", "say", json!({"words": []}))
                .await
                .unwrap(),
            said("ann", "")
        );
    }
}

#[tokio::test]
async fn check_23_a_slow_tool_gets_its_time_and_the_model_is_told_how_long_it_was() {
    let url: url::Url = "http://127.0.0.1:1/mcp".parse().unwrap();
    let config = McpServerConfig::new("stand", url, Arc::new(Anonymous));
    assert_eq!(config.call_timeout, Duration::from_mins(1));
    join_all([Era::Stateless, Era::Initialize].map(async |era| {
        let stand = Stand::with(|config| {
            config.era = era;
            config.call_timeout = Duration::from_secs(1);
            let more = Duration::from_mins(1);
            config.tool_timeouts = BTreeMap::from([("slow".to_owned(), more)]);
        })
        .unwrap();
        // Longer than the others may take, without a word.
        let (slow, hang) = tokio::join!(
            stand.call("ann", "slow", json!({})),
            stand.call("ann", "hang", json!({})),
        );
        assert_eq!(slow.unwrap(), ToolOutput::text("slowly"));
        assert_eq!(
            hang.unwrap_err().model_message,
            "tool timed out after 1 s without an answer"
        );
        // What tells how far it is gets more, but not more than anything gets.
        let stand = Stand::with(|config| {
            config.era = era;
            config.call_timeout = Duration::from_secs(10);
            config.max_call_time = Duration::from_secs(3);
        })
        .unwrap();
        let told = stand.call("ann", "tick", json!({})).await.unwrap_err();
        assert_eq!(
            told.model_message,
            "tool timed out after 3 s without an answer"
        );
    }))
    .await;
}

/// A sink and what it was given.
fn noted() -> (ProgressSink, Arc<Mutex<Vec<Progress>>>) {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let taken = Arc::clone(&reports);
    let sink = ProgressSink::new(move |progress| taken.lock().unwrap().push(progress));
    (sink, reports)
}

#[tokio::test]
async fn progress_is_passed_on_and_gives_the_call_its_time_again() {
    join_all([Era::Stateless, Era::Initialize].map(async |era| {
        let open = |call_timeout: Duration| {
            Stand::with(|config| {
                config.era = era;
                config.call_timeout = call_timeout;
            })
        };
        // Less than the work takes in all.
        let stand = open(Duration::from_secs(4)).unwrap();
        let (sink, reports) = noted();
        let output = stand
            .call_in(context("ann", sink).unwrap(), "work", json!({}))
            .await
            .unwrap();
        assert_eq!(output, ToolOutput::text("worked"));
        let told: Vec<Option<f64>> = reports
            .lock()
            .unwrap()
            .iter()
            .map(|progress| progress.fraction)
            .collect();
        let steps = (1..=10_u8).map(|step| Some(f64::from(step) / 10.0));
        assert_eq!(told, steps.collect::<Vec<_>>());

        let stand = open(Duration::from_secs(3)).unwrap();
        let (sink, reports) = noted();
        let late = stand
            .call_in(context("ann", sink).unwrap(), "hang", json!({}))
            .await
            .unwrap_err();
        assert!(late.model_message.starts_with("tool timed out"), "{late}");
        soon(stand.seen.ended.notified()).await;
        let expected = Progress {
            message: Some("a quarter".to_owned()),
            fraction: Some(0.25),
        };
        assert_eq!(*reports.lock().unwrap(), [expected]);
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn progress_comes_in_order_and_before_the_result() {
    const STEPS: u8 = 20;
    for era in [Era::Stateless, Era::Initialize] {
        let script = Script::with(
            |config| config.era = era,
            |seen| {
                async move {
                    match seen.method() {
                        "tools/call" => told_at_once(&seen, STEPS),
                        "server/discover" => seen.modern(&json!([])),
                        _ => seen.legacy(&json!([])),
                    }
                }
                .boxed()
            },
        )
        .await
        .unwrap();
        for _ in 0..50 {
            let (sink, reports) = noted();
            let context = context("ann", sink).unwrap();
            let output = Toolset::call(script.client.as_ref(), "a", Map::new(), context).await;
            assert_eq!(output.unwrap(), ToolOutput::text("well"));
            let told: Vec<String> = reports
                .lock()
                .unwrap()
                .iter()
                .filter_map(|progress| progress.message.clone())
                .collect();
            let steps = (1..=STEPS).map(|step| step.to_string());
            assert_eq!(told, steps.collect::<Vec<_>>(), "{era:?}");
        }
    }
}

/// A stream of so many reports and the result, all of which come at once.
fn told_at_once(seen: &Seen, steps: u8) -> Response {
    let token = &seen.body["params"]["_meta"]["progressToken"];
    let mut events: Vec<Value> = (1..=steps)
        .map(|step| {
            let params =
                json!({"progressToken": token, "progress": step, "message": step.to_string()});
            json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
        })
        .collect();
    events.push(json!({"jsonrpc": "2.0", "id": seen.body["id"],
        "result": {"content": [{"type": "text", "text": "well"}]}}));
    let events = events.iter().map(|event| format!("data: {event}\n\n"));
    let headers = [("content-type", "text/event-stream")];
    (headers, events.collect::<String>()).into_response()
}
