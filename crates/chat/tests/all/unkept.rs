//! What a process lets go of without meaning to: turns that it lost, or took over and couldn't go on with.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_chat::{Client, Options, Processes, Stopped};
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{EventId, LogBatch, Maintenance, TurnStatus, Turns};
use tokio::time::Instant;

use crate::desk::{
    Answering, Desk, PATIENCE, add, begin_message, context, create, delta, event, hanging,
    is_delta, kinds, read_all, read_until, resuming, thread_of,
};
use crate::faulty::Faulty;
use crate::process::{options, service};
use crate::reciting::{Reciting, View};

const MANY: usize = 10_000;

fn process(
    store: &Arc<Faulty>,
    responder: Arc<dyn frontdesk_chat::Responder>,
    options: Options,
) -> Desk {
    Desk {
        service: service(store, responder, options),
        store: store.clone(),
    }
}

fn ids(view: &[frontdesk_chat::Frame]) -> Vec<EventId> {
    view.iter().filter_map(|frame| frame.id).collect()
}

#[tokio::test(start_paused = true)]
async fn a_stop_at_the_process_that_lost_the_turn_reaches_the_one_that_has_it() {
    let inner = Arc::new(MemoryStore::new());
    let store = Faulty::over(inner.clone(), MANY);
    let first = process(&store, Reciting::hanging_at(6), options());
    let cx = resuming();
    let (turn, mut reader) = first.begin(create("recite"), &cx).await;
    let mut view = View::default();
    view.follow(&read_until(&mut reader, |event| event["update"]["delta"] == "t").await);
    // It doesn't hear that the turn was taken over.
    store.renewals.close_gate();
    store.release_all().await.unwrap();
    let hangs = Reciting::hanging_at(3);
    let second = process(&Faulty::over(inner, MANY), hangs.clone(), options());
    let mut other = second.service.events(&cx, &turn, view.last).await.unwrap();
    hangs.hangs.acquire().await.unwrap().forget();
    let begun = Instant::now();
    let stopped = first.service.stop(&cx, &turn).await.unwrap();
    assert_eq!(stopped, Stopped::Over);
    assert!(begun.elapsed() < Duration::from_secs(2));
    let record = store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
    assert_eq!((record.status, record.attempt), (TurnStatus::Stopped, 2));
    let rest = read_all(&mut reader).await;
    assert_eq!(ids(&rest), ids(&read_all(&mut other).await));
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_could_not_be_gone_on_with_is_given_back_at_once() {
    let store = Faulty::new(MANY);
    let cx = resuming();
    let first = process(&store, hanging(), options());
    let (turn, mut reader) = first.begin(create("hi"), &cx).await;
    read_until(&mut reader, is_delta).await;
    first.service.shutdown(Duration::ZERO).await;
    let alone = Options {
        processes: Processes::One,
        ..options()
    };
    store.is_mute.store(true, Ordering::SeqCst);
    let _second = process(&store, hanging(), alone);
    tokio::time::sleep(Duration::from_secs(3)).await;
    store.is_mute.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let record = store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
    assert_eq!(record.status, TurnStatus::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn a_plain_client_whose_turn_is_lost_while_the_store_is_away_is_told_so() {
    let store = Faulty::new(MANY);
    let desk = process(&store, hanging(), options());
    for client in [Client::Plain, Client::Resuming] {
        let cx = context("default", "dev", client);
        let (_, mut reader) = desk.begin(create("hi"), &cx).await;
        read_until(&mut reader, is_delta).await;
        store.renewals.close_gate();
        store.is_mute.store(true, Ordering::SeqCst);
        let rest = tokio::time::timeout(PATIENCE, read_all(&mut reader)).await;
        let rest = rest.unwrap();
        if client == Client::Plain {
            assert_eq!(kinds(&rest), ["error"]);
            assert_eq!(event(&rest[0])["allow_retry"], true);
            assert_eq!(rest[0].id, None, "it isn't stored");
        } else {
            assert!(rest.is_empty() && reader.has_broken_off());
        }
        store.renewals.open_gate();
        store.is_mute.store(false, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_comes_late_takes_nothing_back() {
    let store = Faulty::new(MANY);
    let first = process(&store, Reciting::hanging_at(6), options());
    let cx = resuming();
    let (turn, mut reader) = first.begin(create("recite"), &cx).await;
    read_until(&mut reader, |event| event["update"]["delta"] == "t").await;
    // Renewed for the last time after fifteen seconds; the renewal that is under way after thirty goes through then.
    tokio::time::sleep(Duration::from_secs(16)).await;
    store.renewals.close_gate();
    tokio::time::sleep(Duration::from_millis(14_050)).await;
    store.renewals.open_gate();
    let _second = process(&store, Reciting::whole(), options());
    tokio::time::sleep(Duration::from_secs(4)).await;
    let record = store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
    assert_eq!((record.status, record.attempt), (TurnStatus::Done, 2));
}

#[tokio::test(start_paused = true)]
async fn a_turn_of_which_something_can_never_be_read_ends_as_interrupted() {
    let whole: &[&str] = &["hi", "one two"];
    for (call, attempt, texts) in [
        ("thread_with_running", 7, whole),
        // Who gives a turn up doesn't ask for what it was about.
        ("item", 6, whole),
        ("steps", 7, whole),
        // What readers saw of the answer was in the log alone.
        ("turn_log", 7, &["hi"]),
    ] {
        let store = Faulty::new(MANY);
        let cx = resuming();
        let first = process(&store, hanging(), options());
        let (turn, mut reader) = first.begin(create("hi"), &cx).await;
        let thread = thread_of(&read_until(&mut reader, is_delta).await);
        store.calls.lose(call);
        first.service.shutdown(Duration::ZERO).await;
        let second = process(&store, hanging(), options());
        tokio::time::sleep(Duration::from_mins(1)).await;
        let record = store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
        let ended = (TurnStatus::Interrupted, attempt);
        assert_eq!((record.status, record.attempt), ended, "{call}");
        let tries = store.calls.made(call);
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(store.calls.made(call), tries, "{call}: nobody tries again");

        store.calls.find(call);
        let mut back = second.service.events(&cx, &turn, None).await.unwrap();
        let told = read_all(&mut back).await;
        let last = event(told.last().unwrap());
        assert_eq!(
            (&last["type"], &last["allow_retry"]),
            (&"error".into(), &true.into()),
            "{call}"
        );
        let created = kinds(&told)
            .iter()
            .filter(|kind| *kind == "thread.created")
            .count();
        assert_eq!(created, 1, "{call}");
        let items = second.items(&thread, &cx).await;
        let said = items.iter().map(|item| &item["content"][0]["text"]);
        assert_eq!(said.collect::<Vec<_>>(), texts, "{call}");
        let (next, _) = second.begin(add(&thread, "still there?"), &cx).await;
        let record = store.turn(&cx.scope(), &next).await.unwrap().unwrap();
        assert_eq!(record.status, TurnStatus::Running, "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_hangs_until_its_turn_is_another_ones_changes_nothing() {
    let inner = Arc::new(MemoryStore::new());
    let store = Faulty::over(inner.clone(), 0);
    let first = process(&store, Reciting::whole(), options());
    let cx = resuming();
    let (turn, mut reader) = first.begin(create("recite"), &cx).await;
    let mut view = View::default();
    view.follow(&read_until(&mut reader, |event| event["update"]["delta"] == "ne").await);
    // The first verse is on its way to the store, and so is what would keep the turn here.
    store.renewals.close_gate();
    let second = process(
        &Faulty::over(inner.clone(), MANY),
        Reciting::whole(),
        options(),
    );
    tokio::time::sleep(Duration::from_secs(30)).await;

    let scope = cx.scope();
    let stored = async || {
        let record = inner.turn(&scope, &turn).await.unwrap().unwrap();
        let log = inner.turn_log(&scope, &turn, None).await.unwrap();
        let items = second.items(&record.thread_id, &cx).await;
        (record, log, items)
    };
    let ended = stored().await;
    assert_eq!((ended.0.status, ended.0.attempt), (TurnStatus::Done, 2));
    store.gate.add_permits(1);
    store.renewals.open_gate();
    view.follow(&read_all(&mut reader).await);
    assert_eq!(store.gate.available_permits(), 0, "it was written late");
    assert_eq!(stored().await, ended);
    // What it saw last was in that write, so it is told to load the thread anew.
    assert!(view.is_stale);
}

/// Says three messages, one a second.
fn telling() -> Arc<Answering> {
    Answering::with(|turn, _| {
        Box::pin(async move {
            for _ in 0..3 {
                let id = begin_message(turn).await?;
                delta(turn, &id, "two").await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
                crate::desk::finish_message(turn, id, "two").await?;
            }
            std::future::pending().await
        })
    })
}

#[tokio::test(start_paused = true)]
async fn a_follower_waits_for_what_a_slow_flush_brings() {
    let store = Faulty::new(MANY);
    let first = process(&store, telling(), options());
    let second = process(&store, telling(), options());
    let cx = resuming();
    let (turn, mut reader) = first.begin(create("hi"), &cx).await;
    let mut other = second.service.events(&cx, &turn, None).await.unwrap();
    store.appends.close_gate();
    tokio::time::sleep(Duration::from_secs(12)).await;
    store.appends.open_gate();
    first.service.stop(&cx, &turn).await.unwrap();
    let whole = read_all(&mut reader).await;
    assert_eq!(ids(&read_all(&mut other).await), ids(&whole));
}

#[tokio::test(start_paused = true)]
async fn a_plain_client_is_not_told_to_reload() {
    let store = Faulty::new(MANY);
    let late = Options {
        log_interval: Duration::from_hours(1),
        ..options()
    };
    for client in [Client::Resuming, Client::Plain] {
        let cx = context("default", "dev", client);
        let first = process(&store, hanging(), late.clone());
        let (turn, mut reader) = first.begin(create("hi"), &cx).await;
        read_until(&mut reader, is_delta).await;
        store.appends.close_gate();
        store.renewals.close_gate();
        tokio::time::sleep(Duration::from_secs(30)).await;
        store.appends.open_gate();
        store.renewals.open_gate();
        let rest = read_all(&mut reader).await;
        let told = kinds(&rest).contains(&"frontdesk.reload".to_owned());
        assert_eq!(told, client == Client::Resuming, "{turn}");
    }
}

/// It can't be told what to take back either: its view is what the store has, or it is told at the end that it isn't.
#[tokio::test(start_paused = true)]
async fn a_plain_client_ends_with_what_the_store_has_or_is_told() {
    for (is_logged, is_stopped) in [(true, false), (false, false), (false, true)] {
        let case = format!("logged: {is_logged}, stopped: {is_stopped}");
        let inner = Arc::new(MemoryStore::new());
        let store = Faulty::over(inner.clone(), MANY);
        if !is_logged {
            store.appends.close_gate();
        }
        // In the middle of its second verse.
        let first = process(&store, Reciting::hanging_at(6), options());
        let cx = context("default", "dev", Client::Plain);
        let (turn, mut reader) = first.begin(create("recite"), &cx).await;
        let mut view = View::default();
        view.follow(&read_until(&mut reader, |event| event["update"]["delta"] == "t").await);
        tokio::time::sleep(Duration::from_secs(1)).await;
        // It doesn't hear that the turn is taken over.
        store.renewals.close_gate();
        inner.release_all().await.unwrap();
        let other = Faulty::over(inner.clone(), MANY);
        let second = if is_stopped {
            // Before it has said anything.
            let hangs = Reciting::hanging_at(0);
            let second = process(&other, hangs.clone(), options());
            hangs.hangs.acquire().await.unwrap().forget();
            second.service.stop(&cx, &turn).await.unwrap();
            second
        } else {
            process(&other, Reciting::whole(), options())
        };
        let rest = tokio::time::timeout(Duration::from_mins(2), read_all(&mut reader)).await;
        let rest = rest.unwrap();
        let record = inner.turn(&cx.scope(), &turn).await.unwrap().unwrap();
        let ended = if is_stopped {
            TurnStatus::Stopped
        } else {
            TurnStatus::Done
        };
        assert_eq!((record.status, record.attempt), (ended, 2), "{case}");
        if is_logged {
            view.follow(&rest);
            assert_eq!(view.items, second.items(&record.thread_id, &cx).await);
        } else {
            assert_eq!(kinds(&rest), ["error"], "{case}");
            let told = event(&rest[0]);
            assert_eq!(told["allow_retry"], false, "{case}");
            let message = told["message"].as_str().unwrap();
            assert!(message.contains("load this conversation again"), "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_saw_what_is_beyond_a_gap_in_the_log_of_a_dead_attempt_loads_the_thread_anew() {
    let inner = Arc::new(MemoryStore::new());
    let late = Options {
        log_interval: Duration::from_hours(1),
        ..options()
    };
    let first = process(&Faulty::over(inner.clone(), MANY), hanging(), late);
    let cx = resuming();
    let (turn, mut reader) = first.begin(create("hi"), &cx).await;
    let seen = read_until(&mut reader, is_delta).await;
    let last = seen.last().unwrap();
    let id = last.id.unwrap();
    let beyond = LogBatch {
        turn: turn.clone(),
        attempt: id.attempt,
        first_seq: id.seq,
        last_seq: id.seq,
        events: [b"a", &last.json[..], b"\n"].concat().into(),
    };
    inner.append_logs(&[(cx.scope(), beyond)]).await.unwrap();
    inner.release_all().await.unwrap();
    let second = process(&Faulty::over(inner, MANY), hanging(), options());
    let mut back = second.service.events(&cx, &turn, last.id).await.unwrap();
    let rest = read_all(&mut back).await;
    assert_eq!(kinds(&rest)[0], "frontdesk.reload");
}
