//! Wake-ups that are lost: whoever waits for something also looks by itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_chat::{Options, Processes, Stopped};
use frontdesk_store::{TurnStatus, Turns};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::busy::gated;
use crate::desk::{
    Answering, Desk, create, hanging, is_delta, kinds, read_all, read_until, resuming,
};
use crate::faulty::Faulty;

const MANY: usize = 10_000;

/// Two processes on one store that never hear of each other.
fn pair(responder: &Arc<Answering>) -> (Arc<Faulty>, [Desk; 2]) {
    let store = Faulty::new(MANY);
    store.is_deaf.store(true, Ordering::SeqCst);
    let desks = std::array::from_fn(|_| {
        Desk::made_of(store.clone(), store.clone(), responder.clone(), |parts| {
            parts.options = Options {
                processes: Processes::Many,
                ..Options::default()
            };
        })
    });
    (store, desks)
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_nobody_is_told_of_ends_the_turn_within_a_second_too() {
    let (store, [here, elsewhere]) = pair(&hanging());
    let cx = resuming();
    let (turn, mut reader) = here.begin(create("hi"), &cx).await;
    read_until(&mut reader, is_delta).await;
    let begun = Instant::now();
    let stopped = elsewhere.service.stop(&cx, &turn).await.unwrap();
    assert_eq!(stopped, Stopped::Over);
    assert!(
        begun.elapsed() <= Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(kinds(&read_all(&mut reader).await), ["thread.item.done"]);
    let record = store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
    assert_eq!(record.status, TurnStatus::Stopped);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_is_told_of_is_read_elsewhere_soon_too() {
    let gate = Arc::new(Semaphore::new(0));
    let (_, [here, elsewhere]) = pair(&gated(&gate));
    let cx = resuming();
    let (turn, mut reader) = here.begin(create("hi"), &cx).await;
    let seen = read_until(&mut reader, is_delta).await;
    let begun = Instant::now();
    let mut other = elsewhere.service.events(&cx, &turn, None).await.unwrap();
    assert_eq!(read_until(&mut other, is_delta).await, seen);
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    // Nothing comes for so long that it looks as seldom as it ever does.
    let nothing = tokio::time::timeout(Duration::from_secs(20), other.next()).await;
    assert!(nothing.is_err());
    let begun = Instant::now();
    gate.add_permits(1);
    let rest = read_all(&mut other).await;
    assert!(
        begun.elapsed() < Duration::from_millis(1_500),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(rest, read_all(&mut reader).await);
}
