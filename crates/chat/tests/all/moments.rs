//! What comes at the one moment at which it could be lost: while the store answers somebody else.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_chat::{Limits, Options, Processes, Responder, Stopped};
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{EventId, LogBatch, Maintenance, TurnId, TurnStatus, Turns};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::desk::{
    Desk, create, hanging, is_delta, kinds, plain, read_all, read_until, resuming, thread_of,
};
use crate::faulty::Faulty;
use crate::process::{options, service};
use crate::reciting::Reciting;

const MANY: usize = 10_000;

fn process(store: &Arc<Faulty>, responder: Arc<dyn Responder>, options: Options) -> Desk {
    Desk {
        service: service(store, responder, options),
        store: store.clone(),
    }
}

/// The log comes to the store with what is done alone.
fn late() -> Options {
    Options {
        log_interval: Duration::from_hours(1),
        ..options()
    }
}

async fn stands(store: &impl Turns, turn: &TurnId) -> (TurnStatus, u32) {
    let record = store.turn(&plain().scope(), turn).await.unwrap().unwrap();
    (record.status, record.attempt)
}

/// Until the store was asked for this so often.
async fn until_made(store: &Faulty, call: &'static str, times: usize) {
    while store.calls.made(call) < times {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_interrupted_loses_nothing() {
    let inner = Arc::new(MemoryStore::new());
    let first = process(
        &Faulty::over(inner.clone(), MANY),
        Reciting::hanging_at(6),
        late(),
    );
    let cx = resuming();
    let (turn, mut reader) = first.begin(create("recite"), &cx).await;
    let seen = read_until(&mut reader, |event| event["update"]["delta"] == "t").await;
    inner.release_all().await.unwrap();
    let store = Faulty::over(inner, MANY);
    let second = process(&store, Reciting::whole(), options());
    let after = seen.last().unwrap().id;
    let events = async || second.service.events(&cx, &turn, after).await.unwrap();
    let expected = read_all(&mut events().await).await;
    assert_eq!(kinds(&expected)[0], "frontdesk.reload");

    let mut back = events().await;
    store.calls.close("turn_log");
    let interrupted = tokio::time::timeout(Duration::from_secs(15), back.next()).await;
    assert!(interrupted.is_err());
    store.calls.open("turn_log");
    assert_eq!(read_all(&mut back).await, expected);
}

#[tokio::test(start_paused = true)]
async fn who_saw_more_than_the_log_has_loads_the_thread_anew_where_nothing_follows() {
    let inner = Arc::new(MemoryStore::new());
    let first = process(&Faulty::over(inner.clone(), MANY), hanging(), late());
    let cx = resuming();
    let (turn, mut reader) = first.begin(create("hi"), &cx).await;
    let seen = read_until(&mut reader, is_delta).await;
    let begun: Vec<_> = seen
        .iter()
        .take_while(|frame| kinds(&[(*frame).clone()]) != ["thread.item.added"])
        .collect();
    let lines = begun
        .iter()
        .map(|frame| [b"a", &frame.json[..], b"\n"].concat());
    let log = LogBatch {
        turn: turn.clone(),
        attempt: 1,
        first_seq: 1,
        last_seq: begun.len() as u64,
        events: lines.collect::<Vec<_>>().concat().into(),
    };
    inner.append_logs(&[(cx.scope(), log)]).await.unwrap();
    inner.ask_to_stop(&cx.scope(), &turn).await.unwrap();
    inner.release_all().await.unwrap();
    let second = process(&Faulty::over(inner.clone(), MANY), hanging(), options());
    let told = async |after: Option<EventId>| {
        let mut back = second.service.events(&cx, &turn, after).await.unwrap();
        let frames = read_all(&mut back).await;
        let ids: Vec<_> = frames.iter().map(|frame| frame.id).collect();
        (kinds(&frames), ids)
    };
    let last = seen.last().unwrap().id;
    let second_attempt = Some(EventId { attempt: 2, seq: 0 });
    let reload = (vec!["frontdesk.reload".to_owned()], vec![second_attempt]);
    // While it is taken over, and after that.
    assert_eq!(told(last).await, reload);
    assert_eq!(told(last).await, reload);
    // Who was told so once, and who saw no more than was stored.
    assert_eq!(told(second_attempt).await, (vec![], vec![]));
    assert_eq!(told(begun.last().unwrap().id).await, (vec![], vec![]));
    assert_eq!(stands(&*inner, &turn).await, (TurnStatus::Stopped, 2));
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_taken_over_slowly_is_not_lost_again() {
    for length in [2, 4] {
        for phase in 0..14 {
            let (inner, cx) = (Arc::new(MemoryStore::new()), resuming());
            let first = process(&Faulty::over(inner.clone(), MANY), hanging(), options());
            let (turn, mut reader) = first.begin(create("hi"), &cx).await;
            read_until(&mut reader, is_delta).await;
            let slow = Faulty::over(inner.clone(), MANY);
            let reciting = Reciting::hanging_at(0);
            let second = process(&slow, reciting.clone(), options());
            slow.calls.slow_down(Duration::from_secs(length));
            tokio::time::sleep(Duration::from_millis(500 * phase)).await;
            first.service.shutdown(Duration::ZERO).await;
            tokio::time::sleep(Duration::from_mins(1)).await;
            assert_eq!(
                stands(&*inner, &turn).await,
                (TurnStatus::Running, 2),
                "{length} s a call, phase {phase}"
            );
            assert_eq!(reciting.went_on.load(Ordering::SeqCst), 1);
            second.service.shutdown(Duration::ZERO).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_would_begin_after_the_last_look_at_a_shutdown_does_not() {
    let (store, cx) = (Faulty::new(MANY), resuming());
    let limited = Options {
        limits: Limits {
            tokens_per_day: Some(1_000),
            ..Limits::default()
        },
        ..options()
    };
    let desk = Arc::new(process(&store, hanging(), limited));
    store.calls.close("tokens_used");
    let asking = TaskTracker::new().spawn({
        let (desk, cx) = (desk.clone(), cx.clone());
        async move { desk.refused(create("hi"), &cx).await }
    });
    until_made(&store, "tokens_used", 1).await;
    let shutting_down = TaskTracker::new().spawn({
        let service = desk.service.clone();
        async move { service.shutdown(Duration::ZERO).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    store.calls.open("tokens_used");
    assert_eq!(asking.await.unwrap(), 503);
    shutting_down.await.unwrap();
    assert_eq!(store.running_turns().await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_comes_while_the_only_process_takes_the_turn_up_stops_it() {
    let (inner, cx) = (Arc::new(MemoryStore::new()), resuming());
    let first = process(&Faulty::over(inner.clone(), MANY), hanging(), options());
    let (turn, mut reader) = first.begin(create("hi"), &cx).await;
    read_until(&mut reader, is_delta).await;
    first.service.shutdown(Duration::ZERO).await;
    let store = Faulty::over(inner, MANY);
    store.calls.close("steps");
    let alone = Options {
        processes: Processes::One,
        ..options()
    };
    let second = process(&store, Reciting::hanging_at(0), alone);
    until_made(&store, "steps", 1).await;
    let stopping = TaskTracker::new().spawn({
        let (service, turn) = (second.service.clone(), turn.clone());
        async move { service.stop(&resuming(), &turn).await.unwrap() }
    });
    until_made(&store, "ask_to_stop", 1).await;
    store.calls.open("steps");
    assert_eq!(stopping.await.unwrap(), Stopped::Over);
    assert_eq!(stands(&*store, &turn).await, (TurnStatus::Stopped, 2));
}

#[tokio::test(start_paused = true)]
async fn a_plain_client_that_reads_its_lost_turn_elsewhere_stops_it_by_leaving() {
    let (inner, cx) = (Arc::new(MemoryStore::new()), plain());
    let store = Faulty::over(inner.clone(), MANY);
    let first = process(&store, hanging(), options());
    let (turn, mut reader) = first.begin(create("recite"), &cx).await;
    read_until(&mut reader, is_delta).await;
    // It doesn't hear that the turn was taken over, and finds out when the lease has run out.
    store.renewals.close_gate();
    inner.release_all().await.unwrap();
    let hangs = Reciting::hanging_at(3);
    let _second = process(&Faulty::over(inner.clone(), MANY), hangs.clone(), options());
    read_until(&mut reader, |event| event["update"]["delta"] == "ne").await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(stands(&*inner, &turn).await, (TurnStatus::Running, 2));
    drop(reader);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(stands(&*inner, &turn).await, (TurnStatus::Stopped, 2));
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_elsewhere_right_after_a_renewal_ends_here_soon() {
    let (inner, cx) = (Arc::new(MemoryStore::new()), resuming());
    let store = Faulty::over(inner.clone(), MANY);
    let first = process(&store, hanging(), options());
    let second = process(&Faulty::over(inner, MANY), hanging(), options());
    let (_, mut reader) = first.begin(create("hi"), &cx).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    until_made(&store, "renew_leases", 1).await;
    let delete = json!({"type": "threads.delete", "params": {"thread_id": thread}});
    second.json(delete, &cx).await;
    let deleted = Instant::now();
    assert_eq!(kinds(&read_all(&mut reader).await), ["error"]);
    assert!(
        deleted.elapsed() < Duration::from_secs(1),
        "{:?}",
        deleted.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn stops_that_wait_for_the_store_are_passed_on_by_a_process_that_shuts_down() {
    let (inner, cx) = (Arc::new(MemoryStore::new()), resuming());
    let store = Faulty::over(inner.clone(), MANY);
    let first = process(&store, Reciting::hanging_at(0), options());
    let mut turns = Vec::new();
    store.fails.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let (turn, reader) = first.begin(create("recite"), &cx).await;
        let _ = first.service.stop(&cx, &turn).await.unwrap();
        drop(reader);
        turns.push(turn);
    }
    // Their ends can't be stored, and so it is noted that they are to be stopped.
    store.calls.close("ask_to_stop");
    tokio::time::sleep(Duration::from_secs(25)).await;
    store.fails.store(false, Ordering::SeqCst);
    until_made(&store, "ask_to_stop", 1).await;
    let shutting_down = TaskTracker::new().spawn({
        let service = first.service.clone();
        async move { service.shutdown(Duration::ZERO).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    store.calls.open("ask_to_stop");
    shutting_down.await.unwrap();
    let _second = process(
        &Faulty::over(inner.clone(), MANY),
        Reciting::whole(),
        options(),
    );
    tokio::time::sleep(Duration::from_secs(30)).await;
    for turn in turns {
        assert_eq!(stands(&*inner, &turn).await, (TurnStatus::Stopped, 2));
    }
}
