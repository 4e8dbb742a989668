//! What can't be right is refused with words, leaves nothing behind and harms nobody.

use frontdesk_testkit::clients::{Answer, Client, create, http};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::desk::{self, Desk};

/// Fails unless it is an error as every error is.
fn refused(what: &str, answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    let error = &answer.json().unwrap()["error"];
    assert_eq!(error["code"], code, "{what}: {error}");
    assert!(
        !error["message"].as_str().unwrap().is_empty(),
        "{what}: {error}"
    );
    let id = answer.headers["x-request-id"].to_str().unwrap();
    assert_eq!(error["request_id"], id, "{what}: {error}");
    assert_eq!(answer.headers["frontdesk"], "1", "{what}");
}

fn add(thread: &str, text: &str) -> Value {
    let input = create(text)["params"]["input"].clone();
    json!({"type": "threads.add_user_message", "params": {"thread_id": thread, "input": input}})
}

async fn everything(client: &Client, threads: &[&str]) -> Vec<Value> {
    let mut all = vec![json!(desk::threads(client).await)];
    for thread in threads {
        all.extend(desk::items(client, thread).await);
    }
    all
}

/// Bodies, and the status and the code of what is answered.
fn bodies() -> Vec<(&'static str, Vec<u8>, StatusCode, &'static str)> {
    vec![
        (
            "nothing",
            b"".to_vec(),
            StatusCode::BAD_REQUEST,
            "bad_request",
        ),
        (
            "no JSON",
            b"{\"type\":".to_vec(),
            StatusCode::BAD_REQUEST,
            "bad_request",
        ),
        (
            "no UTF-8",
            b"\"\xff\"".to_vec(),
            StatusCode::BAD_REQUEST,
            "bad_request",
        ),
        (
            "a list",
            b"[]".to_vec(),
            StatusCode::BAD_REQUEST,
            "bad_request",
        ),
        (
            "an unknown kind",
            json!({"type": "threads.explode", "params": {}})
                .to_string()
                .into_bytes(),
            StatusCode::BAD_REQUEST,
            "bad_request",
        ),
        (
            "no input",
            json!({"type": "threads.create", "params": {}})
                .to_string()
                .into_bytes(),
            StatusCode::BAD_REQUEST,
            "bad_request",
        ),
        (
            "an unknown thread",
            add("thr_nowhere", "hello").to_string().into_bytes(),
            StatusCode::NOT_FOUND,
            "not_found",
        ),
        (
            "3 MB",
            create(&"x".repeat(3_000_000)).to_string().into_bytes(),
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
        ),
        (
            "200,000 characters",
            create(&"ü".repeat(200_000)).to_string().into_bytes(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "unprocessable",
        ),
        (
            "deep JSON",
            "[".repeat(100_000).into_bytes(),
            StatusCode::BAD_REQUEST,
            "bad_request",
        ),
    ]
}

#[tokio::test]
async fn bad_input_is_refused_and_stores_nothing() {
    let desk = Desk::demonstration().await;
    let client = desk.client();
    for (what, body, status, code) in bodies() {
        let answer = client.post_bytes(body).await.unwrap();
        refused(what, &answer, status, code);
    }
    let plain = http()
        .unwrap()
        .post(format!("{}/chatkit", desk.server.url()))
        .header("content-type", "text/plain")
        .body(create("hello").to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(plain.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let plain: Value = serde_json::from_slice(&plain.bytes().await.unwrap()).unwrap();
    assert_eq!(plain["error"]["code"], "unsupported_media_type");
    assert_eq!(desk::threads(&client).await, [""; 0], "nothing is stored");
    goes_on(&desk).await;
}

/// The process answers as if nothing had been.
async fn goes_on(desk: &Desk) {
    let client = desk.client();
    assert_eq!(client.get("/readyz").await.unwrap().status, StatusCode::OK);
    let answer = client.create("hello").await.unwrap();
    assert!(!answer.assistant_text().unwrap().is_empty());
    let log = desk.server.log();
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn items_of_another_thread_are_refused_and_nothing_changes() {
    let desk = Desk::demonstration().await;
    let client = desk.client();
    let one = client.create("hello").await.unwrap().thread_id().unwrap();
    let other = client.create("hello").await.unwrap().thread_id().unwrap();
    let before = everything(&client, &[&one, &other]).await;
    let item = desk::items(&client, &other).await[0]["id"].clone();
    let mut replacing = add(&one, "hello");
    replacing["params"]["replaces"] = item.clone();
    for (what, request) in [
        ("replaces", replacing),
        (
            "retry",
            json!({"type": "threads.retry_after_item", "params": {"thread_id": one, "item_id": item}}),
        ),
        (
            "feedback",
            json!({"type": "items.feedback", "params": {"thread_id": one, "item_ids": [item], "kind": "negative"}}),
        ),
        ("too long", add(&one, &"x".repeat(200_000))),
    ] {
        let answer = client.post(&request).await.unwrap();
        let (status, code) = match what {
            "too long" => (StatusCode::UNPROCESSABLE_ENTITY, "unprocessable"),
            _ => (StatusCode::NOT_FOUND, "not_found"),
        };
        refused(what, &answer, status, code);
    }
    assert_eq!(everything(&client, &[&one, &other]).await, before);
    goes_on(&desk).await;
}
