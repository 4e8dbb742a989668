//! Two processes on one PostgreSQL: a turn that one of them runs is read, stopped, deleted and gone on with at the other.

use std::time::{Duration, Instant};

use frontdesk_testkit::clients::{Event, Streaming, create};
use frontdesk_testkit::model_server::{ModelServer, Part, Response, Script, numbered_words};
use frontdesk_testkit::postgres::Postgres;
use frontdesk_testkit::view::{Next, Place, View};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::desk::{self, Desk, done, is_message, text};
use super::postgres;

/// The pause before each word of an answer.
const PACE: Duration = Duration::from_millis(5);
/// Words of an answer that takes a while.
const LONG: usize = 1_000;
/// Words of an answer that doesn't come to its end, and what it pauses before each of them: few, for they are all written
/// before the first one is said.
const ENDLESS: usize = 10_000;
const SLOWLY: Duration = Duration::from_millis(50);
/// What the model says to the process that goes on.
const ANEW: &str = "Said anew.";
/// How long it usually takes at most until a stop at another process has stopped the turn: none waits until the renewal
/// of a lease brings it, every five seconds.
const STOPPED_WITHIN: Duration = Duration::from_secs(2);
/// How often a turn is stopped: a machine that is busy with other things may be late now and then, but not usually.
const STOPS: usize = 5;
/// Less than the length of a lease: what is handed over isn't waited for until its lease has run out.
const AT_ONCE: Duration = Duration::from_secs(10);
/// How often both processes are sent the same.
const ROUNDS: usize = 5;

/// Two processes that ask the same model.
struct Pair {
    model: ModelServer,
    one: Desk,
    two: Desk,
}

impl Pair {
    /// `None` where there is no PostgreSQL to be had.
    async fn open(test: &str, words: usize) -> Option<Self> {
        let test = format!("frontdesk::{test}");
        let postgres = Postgres::shared_or_skip(&test).await.unwrap()?;
        let (url, schema) = (postgres.url(), postgres.new_schema());
        let model = ModelServer::start(counting(words)).await.unwrap();
        let base_url = model.base_url();
        let more = [
            ("OPENAI_BASE_URL", base_url.as_str()),
            ("FRONTDESK__SERVER__SHUTDOWN_GRACE", "300ms"),
        ];
        let (one, two) = tokio::join!(
            postgres::desk(&url, &schema, &more),
            postgres::desk(&url, &schema, &more)
        );
        Some(Self { model, one, two })
    }

    /// Begins an answer at the first one, and reads some words of it.
    async fn begin(&self) -> (Reading, Streaming) {
        let mut stream = self.one.resuming().open(&create("Count")).await.unwrap();
        let mut reading = Reading {
            turn: desk::turn(&stream.headers).unwrap(),
            ..Reading::default()
        };
        for _ in 0..3 {
            let events = stream.until("thread.item.updated").await.unwrap();
            reading.take_all(&events, &self.one).await;
        }
        (reading, stream)
    }

    /// Both have what was read, and no turn runs any more. Gives what the assistant said.
    async fn agree_with(&self, reading: &Reading) -> String {
        let mut said = None;
        for at in [&self.one, &self.two] {
            let items = desk::items(&at.client(), reading.thread()).await;
            assert_eq!(reading.view.difference(&items).unwrap(), None);
            let (_, named) = desk::thread(&at.client(), reading.thread()).await;
            assert_eq!(named, None, "the turn is over");
            said = Some(said_in(&items));
        }
        said.unwrap()
    }
}

/// What a client has read of a turn, wherever it read.
#[derive(Default)]
struct Reading {
    turn: String,
    view: View,
    place: Place,
}

impl Reading {
    fn thread(&self) -> &str {
        self.view.thread.as_deref().unwrap()
    }

    async fn take_all(&mut self, events: &[Event], at: &Desk) {
        for event in events {
            self.take(event, at).await;
        }
    }

    async fn take(&mut self, event: &Event, at: &Desk) {
        self.place.advance(event.id.as_deref().unwrap()).unwrap();
        let next = self.view.apply(event).unwrap();
        if next == Next::Read {
            desk::check(std::slice::from_ref(event));
        } else {
            // It is ours, not ChatKit's.
            let items = desk::items(&at.client(), self.thread()).await;
            self.view.load(&items).unwrap();
        }
    }

    /// Takes what a process that is about to go still tells. Its broken connection is an error.
    async fn take_last(&mut self, mut stream: Streaming, at: &Desk) {
        while let Ok(Some(event)) = stream.next().await {
            self.take(&event, at).await;
        }
    }

    /// Reads on at this process, to the end of the turn.
    async fn go_on_at(&mut self, at: &Desk) -> Vec<Event> {
        let client = at.resuming();
        let client = client.with_header("last-event-id", &self.place.to_string());
        let mut stream = client.follow(&self.events()).await.unwrap();
        let events = stream.rest().await.unwrap();
        self.take_all(&events, at).await;
        events
    }

    fn events(&self) -> String {
        format!("/chatkit/turns/{}/events", self.turn)
    }

    fn stop(&self) -> String {
        format!("/chatkit/turns/{}/stop", self.turn)
    }
}

fn counting(words: usize) -> Script {
    let answer = Response::of([Part::Text(numbered_words(words))]);
    let pause = if words == ENDLESS { SLOWLY } else { PACE };
    Script::in_order([answer.with_pause(pause)])
}

fn said_in(items: &[Value]) -> String {
    let messages = items.iter().filter(|item| is_message(item));
    messages.map(text).collect()
}

#[tokio::test]
async fn a_turn_is_stopped_at_the_other_process() {
    let test = "a_turn_is_stopped_at_the_other_process";
    let Some(pair) = Pair::open(test, ENDLESS).await else {
        return;
    };
    let script = numbered_words(ENDLESS).concat();
    let mut took = Vec::new();
    // The first one opens connections, and isn't counted.
    for _ in 0..=STOPS {
        pair.model.play(counting(ENDLESS));
        let (mut reading, mut stream) = pair.begin().await;
        let asked = Instant::now();
        let stopped = pair.two.client().post_to(&reading.stop()).await.unwrap();
        let rest = stream.rest().await.unwrap();
        took.push(asked.elapsed());
        let expected = [StatusCode::OK, StatusCode::ACCEPTED];
        assert!(expected.contains(&stopped.status), "{stopped:?}");
        reading.take_all(&rest, &pair.one).await;
        let said = pair.agree_with(&reading).await;
        assert!(!said.is_empty() && script.starts_with(&said), "{said}");
    }
    took.remove(0);
    took.sort_unstable();
    assert!(took[STOPS / 2] <= STOPPED_WITHIN, "{took:?}");
}

/// The process that runs the turn hears nothing for a while. Who asked for the stop is told that it is asked for; it is
/// carried out as soon as that process works again, or by whoever takes the turn over before.
#[tokio::test]
async fn a_stop_that_the_other_process_has_yet_to_carry_out_is_accepted() {
    let test = "a_stop_that_the_other_process_has_yet_to_carry_out_is_accepted";
    let Some(pair) = Pair::open(test, ENDLESS).await else {
        return;
    };
    let (mut reading, stream) = pair.begin().await;
    let client = pair.two.client();
    pair.one.signal("STOP").await;
    let asked = client.post_to(&reading.stop()).await.unwrap();
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{asked:?}");
    assert_eq!(asked.json().unwrap(), &json!({}));

    pair.one.signal("CONT").await;
    reading.take_last(stream, &pair.one).await;
    reading.go_on_at(&pair.two).await;
    let said = pair.agree_with(&reading).await;
    let script = numbered_words(ENDLESS).concat();
    assert!(!said.is_empty() && script.starts_with(&said), "{said}");
    assert_eq!(pair.model.requests().len(), 1);
    let again = client.post_to(&reading.stop()).await.unwrap();
    assert_eq!(again.status, StatusCode::OK, "{again:?}");
}

#[tokio::test]
async fn a_client_reads_on_at_the_other_process() {
    let test = "a_client_reads_on_at_the_other_process";
    let Some(pair) = Pair::open(test, LONG).await else {
        return;
    };
    // Its first connection is opened before the answer begins.
    assert!(desk::threads(&pair.two.client()).await.is_empty());
    let (mut reading, stream) = pair.begin().await;
    let (_, named) = desk::thread(&pair.two.client(), reading.thread()).await;
    assert_eq!(named.as_ref(), Some(&reading.turn), "it runs elsewhere");
    drop(stream);
    let path = reading.events();
    let (rest, at_one, at_two) = tokio::join!(
        reading.go_on_at(&pair.two),
        async { pair.one.resuming().get(&path).await.unwrap() },
        async { pair.two.resuming().get(&path).await.unwrap() },
    );
    let (at_one, at_two) = (at_one.events().unwrap(), at_two.events().unwrap());
    assert_eq!(at_one, at_two);
    assert_eq!(rest, at_two[at_two.len() - rest.len()..]);
    let said = pair.agree_with(&reading).await;
    assert_eq!(said, numbered_words(LONG).concat());
    assert_eq!(pair.model.requests().len(), 1);
}

#[tokio::test]
async fn the_other_process_goes_on_when_one_is_killed() {
    let test = "the_other_process_goes_on_when_one_is_killed";
    let Some(mut pair) = Pair::open(test, ENDLESS).await else {
        return;
    };
    let (mut reading, stream) = pair.begin().await;
    pair.model.play(Script::text(ANEW, 3));
    pair.one.server.kill().await.unwrap();
    reading.take_last(stream, &pair.two).await;
    let rest = reading.go_on_at(&pair.two).await;
    assert!(rest.iter().all(|event| event.kind() != "error"), "{rest:?}");
    let message = done(&rest).into_iter().rfind(|item| is_message(item));
    assert_eq!(text(message.unwrap()), ANEW);
    pair.one.start().await;
    assert_eq!(pair.agree_with(&reading).await, ANEW);
    assert_eq!(pair.model.requests().len(), 2);
}

#[tokio::test]
async fn a_process_that_ends_hands_over_at_once() {
    let test = "a_process_that_ends_hands_over_at_once";
    let Some(mut pair) = Pair::open(test, ENDLESS).await else {
        return;
    };
    let (mut reading, stream) = pair.begin().await;
    pair.model.play(Script::text(ANEW, 3));
    let told = Instant::now();
    pair.one.terminate().await;
    reading.take_last(stream, &pair.two).await;
    let rest = reading.go_on_at(&pair.two).await;
    assert!(told.elapsed() < AT_ONCE, "{:?}", told.elapsed());
    assert!(rest.iter().all(|event| event.kind() != "error"), "{rest:?}");
    let status = pair.one.ended().await;
    assert_eq!(status.code(), Some(0), "{}", pair.one.server.log());
    pair.one.start().await;
    assert_eq!(pair.agree_with(&reading).await, ANEW);
    assert_eq!(pair.model.requests().len(), 2);
}

#[tokio::test]
async fn a_thread_is_deleted_at_the_other_process() {
    let test = "a_thread_is_deleted_at_the_other_process";
    let Some(pair) = Pair::open(test, ENDLESS).await else {
        return;
    };
    let (reading, mut stream) = pair.begin().await;
    let gone = json!({"thread_id": reading.thread()});
    let asked = Instant::now();
    let (status, body) = desk::ask(&pair.two.client(), "threads.delete", gone.clone()).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    while let Ok(Some(_)) = stream.next().await {}
    assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
    for at in [&pair.one, &pair.two] {
        for kind in ["threads.get_by_id", "items.list", "threads.delete"] {
            let (status, body) = desk::ask(&at.client(), kind, gone.clone()).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{kind}: {body}");
        }
        let events = at.resuming().get(&reading.events()).await.unwrap();
        assert_eq!(events.status, StatusCode::NOT_FOUND, "{events:?}");
        assert!(desk::threads(&at.client()).await.is_empty());
    }
}

#[tokio::test]
async fn the_same_key_at_both_processes_is_one_turn() {
    let test = "the_same_key_at_both_processes_is_one_turn";
    let Some(pair) = Pair::open(test, ENDLESS).await else {
        return;
    };
    pair.model.play(Script::text("Once.", 3));
    for round in 0..ROUNDS {
        let key = format!("key-{round}");
        let client = |at: &Desk| at.resuming().with_header("idempotency-key", &key);
        let (one, two) = (client(&pair.one), client(&pair.two));
        let (one, two) = tokio::join!(one.create("Hello"), two.create("Hello"));
        let (one, two) = (one.unwrap(), two.unwrap());
        for answer in [&one, &two] {
            desk::valid(answer);
            assert_eq!(answer.assistant_text().unwrap(), "Once.");
        }
        assert_eq!(desk::turn(&one.headers), desk::turn(&two.headers));
        assert_eq!(one.thread_id().unwrap(), two.thread_id().unwrap());
    }
    assert_eq!(pair.model.requests().len(), ROUNDS);
    for at in [&pair.one, &pair.two] {
        assert_eq!(desk::threads(&at.client()).await.len(), ROUNDS);
    }
}
