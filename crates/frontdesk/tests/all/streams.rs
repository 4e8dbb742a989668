//! Streams: their framing byte for byte, resuming, stopping, and what happens when a client goes away.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use frontdesk::Frontdesk;
use frontdesk_store::memory::MemoryStore;
use http_body_util::BodyExt;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;
use tower::ServiceExt;

use super::client::{Event, Visitor, answer, events, events_until, message, said};
use super::site::{Obedient, Site, config};

const RESUMING: (&str, &str) = ("frontdesk-resume", "1");

fn types(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event.data["type"].as_str().unwrap())
        .collect()
}

fn create(text: &str) -> String {
    json!({ "type": "threads.create", "params": { "input": message(text) } }).to_string()
}

#[tokio::test]
async fn a_stream_has_its_headers_its_turn_and_numbered_events() {
    let site = Site::configured(&[]).await;
    let response = Visitor::new(&site)
        .post("/chatkit")
        .body(create("hello"))
        .send()
        .await
        .unwrap();
    let headers = response.headers().clone();
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
        ("frontdesk", "1"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    assert!(
        headers["frontdesk-turn"]
            .to_str()
            .unwrap()
            .starts_with("turn_")
    );

    let events = events(response).await;
    assert_eq!(
        types(&events)[..3],
        ["thread.created", "thread.item.done", "stream_options"]
    );
    assert_eq!(types(&events).last(), Some(&"thread.item.done"));
    assert_eq!(said(&events), "Hello there, this is a script.");
    let ids: Vec<String> = events
        .iter()
        .map(|event| event.id.clone().unwrap())
        .collect();
    let expected: Vec<String> = (1..=events.len()).map(|seq| format!("1-{seq}")).collect();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn a_plain_stream_is_data_lines_alone() {
    let site = Site::configured(&[("FRONTDESK__CHAT__PLAIN_SSE", "true")]).await;
    let response = Visitor::new(&site)
        .post("/chatkit")
        .body(create("hello"))
        .send()
        .await
        .unwrap();
    let text = response.text().await.unwrap();
    let frames: Vec<&str> = text.split_terminator("\n\n").collect();
    assert!(text.ends_with("\n\n") && frames.len() > 5);
    for frame in frames {
        let json = frame.strip_prefix("data: ").unwrap();
        assert!(serde_json::from_str::<Value>(json).is_ok(), "{frame}");
    }
}

#[tokio::test]
async fn a_stream_can_be_read_again_from_any_event() {
    let site = Site::configured(&[]).await;
    let visitor = Visitor::new(&site);
    let response = visitor
        .post("/chatkit")
        .header(RESUMING.0, RESUMING.1)
        .body(create("hello"))
        .send()
        .await
        .unwrap();
    let turn = response.headers()["frontdesk-turn"]
        .to_str()
        .unwrap()
        .to_owned();
    let all = events(response).await;
    let path = format!("/chatkit/turns/{turn}/events");
    let again = async |path: String, last: Option<&str>| {
        let mut request = visitor.get(&path).header(RESUMING.0, RESUMING.1);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        events(request.send().await.unwrap()).await
    };
    assert_eq!(again(path.clone(), None).await, all);
    assert_eq!(again(path.clone(), Some("1-4")).await, all[4..]);
    assert_eq!(again(format!("{path}?after=1-2"), None).await, all[2..]);
    assert_eq!(
        again(format!("{path}?after=1-2"), Some("1-6")).await,
        all[6..],
        "the header is newer"
    );
    assert_eq!(again(path, Some("9-9")).await, []);
}

#[tokio::test]
async fn a_client_that_resumes_finds_its_turn_running_and_stops_it() {
    let site = Site::obedient(&[]).await;
    let visitor = Visitor::new(&site);
    let request = visitor
        .post("/chatkit")
        .header(RESUMING.0, RESUMING.1)
        .body(create("wait"));
    let response = request.send().await.unwrap();
    let turn = response.headers()["frontdesk-turn"]
        .to_str()
        .unwrap()
        .to_owned();
    let seen = events_until(response, "thread.item.updated").await;
    let thread = seen[0].data["thread"]["id"].as_str().unwrap();

    let found = visitor
        .call("threads.get_by_id", json!({ "thread_id": thread }))
        .await;
    assert_eq!(found.headers()["frontdesk-turn"], *turn);
    let (status, _) = visitor
        .ask(
            "threads.add_user_message",
            json!({ "thread_id": thread, "input": message("more") }),
        )
        .await;
    assert_eq!(status, StatusCode::CONFLICT);

    let last = seen.last().unwrap().id.clone().unwrap();
    let rest = visitor
        .get(&format!("/chatkit/turns/{turn}/events"))
        .header(RESUMING.0, RESUMING.1)
        .header("last-event-id", last)
        .send()
        .await
        .unwrap();
    for _ in 0..2 {
        let stopped = visitor
            .post(&format!("/chatkit/turns/{turn}/stop"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer(stopped).await, (StatusCode::OK, json!({})));
    }
    let rest = events(rest).await;
    assert_eq!(said(&rest), "wait", "what was said is kept");
    let found = visitor
        .call("threads.get_by_id", json!({ "thread_id": thread }))
        .await;
    assert_eq!(found.headers().get("frontdesk-turn"), None);
}

#[tokio::test]
async fn a_plain_client_that_goes_away_stops_its_turn() {
    let site = Site::obedient(&[]).await;
    let visitor = Visitor::new(&site);
    let response = visitor
        .post("/chatkit")
        .body(create("wait"))
        .send()
        .await
        .unwrap();
    let turn = response.headers()["frontdesk-turn"]
        .to_str()
        .unwrap()
        .to_owned();
    let seen = events_until(response, "thread.item.updated").await;
    let thread = seen[0].data["thread"]["id"].as_str().unwrap();
    // The connection is gone now; reading the turn to its end shows that it ended.
    let rest = visitor
        .get(&format!("/chatkit/turns/{turn}/events"))
        .send()
        .await
        .unwrap();
    events(rest).await;
    let params = json!({ "thread_id": thread, "input": message("still there?") });
    let next = events(visitor.call("threads.add_user_message", params).await).await;
    assert_eq!(said(&next), "still there?");
}

#[tokio::test]
async fn where_a_drop_stops_nothing_a_plain_client_reads_on() {
    let site = Site::obedient(&[("FRONTDESK__CHAT__ON_DISCONNECT", "continue")]).await;
    let visitor = Visitor::new(&site);
    let response = visitor
        .post("/chatkit")
        .body(create("wait"))
        .send()
        .await
        .unwrap();
    let turn = response.headers()["frontdesk-turn"]
        .to_str()
        .unwrap()
        .to_owned();
    let seen = events_until(response, "thread.item.updated").await;
    assert!(
        seen.iter()
            .any(|event| event.data["stream_options"]["allow_cancel"] == false)
    );
    let thread = seen[0].data["thread"]["id"].as_str().unwrap();
    let found = visitor
        .call("threads.get_by_id", json!({ "thread_id": thread }))
        .await;
    assert_eq!(found.headers()["frontdesk-turn"], *turn);
    visitor
        .post(&format!("/chatkit/turns/{turn}/stop"))
        .send()
        .await
        .unwrap();
}

/// In memory and without a socket, so that time passes as fast as nothing happens.
#[tokio::test(start_paused = true)]
async fn a_silent_stream_shows_every_15_seconds_that_it_lives() {
    let dir = TempDir::new().unwrap();
    let frontdesk = Frontdesk::builder()
        .config(config(&dir, &[("FRONTDESK__AGENT__ASSISTANT__MCP", ",")]))
        .store(Arc::new(MemoryStore::default()))
        .responder(Arc::new(Obedient))
        .build()
        .await
        .unwrap();
    let mut request = Request::post("/chatkit")
        .header("host", "localhost")
        .body(Body::from(create("wait")))
        .unwrap();
    request
        .extensions_mut()
        .insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
    let mut body = frontdesk
        .router()
        .oneshot(request)
        .await
        .unwrap()
        .into_body();
    let mut spoke = Instant::now();
    let mut comments = 0;
    while comments < 3 {
        let chunk = body.frame().await.unwrap().unwrap().into_data().unwrap();
        if chunk == ":\n\n" {
            assert_eq!(spoke.elapsed().as_secs(), 15);
            comments += 1;
        }
        assert!(spoke.elapsed() < Duration::from_secs(16));
        spoke = Instant::now();
    }
}
