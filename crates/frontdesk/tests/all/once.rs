//! The key of a request, and what a busy thread does, as headers and configuration have them.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::client::{Visitor, answer, events, events_until, message, said};
use super::site::Site;

const RESUMING: (&str, &str) = ("frontdesk-resume", "1");

fn create(text: &str) -> String {
    json!({"type": "threads.create", "params": {"input": message(text)}}).to_string()
}

async fn send(visitor: &Visitor<'_>, key: Option<&str>, body: String) -> reqwest::Response {
    let mut request = visitor.post("/chatkit").header(RESUMING.0, RESUMING.1);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    request.body(body).send().await.unwrap()
}

fn turn(response: &reqwest::Response) -> String {
    let turn = response.headers()["frontdesk-turn"].to_str().unwrap();
    turn.to_owned()
}

#[tokio::test]
async fn a_request_that_is_sent_again_with_its_key_is_the_same_turn() {
    let site = Site::configured(&[]).await;
    let visitor = Visitor::new(&site);
    let longest = "k".repeat(255);
    for key in ["3f0c-77", longest.as_str()] {
        let first = send(&visitor, Some(key), create("hello")).await;
        let first = (turn(&first), events(first).await);
        let again = send(&visitor, Some(key), create("hello")).await;
        assert_eq!((turn(&again), events(again).await), first);
        let other = answer(send(&visitor, Some(key), create("good bye")).await).await;
        assert_eq!(other.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(other.1["error"]["field"], "Idempotency-Key");
        assert_eq!(
            other.1["error"]["message"],
            "Idempotency-Key: was sent with another request before"
        );
        let unkeyed = send(&visitor, None, create("hello")).await;
        assert_ne!(turn(&unkeyed), first.0);
    }
}

#[tokio::test]
async fn what_can_be_no_key_is_refused_rather_than_done_twice() {
    let site = Site::configured(&[]).await;
    let visitor = Visitor::new(&site);
    let too_long = "k".repeat(256);
    for key in ["", "two words", "\u{e4}", too_long.as_str()] {
        let (status, body) = answer(send(&visitor, Some(key), create("hello")).await).await;
        assert_eq!(
            (status, &body["error"]["field"]),
            (StatusCode::BAD_REQUEST, &json!("Idempotency-Key")),
            "{key}"
        );
    }
    let twice = visitor
        .post("/chatkit")
        .header("idempotency-key", "one")
        .header("idempotency-key", "two")
        .body(create("hello"));
    let (status, _) = answer(twice.send().await.unwrap()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (_, threads) = visitor.ask("threads.list", json!({})).await;
    assert_eq!(threads["data"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_message_may_take_the_place_of_the_answer_that_runs() {
    let site = Site::obedient(&[("FRONTDESK__CHAT__WHEN_BUSY", "stop")]).await;
    let visitor = Visitor::new(&site);
    let first = send(&visitor, None, create("wait")).await;
    let path = format!("/chatkit/turns/{}/events", turn(&first));
    let seen = events_until(first, "thread.item.updated").await;
    let thread = seen[0].data["thread"]["id"].as_str().unwrap();
    let params = json!({"thread_id": thread, "input": message("rather")});
    let next = events(visitor.call("threads.add_user_message", params).await).await;
    assert_eq!(said(&next), "rather");
    let stopped = events(visitor.get(&path).send().await.unwrap()).await;
    assert_eq!(said(&stopped), "wait");
}
