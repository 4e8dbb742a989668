//! A turn goes on when its process dies, wherever it dies, and every client ends with what the store has.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_chat::{Options, TurnReader};
use frontdesk_protocol::ThreadId;
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{Maintenance, Store, Threads, TurnId, TurnStatus, Turns, Wakeups};
use frontdesk_store_sqlite::SqliteStore;
use futures_util::FutureExt;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::desk::{Desk, PATIENCE, create, read_all, resuming};
use crate::process::{Process, options, service};
use crate::reciting::{PLACES, Reciting, VERSES, View};

/// How a process dies: at which place of the reciting, and whether the log had come to the store by then.
#[derive(Debug, Clone, Copy)]
struct Death {
    place: usize,
    log: Log,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    Stored,
    Behind,
}

fn dying(death: Death) -> Options {
    let log_interval = match death.log {
        Log::Stored => Duration::from_millis(1),
        Log::Behind => Duration::from_hours(1),
    };
    Options {
        log_interval,
        ..options()
    }
}

/// Reads what is there until the process hangs, and kills it.
async fn watch_it_die(
    process: Process,
    reciting: &Reciting,
    reader: &mut TurnReader,
    view: &mut View,
    (store, turn, death): (&(impl Turns + Maintenance), &TurnId, Death),
) {
    let hangs = tokio::time::timeout(PATIENCE, reciting.hangs.acquire()).await;
    drop(hangs.expect("it doesn't hang"));
    while let Some(Some(frames)) = reader.next().now_or_never() {
        view.follow(&frames);
    }
    let is_behind = async || {
        let scope = resuming().scope();
        let record = store.turn(&scope, turn).await.unwrap().unwrap();
        // What was lost with an earlier attempt doesn't come any more.
        let seen = view.last.filter(|last| last.attempt == record.attempt);
        let log = store.turn_log(&scope, turn, None).await;
        log.unwrap().last().map(frontdesk_store::LogBatch::last) < seen
    };
    while death.log == Log::Stored && is_behind().await {
        tokio::task::yield_now().await;
    }
    process.kill();
    store.release_all().await.unwrap();
}

async fn shown<S>(store: &Arc<S>, thread: &ThreadId) -> Vec<Value>
where
    S: Store + Maintenance + Wakeups + 'static,
{
    let desk = Desk {
        service: service(store, Reciting::whole(), options()),
        store: store.clone(),
    };
    desk.items(thread, &resuming()).await
}

/// Lets one process after the other die, and the last one finish. The client reads on each time with the last event that
/// it saw.
async fn recited<S>(store: Arc<S>, deaths: &[Death])
where
    S: Store + Maintenance + Wakeups + 'static,
{
    let cx = resuming();
    let mut view = View::default();
    let mut begun: Option<(TurnId, TurnReader)> = None;
    for death in deaths {
        let reciting = Reciting::hanging_at(death.place);
        let process = Process::start(&store, reciting.clone(), dying(*death));
        let (turn, mut reader) = match begun.take() {
            None => process.begin(create("recite"), cx.clone()).await,
            Some((turn, _)) => {
                let reader = process.events(cx.clone(), turn.clone(), view.last).await;
                (turn, reader.unwrap())
            }
        };
        let died = (store.as_ref(), &turn, *death);
        watch_it_die(process, &reciting, &mut reader, &mut view, died).await;
        begun = Some((turn, reader));
    }
    let (turn, _) = begun.unwrap();
    let last = service(&store, Reciting::whole(), options());
    let mut reader = last.events(&cx, &turn, view.last).await.unwrap();
    view.follow(&read_all(&mut reader).await);
    let record = store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
    let attempts = u32::try_from(deaths.len()).unwrap() + 1;
    assert_eq!(
        (record.status, record.attempt),
        (TurnStatus::Done, attempts)
    );
    let items = shown(&store, &record.thread_id).await;
    let texts: Vec<&Value> = items
        .iter()
        .map(|item| &item["content"][0]["text"])
        .collect();
    assert_eq!(texts, ["recite", VERSES[0], VERSES[1], VERSES[2]]);
    // Who was told to load the thread anew does, and others have it all.
    let seen: Vec<Value> = if view.is_stale {
        let mut fresh = View::default();
        let mut all = last.events(&cx, &turn, None).await.unwrap();
        fresh.follow(&read_all(&mut all).await);
        fresh.items
    } else {
        view.items
    };
    assert_eq!(seen, items);
    last.shutdown(Duration::ZERO).await;
}

#[tokio::test]
async fn check_08_wherever_a_process_dies_another_one_goes_on() {
    for place in 0..PLACES {
        for log in [Log::Stored, Log::Behind] {
            let store = Arc::new(MemoryStore::new());
            recited(store, &[Death { place, log }]).await;
        }
    }
}

#[tokio::test]
async fn it_goes_on_from_a_file_too() {
    for place in [0, 3, 4, PLACES - 1] {
        for log in [Log::Stored, Log::Behind] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("frontdesk.db");
            let options = frontdesk_store_sqlite::Options::default();
            let store = SqliteStore::open(&path, options).await.unwrap();
            recited(Arc::new(store), &[Death { place, log }]).await;
        }
    }
}

#[test]
fn however_often_processes_die_nothing_is_lost_or_doubled() {
    let log = prop_oneof![Just(Log::Stored), Just(Log::Behind)];
    let death = (0..5_usize, log).prop_map(|(place, log)| Death { place, log });
    let deaths = proptest::collection::vec(death, 2..4);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(12));
    let recites = |deaths: Vec<Death>| {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(recited(Arc::new(MemoryStore::new()), &deaths));
        Ok(())
    };
    runner.run(&deaths, recites).unwrap();
}

/// A turn of a process that is dead by now.
async fn left_behind(store: &Arc<MemoryStore>) -> (TurnId, View) {
    let death = Death {
        place: 3,
        log: Log::Stored,
    };
    let reciting = Reciting::hanging_at(death.place);
    let process = Process::start(store, reciting.clone(), dying(death));
    let (turn, mut reader) = process.begin(create("recite"), resuming()).await;
    let mut view = View::default();
    let died = (store.as_ref(), &turn, death);
    watch_it_die(process, &reciting, &mut reader, &mut view, died).await;
    (turn, view)
}

#[tokio::test]
async fn a_turn_that_was_to_be_stopped_ends_as_stopped() {
    let store = Arc::new(MemoryStore::new());
    let (turn, view) = left_behind(&store).await;
    let cx = resuming();
    assert!(store.ask_to_stop(&cx.scope(), &turn).await.unwrap());
    let reciting = Reciting::whole();
    let service = service(&store, reciting.clone(), options());
    let mut reader = service.events(&cx, &turn, view.last).await.unwrap();
    read_all(&mut reader).await;
    let record = store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
    assert_eq!(record.status, TurnStatus::Stopped);
    assert_eq!(reciting.went_on.load(Ordering::SeqCst), 0);
    let items = shown(&store, &record.thread_id).await;
    assert_eq!(
        items[1]["content"][0]["text"], "one",
        "what was seen is kept"
    );
}

#[tokio::test]
async fn a_turn_that_was_deleted_is_left_alone() {
    let store = Arc::new(MemoryStore::new());
    let (turn, view) = left_behind(&store).await;
    let (cx, scope) = (resuming(), resuming().scope());
    let record = store.turn(&scope, &turn).await.unwrap().unwrap();
    let reciting = Reciting::whole();
    let service = service(&store, reciting.clone(), options());
    let delete = json!({"type": "threads.delete", "params": {"thread_id": record.thread_id}});
    let desk = Desk {
        service: service.clone(),
        store: store.clone(),
    };
    desk.json(delete, &cx).await;
    store.wake(std::slice::from_ref(&turn)).await.unwrap();
    assert!(service.events(&cx, &turn, view.last).await.is_err());
    assert_eq!(store.thread(&scope, &record.thread_id).await.unwrap(), None);
    service.shutdown(PATIENCE).await;
    assert_eq!(reciting.went_on.load(Ordering::SeqCst), 0);
}
