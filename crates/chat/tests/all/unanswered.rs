//! A store that does what it is asked and can't say so: what readers see, what the log has and what is stored stay one.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_chat::{Frame, Turn, TurnError};
use frontdesk_protocol::{ThreadEvent, ThreadItem, WidgetItem};
use frontdesk_store::{TurnId, TurnStatus, Turns};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::desk::{
    Answering, Desk, PATIENCE, begin_message, create, delta, event, hanging, is_delta, kinds,
    read_all, read_until, resuming, thread_of,
};
use crate::faulty::{Faulty, desk};

const MANY: usize = 10_000;

fn widget(turn: &Turn) -> ThreadItem {
    let item: WidgetItem = serde_json::from_value(json!({
        "id": turn.new_item_id("wid"),
        "thread_id": turn.thread_id(),
        "created_at": "2026-01-01T00:00:00Z",
        "widget": {"type": "Card", "children": []},
    }))
    .unwrap();
    ThreadItem::Widget(item)
}

type Emits = for<'a> fn(&'a mut Turn, ThreadItem) -> BoxFuture<'a, Result<(), TurnError>>;

/// Says "one two", and emits something of a widget once it may.
fn emitting(gate: &Arc<Semaphore>, emits: Emits) -> Arc<Answering> {
    let gate = Arc::clone(gate);
    Answering::with(move |turn, _| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            let old = widget(turn);
            turn.emit(ThreadEvent::item_done(old.clone())).await?;
            let id = begin_message(turn).await?;
            delta(turn, &id, "two").await?;
            gate.acquire().await.unwrap().forget();
            emits(turn, old).await?;
            // Never done: it is taken back at the end, or kept.
            Err(TurnError::Interrupted)
        })
    })
}

/// What another process reads of the turn, and what the log has.
async fn elsewhere(store: &Arc<Faulty>, turn: &TurnId) -> Vec<Frame> {
    let other = desk(store, hanging());
    let mut late = other.service.events(&resuming(), turn, None).await.unwrap();
    read_all(&mut late).await
}

fn items_of(frames: &[Frame]) -> Vec<Value> {
    let mut items: Vec<Value> = Vec::new();
    for event in frames.iter().map(event) {
        let item = match event["type"].as_str().unwrap() {
            "thread.item.done" | "thread.item.replaced" => event["item"].clone(),
            _ => continue,
        };
        items.retain(|there| there["id"] != item["id"]);
        items.push(item);
    }
    items.sort_by_key(|item| item["id"].to_string());
    items
}

async fn stored(desk: &Desk, frames: &[Frame]) -> Vec<Value> {
    let mut items = desk.items(&thread_of(frames), &resuming()).await;
    items.sort_by_key(|item| item["id"].to_string());
    items
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_made_and_not_answered_leaves_one_log() {
    let cases: [(&str, Emits); 2] = [
        ("replaces", |turn, old| {
            Box::pin(async move { turn.emit(ThreadEvent::item_replaced(old)).await })
        }),
        ("adds", |turn, _| {
            Box::pin(async move {
                let new = widget(turn);
                turn.emit(ThreadEvent::item_done(new)).await
            })
        }),
    ];
    for (case, emits) in cases {
        // Once, or as long as the turn lives.
        for unanswered in [1, 3, MANY] {
            let store = Faulty::new(MANY);
            let gate = Arc::new(Semaphore::new(0));
            let desk = desk(&store, emitting(&gate, emits));
            let cx = resuming();
            let (turn, mut reader) = desk.begin(create("hi"), &cx).await;
            let mut live = read_until(&mut reader, is_delta).await;
            store.unanswered.store(unanswered, Ordering::SeqCst);
            gate.add_permits(1);
            let answers = async {
                tokio::time::sleep(Duration::from_secs(15)).await;
                store.unanswered.store(0, Ordering::SeqCst);
            };
            let (rest, ()) = tokio::join!(read_all(&mut reader), answers);
            live.extend(rest);
            assert_eq!(kinds(&live).last().unwrap(), "error");
            assert_eq!(
                elsewhere(&store, &turn).await,
                live,
                "{case}, {unanswered} times"
            );
            assert_eq!(
                stored(&desk, &live).await,
                items_of(&live),
                "{case}, {unanswered} times"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_back_at_the_end_is_not_stored() {
    let store = Faulty::new(MANY);
    let responder = Answering::with(|turn, _| {
        Box::pin(async move {
            let item = widget(turn);
            turn.emit(ThreadEvent::item_done(item.clone())).await?;
            turn.emit(ThreadEvent::item_added(item)).await?;
            let id = begin_message(turn).await?;
            delta(turn, &id, "two").await?;
            std::future::pending().await
        })
    });
    let desk = desk(&store, responder);
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let seen = read_until(&mut reader, is_delta).await;
    desk.service.stop(&resuming(), &turn).await.unwrap();
    let rest = read_all(&mut reader).await;
    let taken = rest.iter().map(event);
    let taken: Vec<Value> = taken
        .filter(|event| event["type"] == "thread.item.removed")
        .map(|event| event["item_id"].clone())
        .collect();
    assert_eq!(taken.len(), 1);
    let items = desk.items(&thread_of(&seen), &resuming()).await;
    assert!(items.iter().all(|item| item["id"] != taken[0]), "{items:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_whose_end_was_stored_and_not_answered_is_read_to_the_end() {
    let store = Faulty::new(MANY);
    let desk = desk(&store, hanging());
    let cx = resuming();
    let (turn, mut reader) = desk.begin(create("hi"), &cx).await;
    let mut live = read_until(&mut reader, is_delta).await;
    store.unanswered.store(1, Ordering::SeqCst);
    desk.service.stop(&cx, &turn).await.unwrap();
    let record = store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
    assert_eq!(record.status, TurnStatus::Stopped);
    let rest = tokio::time::timeout(PATIENCE, read_all(&mut reader)).await;
    live.extend(rest.unwrap());
    assert_eq!(kinds(&live).last().unwrap(), "thread.item.done");
    assert_eq!(live, elsewhere(&store, &turn).await);
}
