//! Clocks that don't agree: whatever they say, a thread keeps the order in which things came about.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use frontdesk_chat::{Processes, Responder, TurnError};
use frontdesk_clock::{Clock, ManualClock, Timestamp};
use frontdesk_protocol::{ThreadEvent, ThreadId, ThreadItem};
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{TurnId, Turns};
use serde_json::{Value, json};

use crate::desk::{
    Answering, Desk, add, answering, begin_message, create, delta, hanging, is_delta, read_all,
    read_until, resuming, thread_of,
};
use crate::reciting::{Reciting, VERSES, View};

/// By how much one clock is ahead of the other.
const AHEAD: Duration = Duration::from_secs(10);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// A process among others, with this clock.
fn desk(store: &Arc<MemoryStore>, clock: Arc<dyn Clock>, responder: Arc<dyn Responder>) -> Desk {
    Desk::made_of(store.clone(), store.clone(), responder, |parts| {
        parts.options.processes = Processes::Many;
        parts.clock = clock;
    })
}

/// Two processes, the first with a clock that is ahead.
fn pair(store: &Arc<MemoryStore>, responders: [Arc<dyn Responder>; 2]) -> [Desk; 2] {
    let (ahead, behind) = (ManualClock::at(at(0)), ManualClock::at(at(0)));
    ahead.advance(AHEAD);
    let [first, second] = responders;
    [
        desk(store, Arc::new(ahead), first),
        desk(store, Arc::new(behind), second),
    ]
}

/// Asks, and reads the answer to its end.
async fn answered(desk: &Desk, request: Value) -> (TurnId, ThreadId) {
    let (turn, mut reader) = desk.begin(request, &resuming()).await;
    read_all(&mut reader).await;
    let record = desk.store.turn(&resuming().scope(), &turn).await.unwrap();
    (turn, record.unwrap().thread_id)
}

async fn texts(desk: &Desk, thread: &ThreadId) -> Vec<String> {
    let items = desk.items(thread, &resuming()).await;
    let texts = items.iter().map(|item| &item["content"][0]["text"]);
    texts
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

async fn last_turn(store: &MemoryStore, thread: &ThreadId) -> TurnId {
    let last = store.last_turn(&resuming().scope(), thread).await.unwrap();
    last.unwrap().id
}

fn retry(thread: &ThreadId, item: &Value) -> Value {
    json!({"type": "threads.retry_after_item", "params": {"thread_id": thread, "item_id": item["id"]}})
}

#[tokio::test]
async fn a_message_to_a_process_whose_clock_is_behind_comes_after_the_answer_before_it() {
    let store = Arc::new(MemoryStore::new());
    let [ahead, behind] = pair(&store, [answering(), answering()]);
    let (_, thread) = answered(&ahead, create("first")).await;
    let (turn, _) = answered(&behind, add(&thread, "second")).await;
    let order = ["first", "done", "second", "done"];
    assert_eq!(texts(&behind, &thread).await, order);
    assert_eq!(last_turn(&store, &thread).await, turn);

    let before = behind.items(&thread, &resuming()).await;
    let (turn, _) = answered(&behind, retry(&thread, &before[2])).await;
    let after = behind.items(&thread, &resuming()).await;
    assert_eq!(after[..3], before[..3], "the first answer stays");
    assert_ne!(after[3], before[3]);
    assert_eq!(last_turn(&store, &thread).await, turn);

    let mut instead = add(&thread, "rather");
    instead["params"]["replaces"] = before[2]["id"].clone();
    let (turn, _) = answered(&behind, instead).await;
    let after = behind.items(&thread, &resuming()).await;
    assert_eq!(after[..2], before[..2], "the first answer stays");
    let order = ["first", "done", "rather", "done"];
    assert_eq!(texts(&ahead, &thread).await, order);
    assert_eq!(last_turn(&store, &thread).await, turn);
}

#[tokio::test]
async fn the_last_turn_is_the_last_one_even_after_one_that_wrote_nothing() {
    let fails = Answering::with(|_, _| Box::pin(async { Err(TurnError::other("no")) }));
    let store = Arc::new(MemoryStore::new());
    let [ahead, behind] = pair(&store, [fails, answering()]);
    let (_, thread) = answered(&behind, create("first")).await;
    let message = behind.items(&thread, &resuming()).await[0].clone();
    // It takes the answer away and makes no other.
    answered(&ahead, retry(&thread, &message)).await;
    let (turn, _) = answered(&behind, retry(&thread, &message)).await;
    assert_eq!(texts(&behind, &thread).await, ["first", "done"]);
    assert_eq!(last_turn(&store, &thread).await, turn);
}

#[tokio::test(start_paused = true)]
async fn who_takes_a_turn_over_writes_after_what_it_has() {
    // Before the first verse begins, between two, and within the second one.
    for place in [0, 4, 6] {
        let store = Arc::new(MemoryStore::new());
        let hangs = Reciting::hanging_at(place);
        let [ahead, behind] = pair(&store, [hangs.clone(), Reciting::whole()]);
        let cx = resuming();
        let (turn, mut reader) = ahead.begin(create("recite"), &cx).await;
        hangs.hangs.acquire().await.unwrap().forget();
        ahead.service.shutdown(Duration::ZERO).await;
        let mut view = View::default();
        view.follow(&read_all(&mut reader).await);
        let mut rest = behind.service.events(&cx, &turn, view.last).await.unwrap();
        view.follow(&read_all(&mut rest).await);
        let record = store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
        let items = behind.items(&record.thread_id, &cx).await;
        assert_eq!(view.items, items, "{place}");
        let order = ["recite", VERSES[0], VERSES[1], VERSES[2]];
        assert_eq!(texts(&behind, &record.thread_id).await, order, "{place}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_ends_a_turn_for_another_says_so_after_the_text_that_was_seen() {
    let store = Arc::new(MemoryStore::new());
    let clock = Arc::new(ManualClock::at(at(0)));
    let later = clock.clone();
    let speaks = Answering::with(move |turn, _| {
        later.advance(AHEAD);
        Box::pin(async move {
            let id = begin_message(turn).await?;
            delta(turn, &id, "two").await?;
            std::future::pending().await
        })
    });
    let ahead = desk(&store, clock, speaks);
    let behind = desk(&store, Arc::new(ManualClock::at(at(0))), hanging());
    let cx = resuming();
    let (turn, mut reader) = ahead.begin(create("hi"), &cx).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    ahead.service.shutdown(Duration::ZERO).await;
    read_all(&mut behind.service.events(&cx, &turn, None).await.unwrap()).await;
    let stored = behind.store.recent_items(&cx.scope(), &thread, 9).await;
    let kinds = stored.unwrap().into_iter().map(|stored| match stored.item {
        ThreadItem::UserMessage(_) => "the message",
        ThreadItem::AssistantMessage(_) => "what was seen of the answer",
        ThreadItem::SdkHiddenContext(_) => "that it was interrupted",
        _ => "something else",
    });
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            "the message",
            "what was seen of the answer",
            "that it was interrupted"
        ]
    );
}

/// A clock that goes backwards, a second each time.
#[derive(Debug)]
struct Backwards(AtomicI64);

impl Clock for Backwards {
    fn now(&self) -> Timestamp {
        at(self.0.fetch_sub(1, Ordering::SeqCst))
    }
}

#[tokio::test]
async fn a_clock_that_goes_backwards_turns_no_order_round() {
    let speaks = Answering::with(|turn, _| {
        Box::pin(async move {
            // The same moment for the store, and in no order of their ids.
            for id in ["msg_c", "msg_b", "msg_a"] {
                let place = turn.recent_items(9).await?.len();
                let item = json!({
                    "id": format!("{id}_{place}"), "thread_id": turn.thread_id(), "created_at": turn.now(),
                    "type": "assistant_message", "content": [{"type": "output_text", "text": id, "annotations": []}],
                });
                let item = serde_json::from_value(item).unwrap();
                turn.emit(ThreadEvent::item_done(item)).await?;
            }
            Ok(())
        })
    });
    let store = Arc::new(MemoryStore::new());
    let alone = desk(&store, Arc::new(Backwards(AtomicI64::new(0))), speaks);
    let (_, thread) = answered(&alone, create("one")).await;
    let (turn, _) = answered(&alone, add(&thread, "two")).await;
    let order = [
        "one", "msg_c", "msg_b", "msg_a", "two", "msg_c", "msg_b", "msg_a",
    ];
    assert_eq!(texts(&alone, &thread).await, order);
    assert_eq!(last_turn(&store, &thread).await, turn);
    // Each has a time of its own, so that no id decides.
    let items = alone.items(&thread, &resuming()).await;
    let times: Vec<Timestamp> = items
        .iter()
        .map(|item| item["created_at"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(times.is_sorted_by(|one, other| one < other), "{times:?}");
}
