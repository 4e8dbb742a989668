//! Two users of one site: no request kind and no route shows or changes the other's data.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::client::{Visitor, answer, events_until, message};
use super::site::Site;

async fn snapshot(owner: &Visitor<'_>, thread: &str) -> [Value; 3] {
    let (_, threads) = owner.ask("threads.list", json!({})).await;
    let (_, found) = owner
        .ask("threads.get_by_id", json!({ "thread_id": thread }))
        .await;
    let (_, items) = owner
        .ask("items.list", json!({ "thread_id": thread }))
        .await;
    [threads, found, items]
}

#[tokio::test]
async fn the_other_users_threads_are_not_there_by_any_request() {
    let site = Site::configured(&[]).await;
    let (ann, bob) = (Visitor::named(&site, "ann"), Visitor::named(&site, "bob"));
    let (thread, events) = ann.create("hello").await;
    let (own, _) = bob.create("hello").await;
    let item = events[1].data["item"]["id"].as_str().unwrap().to_owned();
    let before = snapshot(&ann, &thread).await;

    let input = message("hello");
    let action = json!({ "type": "go", "payload": {} });
    let requests = [
        ("threads.get_by_id", json!({ "thread_id": thread })),
        (
            "threads.add_user_message",
            json!({ "thread_id": thread, "input": input }),
        ),
        (
            "threads.add_user_message",
            json!({ "thread_id": own, "input": input, "replaces": item }),
        ),
        (
            "threads.retry_after_item",
            json!({ "thread_id": thread, "item_id": item }),
        ),
        (
            "threads.retry_after_item",
            json!({ "thread_id": own, "item_id": item }),
        ),
        (
            "threads.update",
            json!({ "thread_id": thread, "title": "mine" }),
        ),
        ("threads.delete", json!({ "thread_id": thread })),
        ("items.list", json!({ "thread_id": thread })),
        ("items.list", json!({ "thread_id": own, "after": item })),
        ("threads.list", json!({ "after": thread })),
        (
            "items.feedback",
            json!({ "thread_id": thread, "item_ids": [item], "kind": "positive" }),
        ),
        (
            "items.feedback",
            json!({ "thread_id": own, "item_ids": [item], "kind": "positive" }),
        ),
        (
            "threads.add_client_tool_output",
            json!({ "thread_id": thread, "result": {} }),
        ),
        (
            "threads.add_structured_input",
            json!({ "thread_id": thread, "item_id": item, "input": { "status": "skipped" } }),
        ),
        (
            "threads.custom_action",
            json!({ "thread_id": thread, "action": action }),
        ),
        (
            "threads.custom_action",
            json!({ "thread_id": own, "item_id": item, "action": action }),
        ),
        (
            "threads.sync_custom_action",
            json!({ "thread_id": thread, "action": action }),
        ),
        ("attachments.delete", json!({ "attachment_id": "atc_1" })),
    ];
    for (kind, params) in requests {
        let (status, body) = bob.ask(kind, params.clone()).await;
        let refused = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND];
        assert!(
            refused.contains(&status),
            "{kind} {params}: {status} {body}"
        );
        assert!(!body.to_string().contains("Hello there"), "{kind}: {body}");
    }
    assert_eq!(
        snapshot(&ann, &thread).await,
        before,
        "nothing of hers has changed"
    );
    let (_, threads) = bob.ask("threads.list", json!({})).await;
    let ids: Vec<&Value> = threads["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|thread| &thread["id"])
        .collect();
    assert_eq!(ids, [&json!(own)]);
}

#[tokio::test]
async fn the_other_users_turns_are_not_there_by_any_route() {
    let site = Site::obedient(&[]).await;
    let (ann, bob) = (Visitor::named(&site, "ann"), Visitor::named(&site, "bob"));
    let body =
        json!({ "type": "threads.create", "params": { "input": message("wait") } }).to_string();
    let response = ann
        .post("/chatkit")
        .header("frontdesk-resume", "1")
        .body(body)
        .send()
        .await
        .unwrap();
    let turn = response.headers()["frontdesk-turn"]
        .to_str()
        .unwrap()
        .to_owned();
    let seen = events_until(response, "thread.item.updated").await;
    let (events, stop) = (
        format!("/chatkit/turns/{turn}/events"),
        format!("/chatkit/turns/{turn}/stop"),
    );
    for (place, request) in [
        ("live", [bob.get(&events), bob.post(&stop)]),
        ("dev", {
            let dev = Visitor::new(&site);
            [dev.get(&events), dev.post(&stop)]
        }),
    ] {
        for request in request {
            let (status, body) = answer(request.send().await.unwrap()).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{place}: {body}");
        }
    }
    let thread = seen[0].data["thread"]["id"].as_str().unwrap();
    let found = ann
        .call("threads.get_by_id", json!({ "thread_id": thread }))
        .await;
    assert_eq!(found.headers()["frontdesk-turn"], *turn, "it still runs");
    ann.post(&stop).send().await.unwrap();
    for request in [bob.get(&events), bob.post(&stop)] {
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::NOT_FOUND,
            "it is over"
        );
    }
}
