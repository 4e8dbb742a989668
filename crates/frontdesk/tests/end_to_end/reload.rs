//! Readers that come back, stop from elsewhere, or go away for good.

use std::time::Duration;

use frontdesk_testkit::clients::{Event, Streaming, create};
use frontdesk_testkit::model_server::{ModelServer, Part, Response, Script, numbered_words};
use reqwest::StatusCode;

use super::desk::{self, Desk, done, eventually, is_message, text};

const PACE: Duration = Duration::from_millis(5);

async fn model(words: usize) -> ModelServer {
    let answer = Response::of([Part::Text(numbered_words(words))]).with_pause(PACE);
    ModelServer::start(Script::in_order([answer]))
        .await
        .unwrap()
}

/// Reads until so many deltas have come.
async fn deltas(stream: &mut Streaming, count: usize) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..count {
        events.extend(stream.until("thread.item.updated").await.unwrap());
    }
    events
}

#[tokio::test]
async fn a_reload_goes_on() {
    let model = model(200).await;
    let desk = Desk::with_model(&model).await;
    let client = desk.resuming();
    let mut stream = client.open(&create("Count")).await.unwrap();
    let turn = desk::turn(&stream.headers).unwrap();
    let path = format!("/chatkit/turns/{turn}/events");
    let mut events = deltas(&mut stream, 20).await;
    drop(stream);
    // A second reload, and then to the end.
    for count in [Some(20), None] {
        let last = events.last().unwrap().id.clone().unwrap();
        let reader = client.clone().with_header("last-event-id", &last);
        let mut stream = reader.follow(&path).await.unwrap();
        match count {
            Some(count) => events.extend(deltas(&mut stream, count).await),
            None => events.extend(stream.rest().await.unwrap()),
        }
    }
    desk::check(&events);
    let expected: Vec<_> = (1..=events.len())
        .map(|number| Some(format!("1-{number}")))
        .collect();
    let ids: Vec<_> = events.iter().map(|event| event.id.clone()).collect();
    assert_eq!(ids, expected);
    let log = client.get(&path).await.unwrap();
    assert_eq!(log.events().unwrap(), events);
    let after = client.get(&format!("{path}?after=1-3")).await.unwrap();
    assert_eq!(after.events().unwrap(), &events[3..]);
    let message = done(&events).into_iter().find(|item| is_message(item));
    assert_eq!(text(message.unwrap()), numbered_words(200).concat());
}

#[tokio::test]
async fn a_stop_from_elsewhere_ends_every_reader() {
    let model = model(4_000).await;
    let desk = Desk::with_model(&model).await;
    let client = desk.resuming();
    let mut first = client.open(&create("Count")).await.unwrap();
    let turn = desk::turn(&first.headers).unwrap();
    let path = format!("/chatkit/turns/{turn}/events");
    let mut events = deltas(&mut first, 10).await;
    let mut second = client.follow(&path).await.unwrap();
    second.until("thread.item.updated").await.unwrap();
    let stop = format!("/chatkit/turns/{turn}/stop");
    assert_eq!(
        desk.client().post_to(&stop).await.unwrap().status,
        StatusCode::OK
    );
    events.extend(first.rest().await.unwrap());
    let other = second.rest().await.unwrap();
    assert_eq!(events.last(), other.last());
    let thread = events[0].data["thread"]["id"].as_str().unwrap().to_owned();
    let shown = done(&events)
        .into_iter()
        .rfind(|item| is_message(item))
        .unwrap();
    let stored = desk::items(&client, &thread).await;
    assert_eq!(stored.last(), Some(shown));
    assert!(numbered_words(4_000).concat().starts_with(&text(shown)));
    assert_eq!(desk::thread(&client, &thread).await.1, None);
    // Again: it is over, and nothing changes.
    assert_eq!(client.post_to(&stop).await.unwrap().status, StatusCode::OK);
    assert_eq!(client.get(&path).await.unwrap().events().unwrap(), events);
}

#[tokio::test]
async fn a_plain_client_that_goes_away_stops_the_answer() {
    let model = model(4_000).await;
    let desk = Desk::with_model(&model).await;
    let client = desk.client();
    let mut stream = client.open(&create("Count")).await.unwrap();
    let events = deltas(&mut stream, 10).await;
    drop(stream);
    let thread = events[0].data["thread"]["id"].as_str().unwrap();
    eventually("no turn runs", async || {
        desk::thread(&client, thread)
            .await
            .1
            .is_none()
            .then_some(())
    })
    .await;
    let items = desk::items(&client, thread).await;
    let kept = text(items.last().filter(|item| is_message(item)).unwrap());
    let deltas = events.iter().map(|event| &event.data["update"]);
    let seen: String = deltas
        .filter_map(|update| update["delta"].as_str())
        .collect();
    assert!(
        !seen.is_empty() && kept.starts_with(&seen),
        "{seen:?} {kept:?}"
    );
    assert!(
        numbered_words(4_000).concat().starts_with(&kept),
        "{kept:?}"
    );
}
