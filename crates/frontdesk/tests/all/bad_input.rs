//! Bad input: each gets its 4xx, nothing is stored, and the site goes on.

use serde_json::{Value, json};

use super::client::{Visitor, answer, message};
use super::site::Site;

/// Bodies and the status that each is refused with; `foreign` is an item of another thread than `thread`.
fn cases(thread: &str, foreign: &str) -> Vec<(String, u16)> {
    let request = |kind: &str, params: Value| json!({ "type": kind, "params": params }).to_string();
    let long = message(&"x".repeat(200_000));
    let hello = message("hello");
    let action = json!({ "type": "go", "payload": {} });
    let unknown_file = json!({
        "content": [{ "type": "input_text", "text": "hello" }],
        "attachments": ["atc_none"],
        "inference_options": {},
    });
    let add = |params: Value| request("threads.add_user_message", params);
    let retry = json!({ "thread_id": thread, "item_id": foreign });
    let feedback = json!({ "thread_id": thread, "item_ids": [foreign], "kind": "positive" });
    let act = json!({ "thread_id": thread, "item_id": foreign, "action": action });
    vec![
        ("{\"type\"".to_owned(), 400),
        ("\u{0}".to_owned(), 400),
        ("[".repeat(100_000), 400),
        (request("threads.explode", json!({})), 400),
        (
            request(
                "threads.create",
                json!({ "input": message(&"x".repeat(3 << 20)) }),
            ),
            413,
        ),
        (request("threads.create", json!({ "input": long })), 422),
        (
            request("threads.create", json!({ "input": unknown_file })),
            404,
        ),
        (add(json!({ "thread_id": thread, "input": long })), 422),
        (add(json!({ "thread_id": "thr_none", "input": hello })), 404),
        (
            add(json!({ "thread_id": thread, "input": hello, "replaces": foreign })),
            404,
        ),
        (
            request("threads.get_by_id", json!({ "thread_id": "thr_none" })),
            404,
        ),
        (
            request("items.list", json!({ "thread_id": "thr_none" })),
            404,
        ),
        (
            request(
                "threads.update",
                json!({ "thread_id": "thr_none", "title": "t" }),
            ),
            404,
        ),
        (
            request(
                "threads.update",
                json!({ "thread_id": thread, "title": "t".repeat(10_000) }),
            ),
            422,
        ),
        (request("threads.retry_after_item", retry), 404),
        (request("items.feedback", feedback), 404),
        (request("threads.custom_action", act), 404),
        (
            request(
                "threads.add_client_tool_output",
                json!({ "thread_id": thread, "result": {} }),
            ),
            409,
        ),
    ]
}

#[tokio::test]
async fn what_is_refused_leaves_no_trace() {
    let site = Site::configured(&[]).await;
    let visitor = Visitor::new(&site);
    let (other, events) = visitor.create("hello").await;
    let (thread, _) = visitor.create("hello").await;
    let foreign = events[1].data["item"]["id"].as_str().unwrap();
    let state = async || {
        let (_, threads) = visitor.ask("threads.list", json!({})).await;
        let (_, one) = visitor
            .ask("items.list", json!({ "thread_id": thread }))
            .await;
        let (_, two) = visitor
            .ask("items.list", json!({ "thread_id": other }))
            .await;
        [threads, one, two]
    };
    let before = state().await;
    for (body, status) in cases(&thread, foreign) {
        let start: String = body.chars().take(120).collect();
        let response = visitor.post("/chatkit").body(body).send().await.unwrap();
        let (got, answer) = answer(response).await;
        assert_eq!(got.as_u16(), status, "{start}: {answer}");
        assert!(answer["error"]["code"].is_string(), "{start}: {answer}");
    }
    assert_eq!(state().await, before);
}
