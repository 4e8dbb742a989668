//! Turns that another process runs: read, stopped, deleted and waited for as if they ran here.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_chat::{Client, Frame, Processes, Stopped, WhenBusy};
use frontdesk_store::{EventId, TurnStatus, Turns};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::busy::gated;
use crate::desk::{
    Answering, Desk, add, begin_message, context, create, delta, event, finish_message, hanging,
    is_delta, kinds, plain, read_all, read_until, resuming, thread_of,
};
use crate::faulty::Faulty;

const MANY: usize = 10_000;

/// As many processes on one store.
fn desks<const N: usize>(
    store: &Arc<Faulty>,
    responder: &Arc<Answering>,
    when_busy: WhenBusy,
) -> [Desk; N] {
    std::array::from_fn(|_| {
        Desk::made_of(store.clone(), store.clone(), responder.clone(), |parts| {
            parts.options.processes = Processes::Many;
            parts.options.when_busy = when_busy;
        })
    })
}

async fn status(store: &Faulty, turn: &frontdesk_store::TurnId) -> TurnStatus {
    let record = store.turn(&plain().scope(), turn).await.unwrap();
    record.unwrap().status
}

fn ids(frames: &[Frame]) -> Vec<EventId> {
    frames.iter().map(|frame| frame.id.unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn ten_readers_elsewhere_read_every_event_once_and_cost_one() {
    const DELTAS: usize = 40;
    let gate = Arc::new(Semaphore::new(0));
    let opened = gate.clone();
    let responder = Answering::with(move |turn, _| {
        let gate = opened.clone();
        Box::pin(async move {
            let id = begin_message(turn).await?;
            for _ in 0..DELTAS {
                delta(turn, &id, "more ").await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            delta(turn, &id, "two").await?;
            gate.acquire().await.unwrap().forget();
            finish_message(turn, id, "done").await
        })
    });
    let store = Faulty::new(MANY);
    let [here, elsewhere] = desks(&store, &responder, WhenBusy::Refuse);
    let cx = resuming();
    let (turn, mut reader) = here.begin(create("hi"), &cx).await;
    let mut readers = Vec::new();
    for _ in 0..10 {
        readers.push(elsewhere.service.events(&cx, &turn, None).await.unwrap());
    }
    let mut first = Vec::new();
    for reader in &mut readers {
        let begun = Instant::now();
        first.push(read_until(reader, is_delta).await);
        assert!(begun.elapsed() < Duration::from_secs(3));
    }
    // Once or twice for each time that the log grew, and not ten times.
    let read = store.calls.made("turn_log");
    assert!((2..3 * DELTAS).contains(&read), "{read}");
    gate.add_permits(1);
    let whole = read_all(&mut reader).await;
    let expected: Vec<_> = (1..=whole.len() as u64)
        .map(|seq| EventId { attempt: 1, seq })
        .collect();
    assert_eq!(ids(&whole), expected);
    for (mut reader, first) in readers.into_iter().zip(first) {
        let rest = read_all(&mut reader).await;
        let all: Vec<Frame> = first.into_iter().chain(rest).collect();
        assert_eq!(all, whole);
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_to_another_process_gets_the_rest_exactly_once_and_soon() {
    let gate = Arc::new(Semaphore::new(0));
    let store = Faulty::new(MANY);
    let [here, elsewhere] = desks(&store, &gated(&gate), WhenBusy::Refuse);
    let cx = resuming();
    let (turn, mut reader) = here.begin(create("hi"), &cx).await;
    let seen = read_until(&mut reader, is_delta).await;
    drop(reader);
    let last = seen.last().unwrap().id;
    let mut back = elsewhere.service.events(&cx, &turn, last).await.unwrap();
    let nothing = tokio::time::timeout(Duration::from_secs(20), back.next()).await;
    assert!(nothing.is_err());
    let begun = Instant::now();
    gate.add_permits(1);
    let rest = read_all(&mut back).await;
    assert!(begun.elapsed() < Duration::from_millis(300));
    let mut whole = elsewhere.service.events(&cx, &turn, None).await.unwrap();
    let whole = read_all(&mut whole).await;
    assert_eq!(seen.into_iter().chain(rest).collect::<Vec<_>>(), whole);
    // Another user finds no such turn, on any process.
    let eve = context("default", "eve", Client::Resuming);
    for desk in [here, elsewhere] {
        assert!(desk.service.events(&eve, &turn, None).await.is_err());
        assert!(desk.service.stop(&eve, &turn).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn check_13_a_stop_in_one_process_ends_the_turn_in_another_within_a_second() {
    let store = Faulty::new(MANY);
    let [here, elsewhere] = desks(&store, &hanging(), WhenBusy::Refuse);
    let cx = resuming();
    let (turn, mut reader) = here.begin(create("hi"), &cx).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    let begun = Instant::now();
    let stopped = elsewhere.service.stop(&cx, &turn).await.unwrap();
    assert!(begun.elapsed() <= Duration::from_secs(1));
    assert_eq!(stopped, Stopped::Over);
    assert_eq!(kinds(&read_all(&mut reader).await), ["thread.item.done"]);
    assert_eq!(status(&store, &turn).await, TurnStatus::Stopped);
    let items = elsewhere.items(&thread, &cx).await;
    assert_eq!(items[1]["content"][0]["text"], "one two");
    let again = elsewhere.service.stop(&cx, &turn).await.unwrap();
    assert_eq!(again, Stopped::Over);
}

#[tokio::test(start_paused = true)]
async fn who_stops_a_turn_whose_end_takes_long_is_told_that_it_was_asked_to() {
    let store = Faulty::new(0);
    let [here, elsewhere] = desks(&store, &hanging(), WhenBusy::Refuse);
    let cx = resuming();
    let (turn, mut reader) = here.begin(create("hi"), &cx).await;
    read_until(&mut reader, is_delta).await;
    // The end waits at the gate.
    for desk in [&here, &elsewhere] {
        let stopped = desk.service.stop(&cx, &turn).await.unwrap();
        assert_eq!(stopped, Stopped::Asked);
        assert_eq!(status(&store, &turn).await, TurnStatus::Running);
    }
    store.gate.add_permits(MANY);
    assert_eq!(kinds(&read_all(&mut reader).await), ["thread.item.done"]);
    for desk in [&here, &elsewhere] {
        let stopped = desk.service.stop(&cx, &turn).await.unwrap();
        assert_eq!(stopped, Stopped::Over);
    }
    assert_eq!(status(&store, &turn).await, TurnStatus::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_thread_that_is_deleted_elsewhere_ends_its_turn_for_all_readers() {
    let store = Faulty::new(MANY);
    let [here, elsewhere] = desks(&store, &hanging(), WhenBusy::Refuse);
    let cx = resuming();
    let (turn, mut reader) = here.begin(create("hi"), &cx).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    let mut other = elsewhere.service.events(&cx, &turn, None).await.unwrap();
    read_until(&mut other, is_delta).await;
    let delete = json!({"type": "threads.delete", "params": {"thread_id": thread}});
    elsewhere.json(delete, &cx).await;
    for reader in [&mut reader, &mut other] {
        let rest = read_all(reader).await;
        assert_eq!(kinds(&rest), ["error"]);
        assert_eq!(event(&rest[0])["message"], "This conversation was deleted.");
    }
    assert_eq!(store.turn(&cx.scope(), &turn).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_message_to_another_process_waits_for_the_turn_that_was_left_or_stops_the_one_that_runs()
{
    let store = Faulty::new(MANY);
    let [here, elsewhere] = desks(&store, &hanging(), WhenBusy::Refuse);
    let (first, mut reader) = here.begin(create("hi"), &plain()).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    assert_eq!(elsewhere.refused(add(&thread, "no"), &plain()).await, 409);
    drop(reader);
    let (second, _reader) = elsewhere.begin(add(&thread, "and"), &plain()).await;
    assert_eq!(status(&store, &first).await, TurnStatus::Stopped);

    let [third] = desks(&store, &hanging(), WhenBusy::Stop);
    let begun = Instant::now();
    let (_, _reader) = third.begin(add(&thread, "rather"), &plain()).await;
    assert!(begun.elapsed() <= Duration::from_secs(1));
    assert_eq!(status(&store, &second).await, TurnStatus::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_read_elsewhere_stops_when_that_reader_has_gone_too() {
    let store = Faulty::new(MANY);
    let [here, elsewhere] = desks(&store, &hanging(), WhenBusy::Refuse);
    let (turn, mut reader) = here.begin(create("hi"), &plain()).await;
    read_until(&mut reader, is_delta).await;
    let mut other = elsewhere
        .service
        .events(&plain(), &turn, None)
        .await
        .unwrap();
    read_until(&mut other, is_delta).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(reader);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(status(&store, &turn).await, TurnStatus::Running);
    drop(other);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(status(&store, &turn).await, TurnStatus::Stopped);
}

/// Its process hears of that late, wherever the message comes to.
#[tokio::test(start_paused = true)]
async fn a_message_waits_for_a_turn_that_was_left_by_its_last_reader_elsewhere() {
    let store = Faulty::new(MANY);
    let desks: [Desk; 3] = desks(&store, &hanging(), WhenBusy::Refuse);
    for at in &desks {
        let (turn, mut reader) = desks[0].begin(create("hi"), &plain()).await;
        let thread = thread_of(&read_until(&mut reader, is_delta).await);
        let other = desks[1].service.events(&plain(), &turn, None).await;
        let mut other = other.unwrap();
        read_until(&mut other, is_delta).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(reader);
        // While it is read, it stands in the way.
        assert_eq!(at.refused(add(&thread, "no"), &plain()).await, 409);
        assert_eq!(status(&store, &turn).await, TurnStatus::Running);
        drop(other);
        let begun = Instant::now();
        let (_, _reader) = at.begin(add(&thread, "and"), &plain()).await;
        assert!(begun.elapsed() < Duration::from_secs(8));
        assert_eq!(status(&store, &turn).await, TurnStatus::Stopped);
    }
}

/// One process hands its turn over; it goes on in one of two others, and readers of both see one log.
#[tokio::test(start_paused = true)]
async fn readers_go_on_without_a_gap_when_the_turn_is_taken_over() {
    let store = Faulty::new(MANY);
    let [here, one, two] = desks(&store, &hanging(), WhenBusy::Refuse);
    let cx = resuming();
    let (turn, mut reader) = here.begin(create("hi"), &cx).await;
    read_until(&mut reader, is_delta).await;
    let mut readers = Vec::new();
    for desk in [&one, &two] {
        readers.push(desk.service.events(&cx, &turn, None).await.unwrap());
    }
    let mut seen = Vec::new();
    for reader in &mut readers {
        seen.push(read_until(reader, is_delta).await);
    }
    here.service.shutdown(Duration::ZERO).await;
    assert_eq!(reader.next().await, None);
    let mut wholes = Vec::new();
    for (mut reader, first) in readers.into_iter().zip(seen) {
        let rest = read_all(&mut reader).await;
        assert!(rest.iter().all(|frame| frame.id.unwrap().attempt == 2));
        wholes.push(first.into_iter().chain(rest).collect::<Vec<_>>());
    }
    for desk in [&one, &two] {
        let mut late = desk.service.events(&cx, &turn, None).await.unwrap();
        wholes.push(read_all(&mut late).await);
    }
    assert!(wholes.iter().all(|whole| *whole == wholes[0]));
    assert_eq!(kinds(&wholes[0]).last().unwrap(), "error");
    assert_eq!(status(&store, &turn).await, TurnStatus::Interrupted);
}
