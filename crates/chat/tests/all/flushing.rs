//! How logs come to the store: those of all turns at once, soon, and whatever else is done to the store.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_chat::{Options, Processes, TurnReader};
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{LogBatch, TurnId, Turns};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::desk::{
    Answering, Desk, begin_message, create, delta, hanging, is_delta, read_until, resuming,
};
use crate::faulty::Faulty;

const MANY: usize = 10_000;

/// How far the store may be behind what readers have seen.
const BEHIND: Duration = Duration::from_millis(250);

/// A process among others, with what is usual for its logs.
fn desk(store: &Arc<Faulty>, responder: Arc<Answering>) -> Desk {
    Desk::made_of(store.clone(), store.clone(), responder, |parts| {
        parts.options = Options {
            processes: Processes::Many,
            ..Options::default()
        };
    })
}

/// Says "two" for each time that it may.
fn gated(gate: &Arc<Semaphore>) -> Arc<Answering> {
    let gate = Arc::clone(gate);
    Answering::with(move |turn, _| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            let id = begin_message(turn).await?;
            loop {
                gate.acquire().await.unwrap().forget();
                delta(turn, &id, "two").await?;
            }
        })
    })
}

/// What was done so far, and is forgotten.
fn taken(done: &std::sync::Mutex<Vec<Vec<TurnId>>>) -> Vec<Vec<TurnId>> {
    let mut done = std::mem::take(&mut *done.lock().unwrap());
    for turns in &mut done {
        turns.sort();
    }
    done
}

async fn last_stored(store: &Faulty, turn: &TurnId) -> Option<frontdesk_store::EventId> {
    let log = store.turn_log(&resuming().scope(), turn, None).await;
    log.unwrap().last().map(LogBatch::last)
}

#[tokio::test(start_paused = true)]
async fn the_logs_of_all_turns_are_stored_together_and_told_of_together() {
    let (gate, inner) = (Arc::new(Semaphore::new(0)), Arc::new(MemoryStore::new()));
    let stores: [_; 2] = std::array::from_fn(|_| Faulty::over(inner.clone(), MANY));
    let [here, elsewhere] = stores.each_ref().map(|store| desk(store, gated(&gate)));
    let mut turns: Vec<(TurnId, TurnReader)> = Vec::new();
    for text in ["one", "two", "three"] {
        turns.push(here.begin(create(text), &resuming()).await);
    }
    let mut ids: Vec<TurnId> = turns.iter().map(|(turn, _)| turn.clone()).collect();
    ids.sort();
    tokio::time::sleep(Duration::from_secs(1)).await;
    taken(&stores[0].appended);
    assert_eq!(taken(&stores[0].woken), [] as [Vec<TurnId>; 0]);

    gate.add_permits(3);
    for (_, reader) in &mut turns {
        read_until(reader, is_delta).await;
    }
    tokio::time::sleep(BEHIND).await;
    assert_eq!(taken(&stores[0].appended), [ids.clone()]);
    assert_eq!(taken(&stores[0].woken), [] as [Vec<TurnId>; 0]);

    // Read elsewhere, they are stored and told of at once.
    let mut readers = Vec::new();
    for turn in &ids {
        readers.push(
            elsewhere
                .service
                .events(&resuming(), turn, None)
                .await
                .unwrap(),
        );
    }
    for reader in &mut readers {
        read_until(reader, is_delta).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    taken(&stores[0].woken);
    gate.add_permits(3);
    let begun = Instant::now();
    for reader in &mut readers {
        read_until(reader, is_delta).await;
    }
    assert!(
        begun.elapsed() < Duration::from_millis(50),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(taken(&stores[0].appended), [ids.clone()]);
    assert_eq!(taken(&stores[0].woken), [ids]);
}

#[tokio::test(start_paused = true)]
async fn the_store_is_a_quarter_of_a_second_behind_at_most_whatever_else_it_is_asked() {
    let store = Faulty::new(MANY);
    // Old logs are being dropped all the time.
    store.drops.close_gate();
    let desk = desk(&store, hanging());
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(store.drops_asked.load(Ordering::SeqCst) > 0);
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let seen = read_until(&mut reader, is_delta).await;
    tokio::time::sleep(BEHIND).await;
    assert_eq!(last_stored(&store, &turn).await, seen.last().unwrap().id);
}

#[tokio::test(start_paused = true)]
async fn clearing_up_is_given_up_and_tried_again_and_no_end_waits_for_it() {
    let store = Faulty::new(MANY);
    store.drops.close_gate();
    let desk = desk(&store, hanging());
    tokio::time::sleep(Duration::from_mins(3)).await;
    let asked = store.drops_asked.load(Ordering::SeqCst);
    assert!((3..=4).contains(&asked), "{asked}");
    let begun = Instant::now();
    desk.service.shutdown(Duration::ZERO).await;
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}
