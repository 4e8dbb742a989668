//! SIGTERM while an answer streams.

use std::time::{Duration, Instant};

use frontdesk_testkit::clients::{Streaming, create};
use frontdesk_testkit::model_server::{ModelServer, Part, Response, Script, numbered_words};
use reqwest::StatusCode;

use super::desk::{self, Desk, done, is_message, offers_retry, text};

const PACE: Duration = Duration::from_millis(5);
/// Words of an answer that doesn't come to its end, and what it pauses before each of them: few, for they are all written
/// before the first one is said.
const ENDLESS: usize = 10_000;
const SLOWLY: Duration = Duration::from_millis(50);
/// How much longer than its grace it may take to end.
const SLACK: Duration = Duration::from_secs(30);

#[derive(Clone, Copy)]
enum Client {
    Plain,
    Resuming,
}

async fn begin(words: usize, grace: &str, client: Client) -> (ModelServer, Desk, Streaming) {
    let pause = if words == ENDLESS { SLOWLY } else { PACE };
    let answer = Response::of([Part::Text(numbered_words(words))]).with_pause(pause);
    let model = ModelServer::start(Script::in_order([answer]))
        .await
        .unwrap();
    let desk = Desk::open(&[
        ("OPENAI_BASE_URL", &model.base_url()),
        ("FRONTDESK__SERVER__SHUTDOWN_GRACE", grace),
    ])
    .await;
    let asking = match client {
        Client::Plain => desk.client(),
        Client::Resuming => desk.resuming(),
    };
    let stream = asking.open(&create("Count")).await.unwrap();
    (model, desk, stream)
}

/// An answer that ends within the grace is told to its end; another one is cut for a plain client, and says so.
#[tokio::test]
async fn it_shuts_down_gracefully() {
    for (words, grace, is_cut) in [(100, "20s", false), (ENDLESS, "300ms", true)] {
        let (_model, mut desk, mut stream) = begin(words, grace, Client::Plain).await;
        let mut events = stream.until("thread.item.updated").await.unwrap();
        let told = Instant::now();
        desk.terminate().await;
        events.extend(stream.rest().await.unwrap());
        let status = desk.ended().await;
        assert_eq!(status.code(), Some(0), "{}", desk.server.log());
        assert!(!is_cut || told.elapsed() < SLACK, "{:?}", told.elapsed());
        desk::check(&events);
        assert_eq!(
            offers_retry(events.last().unwrap()),
            is_cut,
            "{:?}",
            events.last()
        );
        let message = done(&events)
            .into_iter()
            .rfind(|item| is_message(item))
            .unwrap();
        let script = numbered_words(words).concat();
        assert!(script.starts_with(&text(message)));
        assert_eq!(text(message) == script, !is_cut);

        desk.start().await;
        let thread = events[0].data["thread"]["id"].as_str().unwrap();
        let client = desk.resuming();
        let stored = desk::items(&client, thread).await;
        assert_eq!(stored.iter().collect::<Vec<_>>(), done(&events));
        assert_eq!(desk::thread(&client, thread).await.1.is_some(), is_cut);
    }
}

/// A client that resumes comes back to the next process, which goes on.
#[tokio::test]
async fn it_hands_over_what_takes_longer() {
    let (model, mut desk, mut stream) = begin(ENDLESS, "300ms", Client::Resuming).await;
    let mut events = stream.until("thread.item.updated").await.unwrap();
    let turn = desk::turn(&stream.headers).unwrap();
    let told = Instant::now();
    desk.terminate().await;
    // The broken connection is an error.
    while let Ok(Some(event)) = stream.next().await {
        events.push(event);
    }
    assert_eq!(desk.ended().await.code(), Some(0), "{}", desk.server.log());
    assert!(told.elapsed() < SLACK, "{:?}", told.elapsed());
    assert!(!events.iter().any(|event| event.kind() == "error"));

    model.play(Script::text("Said anew.", 3));
    desk.start().await;
    let last = events.last().unwrap().id.clone().unwrap();
    let reader = desk.resuming().with_header("last-event-id", &last);
    let rest = reader.get(&format!("/chatkit/turns/{turn}/events")).await;
    let rest = rest.unwrap();
    let rest = rest.events().unwrap();
    desk::check(rest);
    let message = done(rest).into_iter().rfind(|item| is_message(item));
    assert_eq!(text(message.unwrap()), "Said anew.");
    let thread = events[0].data["thread"]["id"].as_str().unwrap();
    let stored = desk::items(&desk.resuming(), thread).await;
    let all: Vec<_> = events.iter().chain(rest).cloned().collect();
    assert_eq!(stored.iter().collect::<Vec<_>>(), done(&all));
}

/// What comes while the last answers get their grace is refused with words.
#[tokio::test]
async fn it_takes_no_new_message_while_it_ends() {
    let (_model, mut desk, mut stream) = begin(ENDLESS, "30s", Client::Resuming).await;
    stream.until("thread.item.updated").await.unwrap();
    let turn = desk::turn(&stream.headers).unwrap();
    desk.terminate().await;
    let client = desk.client();
    desk::eventually("not ready any more", async || {
        let ready = client.get("/readyz").await.unwrap();
        (ready.status == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
    let refused = client.create("One more").await.unwrap();
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.json().unwrap()["error"]["code"], "unavailable");
    // Nothing runs any more, so nothing is waited for.
    client
        .post_to(&format!("/chatkit/turns/{turn}/stop"))
        .await
        .unwrap();
    stream.rest().await.unwrap();
    assert_eq!(desk.ended().await.code(), Some(0));
}
