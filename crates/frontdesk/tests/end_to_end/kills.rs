//! SIGKILL while answers stream: what was shown as done stays, and the next process answers anew what it was in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use frontdesk_testkit::clients::{Event, create};
use frontdesk_testkit::model_server::{ModelServer, Part, Response, Script, numbered_words};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::desk::{self, Desk, done, is_message, text};

/// Processes that are killed next to each other, and how often each is.
const LANES: u64 = 4;
const KILLS: u32 = 5;
/// The answer, and the pause before each word of it: longer than anything that is killed.
const WORDS: usize = 900;
const PACE: Duration = Duration::from_millis(10);
/// A process is killed at some moment within this time after its answer has begun.
const LATEST_KILL_MILLIS: u64 = 1_600;
/// What the model says to the process that goes on.
const ANEW: &str = "I begin anew.";

/// What comes first where a reader has seen more than is stored.
const RELOAD: &str = "frontdesk.reload";

/// Numbers that look random, the same ones in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// An answer whose process was killed.
struct Killed {
    thread: String,
    turn: String,
    events: Vec<Event>,
}

impl Killed {
    fn last_id(&self) -> &str {
        let last = self.events.last().unwrap();
        last.id.as_deref().unwrap()
    }

    /// Whether some of the assistant's text had come.
    fn has_text(&self) -> bool {
        let mut updates = self.events.iter().map(|event| &event.data["update"]);
        updates.any(|update| update["type"] == "assistant_message.content_part.text_delta")
    }
}

/// The items that a reader of these events has in the end.
fn known<'a>(events: impl Iterator<Item = &'a Event>) -> BTreeSet<&'a str> {
    let mut known = BTreeSet::new();
    for event in events {
        match event.kind() {
            "thread.item.added" | "thread.item.done" => known.insert(id(&event.data["item"])),
            "thread.item.removed" => known.remove(event.data["item_id"].as_str().unwrap()),
            _ => false,
        };
    }
    known
}

fn id(item: &Value) -> &str {
    item["id"].as_str().unwrap()
}

struct Lane {
    desk: Desk,
    model: ModelServer,
    random: Random,
    /// What was ever shown as done, by thread and item.
    kept: BTreeMap<(String, String), Value>,
    /// How many of the kills came after something of the answer was there to be kept.
    read: u32,
}

impl Lane {
    async fn open(number: u64) -> Self {
        let model = ModelServer::start(Script::text("unused", 1)).await.unwrap();
        Self {
            desk: Desk::with_model(&model).await,
            model,
            random: Random(0x9E37_79B9_7F4A_7C15 ^ (number + 1)),
            kept: BTreeMap::new(),
            read: 0,
        }
    }

    /// How often it was killed, and how often of these after something was read.
    async fn run(number: u64) -> (u32, u32) {
        let mut lane = Self::open(number).await;
        let mut thread = None;
        for kill in 0..KILLS {
            // Every other answer is one of a thread that was killed before.
            let known = thread.take().filter(|_| kill % 2 == 1);
            let killed = lane.kill_while_answering(known).await;
            lane.model.play(Script::text(ANEW, 3));
            lane.desk.start().await;
            lane.everything_is_there(&killed).await;
            lane.goes_on(&killed).await;
            thread = Some(killed.thread);
        }
        (KILLS, lane.read)
    }

    async fn kill_while_answering(&mut self, thread: Option<String>) -> Killed {
        let answer = Response::of([Part::Text(numbered_words(WORDS))]).with_pause(PACE);
        self.model.play(Script::in_order([answer]));
        let request = match &thread {
            None => create("Count"),
            Some(thread) => {
                let input = create("Count again")["params"]["input"].clone();
                json!({"type": "threads.add_user_message", "params": {"thread_id": thread, "input": input}})
            }
        };
        let mut stream = self.desk.resuming().open(&request).await.unwrap();
        let turn = desk::turn(&stream.headers).unwrap();
        let moment = Duration::from_millis(self.random.below(LATEST_KILL_MILLIS));
        let reading = async {
            let mut events = Vec::new();
            // The broken connection is an error.
            while let Ok(Some(event)) = stream.next().await {
                events.push(event);
            }
            events
        };
        let killing = async {
            tokio::time::sleep(moment).await;
            self.desk.server.kill().await.unwrap();
        };
        let (events, ()) = tokio::join!(reading, killing);
        desk::check(&events);
        let thread = thread.unwrap_or_else(|| {
            let created = events.iter().find(|event| event.kind() == "thread.created");
            created.unwrap().data["thread"]["id"]
                .as_str()
                .unwrap()
                .to_owned()
        });
        self.keep(&thread, &events);
        Killed {
            thread,
            turn,
            events,
        }
    }

    fn keep(&mut self, thread: &str, events: &[Event]) {
        for item in done(events) {
            let key = (thread.to_owned(), id(item).to_owned());
            self.kept.insert(key, item.clone());
        }
    }

    async fn everything_is_there(&mut self, killed: &Killed) {
        let client = self.desk.resuming();
        let mut stored = BTreeMap::new();
        for thread in desk::threads(&client).await {
            for item in desk::items(&client, &thread).await {
                let key = (thread.clone(), id(&item).to_owned());
                stored.insert(key, item);
            }
        }
        for (key, item) in &self.kept {
            assert_eq!(stored.get(key), Some(item), "{key:?} was shown as done");
        }

        let path = format!("/chatkit/turns/{}/events", killed.turn);
        let reader = client
            .clone()
            .with_header("last-event-id", killed.last_id());
        let rest = reader.get(&path).await.unwrap();
        let rest = rest.events().unwrap();
        let (reloads, rest) = match rest.split_first() {
            Some((first, rest)) if first.kind() == RELOAD => (true, rest),
            _ => (false, rest),
        };
        desk::check(rest);
        let items = desk::items(&client, &killed.thread).await;
        let message = items.last().unwrap();
        assert!(is_message(message) && text(message) == ANEW, "{message:?}");
        assert!(
            done(rest).contains(&message),
            "a reader learns it: {rest:?}"
        );
        self.keep(&killed.thread, rest);
        self.read += u32::from(killed.has_text());
        // A reader who isn't told to load the thread anew has what the store has.
        let all = killed.events.iter().chain(rest);
        let (known, stored) = (known(all), items.iter().map(id).collect());
        assert!(
            reloads || known.is_subset(&stored),
            "{known:?} {stored:?} {rest:?}"
        );
    }

    async fn goes_on(&mut self, killed: &Killed) {
        self.model.play(Script::text("Here I am again.", 3));
        let client = self.desk.client();
        let answer = client.add(&killed.thread, "Are you there?").await.unwrap();
        let events = desk::valid(&answer);
        assert_eq!(answer.assistant_text().unwrap(), "Here I am again.");
        self.keep(&killed.thread, events);
        let (_, named) = desk::thread(&client, &killed.thread).await;
        assert_eq!(named, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_lose_nothing() {
    let mut lanes = JoinSet::new();
    for number in 0..LANES {
        lanes.spawn(Lane::run(number));
    }
    let (mut kills, mut read) = (0, 0);
    while let Some(lane) = lanes.join_next().await {
        let (killed, after_reading) = lane.unwrap();
        kills += killed;
        read += after_reading;
    }
    assert_eq!(kills, 20);
    assert!(
        read >= 8,
        "of 20 kills only {read} came late enough to tell"
    );
}
