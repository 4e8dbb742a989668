//! A message for a thread in which an answer runs: refused, kept waiting, or the end of that answer.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_chat::{Processes, WhenBusy};
use frontdesk_store::TurnStatus;
use frontdesk_store::memory::MemoryStore;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::desk::{
    Answering, Desk, add, begin_message, create, delta, finish_message, hanging, is_delta, kinds,
    plain, read_all, read_until, resuming, thread_of,
};

/// Says "one two" and, once it may, that it is done.
pub(crate) fn gated(gate: &Arc<Semaphore>) -> Arc<Answering> {
    let gate = Arc::clone(gate);
    Answering::with(move |turn, _| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            let id = begin_message(turn).await?;
            delta(turn, &id, "one ").await?;
            delta(turn, &id, "two").await?;
            gate.acquire().await.unwrap().forget();
            finish_message(turn, id, "one two").await
        })
    })
}

/// As many processes as asked for on one store.
fn desks(gate: &Arc<Semaphore>, when_busy: WhenBusy, processes: usize) -> Vec<Desk> {
    let store = Arc::new(MemoryStore::new());
    let desk = |_| {
        Desk::made_of(store.clone(), store.clone(), gated(gate), |parts| {
            parts.options.when_busy = when_busy;
            if processes > 1 {
                parts.options.processes = Processes::Many;
            }
        })
    };
    (0..processes).map(desk).collect()
}

fn texts(items: &[Value]) -> Vec<&str> {
    let texts = items.iter();
    texts
        .map(|item| item["content"][0]["text"].as_str().unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_message_may_wait_for_the_answer_before_it() {
    let gate = Arc::new(Semaphore::new(0));
    for processes in [1, 2] {
        let desks = desks(&gate, WhenBusy::Wait, processes);
        let (first, last) = (&desks[0], &desks[processes - 1]);
        let cx = resuming();
        let (_, mut reader) = first.begin(create("hi"), &cx).await;
        let thread = thread_of(&read_until(&mut reader, is_delta).await);
        // For half a minute at most.
        let begun = Instant::now();
        assert_eq!(last.refused(add(&thread, "again"), &cx).await, 409);
        assert_eq!(begun.elapsed().as_secs(), 30);
        let opening = async {
            tokio::time::sleep(Duration::from_secs(20)).await;
            gate.add_permits(1);
        };
        let ((_, mut second), ()) = tokio::join!(last.begin(add(&thread, "and"), &cx), opening);
        gate.add_permits(1);
        read_all(&mut second).await;
        let items = last.items(&thread, &cx).await;
        assert_eq!(texts(&items), ["hi", "one two", "and", "one two"]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_and_leaves_says_nothing() {
    let gate = Arc::new(Semaphore::new(0));
    let desk = desks(&gate, WhenBusy::Wait, 1).remove(0);
    let cx = resuming();
    let (_, mut reader) = desk.begin(create("hi"), &cx).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    let asking = desk.ask(add(&thread, "never mind"), &cx);
    let left = tokio::time::timeout(Duration::from_secs(5), asking).await;
    assert!(left.is_err());
    gate.add_permits(9);
    read_all(&mut reader).await;
    let (_, mut reader) = desk.begin(add(&thread, "and"), &cx).await;
    read_all(&mut reader).await;
    let items = desk.items(&thread, &cx).await;
    assert_eq!(texts(&items), ["hi", "one two", "and", "one two"]);
}

#[tokio::test]
async fn a_message_may_stop_the_answer_before_it() {
    let gate = Arc::new(Semaphore::new(0));
    let desk = desks(&gate, WhenBusy::Stop, 1).remove(0);
    let cx = resuming();
    let (turn, mut reader) = desk.begin(create("hi"), &cx).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    let (_, mut second) = desk.begin(add(&thread, "rather"), &cx).await;
    assert_eq!(kinds(&read_all(&mut reader).await), ["thread.item.done"]);
    let stopped = desk.store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
    assert_eq!(stopped.status, TurnStatus::Stopped);
    gate.add_permits(1);
    read_all(&mut second).await;
    let items = desk.items(&thread, &cx).await;
    assert_eq!(texts(&items), ["hi", "one two", "rather", "one two"]);
}

#[tokio::test]
async fn a_message_that_is_sent_again_joins_its_answer_whatever_else_is_chosen() {
    for when_busy in [WhenBusy::Refuse, WhenBusy::Wait, WhenBusy::Stop] {
        let gate = Arc::new(Semaphore::new(0));
        let desk = desks(&gate, when_busy, 1).remove(0);
        let cx = resuming();
        gate.add_permits(1);
        let (_, mut reader) = desk.begin(create("hi"), &cx).await;
        let thread = thread_of(&read_all(&mut reader).await);
        let (first, mut one) = desk.begin(add(&thread, "go on"), &cx).await;
        read_until(&mut one, is_delta).await;
        let mut again = add(&thread, "go on");
        again["metadata"] = json!({"page": {"title": "another"}});
        let (second, mut two) = desk.begin(again, &cx).await;
        assert_eq!(first, second);
        gate.add_permits(1);
        let whole = read_all(&mut two).await;
        assert_eq!(kinds(&whole)[0], "thread.item.done");
        read_all(&mut one).await;
        // After its end it is a new message.
        gate.add_permits(1);
        let (third, mut reader) = desk.begin(add(&thread, "go on"), &cx).await;
        assert_ne!(third, first);
        read_all(&mut reader).await;
    }
}

#[tokio::test]
async fn a_message_that_is_sent_again_after_a_stop_is_a_new_one() {
    let desk = Desk::new(hanging());
    let (_, mut reader) = desk.begin(create("hi"), &plain()).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    drop(reader);
    let (one, mut reader) = desk.begin(add(&thread, "more"), &plain()).await;
    read_until(&mut reader, is_delta).await;
    drop(reader);
    let (two, mut reader) = desk.begin(add(&thread, "more"), &plain()).await;
    read_until(&mut reader, is_delta).await;
    assert_ne!(one, two);
}
