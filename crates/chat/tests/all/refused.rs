//! What the store doesn't take, and logs that hold events twice.

use std::sync::Arc;

use frontdesk_chat::OnDisconnect;
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{LogBatch, Maintenance, TurnStatus, Turns};
use tokio::sync::Semaphore;

use crate::desk::{
    Answering, Desk, PATIENCE, answering, begin_message, create, delta, finish_message, hanging,
    is_delta, kinds, plain, read_all, read_until, resuming, thread_of,
};

/// More than a store takes as one item.
const TOO_MUCH: usize = 5 << 20;

#[tokio::test]
async fn a_refused_item_still_ends_the_turn() {
    let desk = Desk::new(Answering::with(|turn, _| {
        Box::pin(async move {
            let id = begin_message(turn).await?;
            let text = "x".repeat(TOO_MUCH);
            delta(turn, &id, &text).await?;
            finish_message(turn, id, &text).await
        })
    }));
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let frames = read_all(&mut reader).await;
    assert_eq!(kinds(&frames)[5..], ["thread.item.removed", "error"]);
    let record = desk
        .store
        .turn(&plain().scope(), &turn)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.status, TurnStatus::Failed);
}

#[tokio::test]
async fn a_refused_conclusion_is_taken_back() {
    let desk = Desk::new(Answering::with(|turn, _| {
        Box::pin(async move {
            let id = begin_message(turn).await?;
            delta(turn, &id, &"x".repeat(TOO_MUCH)).await?;
            std::future::pending().await
        })
    }));
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    read_until(&mut reader, |event| event["type"] == "thread.item.updated").await;
    desk.service.stop(&resuming(), &turn).await.unwrap();
    assert_eq!(
        kinds(&read_all(&mut reader).await),
        ["thread.item.removed", "error"]
    );
}

#[tokio::test]
async fn a_thread_that_is_deleted_just_as_its_answer_ends_is_told() {
    let gate = Arc::new(Semaphore::new(0));
    let responder = Answering::with({
        let gate = Arc::clone(&gate);
        move |turn, _| {
            let gate = Arc::clone(&gate);
            Box::pin(async move {
                let id = begin_message(turn).await?;
                delta(turn, &id, "two").await?;
                gate.acquire().await.unwrap().forget();
                Ok(())
            })
        }
    });
    let desk = Desk::new(responder);
    let (_, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let seen = read_until(&mut reader, is_delta).await;
    let deleted = desk
        .store
        .delete_thread(&plain().scope(), &thread_of(&seen))
        .await;
    assert!(deleted.unwrap());
    gate.add_permits(1);
    assert_eq!(kinds(&read_all(&mut reader).await), ["error"]);
}

#[tokio::test]
async fn recovery_counts_what_a_log_holds_twice_once() {
    let store = Arc::new(MemoryStore::new());
    let cx = resuming();
    let dead = Desk::over(store.clone(), store.clone(), hanging(), OnDisconnect::Auto);
    let (turn, mut reader) = dead.begin(create("hi"), &cx).await;
    let seen = read_until(&mut reader, is_delta).await;
    let last = seen.last().unwrap().id.unwrap().seq;
    let logged = async {
        loop {
            let log = store.turn_log(&cx.scope(), &turn, None).await.unwrap();
            if log.last().is_some_and(|batch| batch.last_seq == last) {
                return log;
            }
            tokio::task::yield_now().await;
        }
    };
    let log = tokio::time::timeout(PATIENCE, logged).await.unwrap();
    let events: Vec<u8> = log.iter().flat_map(|batch| batch.events.to_vec()).collect();
    let tail: Vec<u8> = events
        .split_inclusive(|byte| *byte == b'\n')
        .skip(4)
        .flatten()
        .copied()
        .collect();
    let whole = LogBatch {
        first_seq: 1,
        last_seq: last,
        events: events.into(),
        ..log[0].clone()
    };
    let again = LogBatch {
        first_seq: 5,
        last_seq: last,
        events: tail.into(),
        ..log[0].clone()
    };
    let batches = [whole, again].map(|batch| (cx.scope(), batch));
    store.append_logs(&batches).await.unwrap();

    let desk = Desk::over(
        store.clone(),
        store.clone(),
        answering(),
        OnDisconnect::Auto,
    );
    assert_eq!(desk.recovered(&thread_of(&seen)).await, 1);
    let items = desk.items(&thread_of(&seen), &cx).await;
    assert_eq!(items[1]["content"][0]["text"], "one two");
}
