//! Reading a turn's log: from the beginning, from the middle, several at once, after the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use frontdesk_chat::{Frame, Responder};
use frontdesk_protocol::ThreadEvent;
use frontdesk_store::EventId;
use tokio::sync::Semaphore;

use crate::desk::{
    Answering, Desk, begin_message, create, delta, event, finish_message, kinds, plain, read_all,
    read_until, resuming,
};
use crate::faulty::Faulty;

/// Says "one two", waits for the gate, then says the rest.
fn gated(gate: &Arc<Semaphore>) -> Arc<Answering> {
    let gate = Arc::clone(gate);
    Answering::with(move |turn, _| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            let id = begin_message(turn).await?;
            delta(turn, &id, "one ").await?;
            delta(turn, &id, "two").await?;
            let _ = gate.acquire().await;
            delta(turn, &id, " three").await?;
            finish_message(turn, id, "one two three").await
        })
    })
}

fn is_two(event: &serde_json::Value) -> bool {
    event["update"]["delta"] == "two"
}

fn numbers(frames: &[Frame]) -> Vec<u64> {
    frames.iter().map(|frame| frame.id.unwrap().seq).collect()
}

#[tokio::test]
async fn resuming_gives_the_rest_exactly_once() {
    let gate = Arc::new(Semaphore::new(0));
    let desk = Desk::new(gated(&gate));
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let seen = read_until(&mut reader, is_two).await;
    drop(reader);
    let mut back = desk
        .service
        .events(&resuming(), &turn, seen.last().unwrap().id)
        .await
        .unwrap();
    gate.add_permits(1);
    let rest = read_all(&mut back).await;
    assert_eq!(kinds(&rest), ["thread.item.updated", "thread.item.done"]);
    let all: Vec<Frame> = seen.into_iter().chain(rest).collect();
    assert_eq!(numbers(&all), (1..=all.len() as u64).collect::<Vec<_>>());

    // After the end the log is read from the store, the same to the letter.
    let mut late = desk.service.events(&resuming(), &turn, None).await.unwrap();
    assert_eq!(read_all(&mut late).await, all);
    let end = all.last().unwrap().id;
    let mut nothing = desk.service.events(&resuming(), &turn, end).await.unwrap();
    assert_eq!(read_all(&mut nothing).await, []);
    let beyond = Some(EventId {
        attempt: 1,
        seq: 9_999,
    });
    let mut nothing = desk
        .service
        .events(&resuming(), &turn, beyond)
        .await
        .unwrap();
    assert_eq!(read_all(&mut nothing).await, []);
}

#[tokio::test]
async fn ten_readers_read_one_turn() {
    let (gate, calls) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let (answers, called) = (gated(&gate), calls.clone());
    let counted = Answering::with(move |turn, input| {
        called.fetch_add(1, Ordering::SeqCst);
        let answers = answers.clone();
        Box::pin(async move { answers.respond(turn, input).await })
    });
    let store = Faulty::new(10_000);
    let desk = crate::faulty::desk(&store, counted);
    let (turn, mut first) = desk.begin(create("hi"), &resuming()).await;
    read_until(&mut first, is_two).await;
    let mut readers = Vec::new();
    for _ in 0..10 {
        readers.push(desk.service.events(&resuming(), &turn, None).await.unwrap());
    }
    gate.add_permits(1);
    let mut copies = Vec::new();
    for mut reader in readers {
        copies.push(read_all(&mut reader).await);
    }
    assert_eq!(copies[0].len(), 8);
    assert!(copies.iter().all(|copy| *copy == copies[0]));
    assert_eq!(calls.load(Ordering::SeqCst), 1, "one turn answers all");
    let read = store.calls.made("turn_log");
    assert_eq!(read, 0, "what runs here is read from memory");
}

#[tokio::test]
async fn a_long_turn_is_read_whole_by_a_reader_that_is_late() {
    const DELTAS: usize = 3_000;
    let gate = Arc::new(Semaphore::new(0));
    let desk = Desk::new({
        let gate = Arc::clone(&gate);
        Answering::with(move |turn, _| {
            let gate = Arc::clone(&gate);
            Box::pin(async move {
                let id = begin_message(turn).await?;
                for _ in 0..DELTAS {
                    delta(turn, &id, &"x".repeat(1_000)).await?;
                    tokio::task::yield_now().await;
                }
                turn.emit(ThreadEvent::progress("two")).await?;
                let _ = gate.acquire().await;
                Ok(())
            })
        })
    });
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let seen = read_until(&mut reader, |event| event["text"] == "two").await;
    let mut late = desk.service.events(&resuming(), &turn, None).await.unwrap();
    gate.add_permits(1);
    let late = read_all(&mut late).await;
    assert_eq!(late.len(), DELTAS + 5);
    assert_eq!(numbers(&late), numbers(&seen));
}

#[tokio::test]
async fn what_a_plain_client_would_not_expect_goes_to_resuming_ones_only() {
    let desk = Desk::new(crate::desk::answering());
    let (_, mut reader) = desk.begin(create("hi"), &plain()).await;
    let frames = read_all(&mut reader).await;
    let thread = crate::desk::thread_of(&frames);
    let message = event(&frames[1])["item"]["id"].clone();
    let retry = serde_json::json!({
        "type": "threads.retry_after_item", "params": {"thread_id": thread, "item_id": message},
    });
    let (_, mut reader) = desk.begin(retry.clone(), &plain()).await;
    assert_eq!(
        kinds(&read_all(&mut reader).await).first().unwrap(),
        "stream_options"
    );
    let (_, mut reader) = desk.begin(retry, &resuming()).await;
    assert_eq!(
        kinds(&read_all(&mut reader).await)[..2],
        ["thread.item.removed", "stream_options"]
    );
}
