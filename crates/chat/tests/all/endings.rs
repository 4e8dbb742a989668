//! How turns end when something is in the way: a caller that left, a deadline, a store that hesitates, too much text.

use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_chat::{OnDisconnect, Options, Parts, Service};
use frontdesk_store::{EventId, TurnStatus};
use futures_util::FutureExt;

use crate::desk::{
    Answering, Desk, PATIENCE, add, answering, begin_message, create, delta, event, hanging,
    is_delta, kinds, plain, read_all, read_until, resuming, thread_of,
};
use crate::faulty::{Faulty, desk};

#[tokio::test]
async fn a_caller_that_leaves_while_its_turn_begins_leaves_nothing_half_done() {
    let store = Faulty::new(1_000);
    let desk = desk(&store, hanging());
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    desk.service.stop(&resuming(), &turn).await.unwrap();
    store.begins.close_gate();
    {
        let cx = plain();
        let mut asking = Box::pin(desk.ask(add(&thread, "and then?"), &cx));
        for _ in 0..100 {
            assert!((&mut asking).now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    }
    store.begins.open_gate();
    // The turn that nobody reads stops by itself, and the thread takes the next message.
    let (_, mut reader) = desk.begin(add(&thread, "again"), &resuming()).await;
    read_until(&mut reader, is_delta).await;
}

#[tokio::test(start_paused = true)]
async fn a_deadline_keeps_what_was_seen() {
    let store = Faulty::new(1_000);
    let parts = Parts {
        store: store.clone(),
        maintenance: store.clone(),
        wakeups: store.clone(),
        responder: hanging(),
        uploads: None,
        clock: std::sync::Arc::new(frontdesk_clock::SystemClock),
        ids: std::sync::Arc::new(frontdesk_clock::RandomIds),
        options: Options {
            turn_deadline: Duration::from_secs(3),
            ..Options::default()
        },
    };
    let desk = Desk {
        service: Service::new(parts),
        store,
    };
    let (turn, mut reader) = desk.begin(create("hi"), &plain()).await;
    let frames = read_all(&mut reader).await;
    assert_eq!(kinds(&frames)[6..], ["thread.item.done", "error"]);
    let items = desk.items(&thread_of(&frames), &plain()).await;
    assert_eq!(items[1]["content"][0]["text"], "one two");
    let record = desk
        .store
        .turn(&plain().scope(), &turn)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.status, TurnStatus::Failed);
}

#[tokio::test]
async fn a_store_that_hesitates_at_a_stop_loses_nothing() {
    let store = Faulty::new(1_000);
    let desk = desk(&store, hanging());
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let seen = read_until(&mut reader, is_delta).await;
    store.fails.store(true, Ordering::SeqCst);
    let cx = resuming();
    let mut stop = Box::pin(desk.service.stop(&cx, &turn));
    assert!((&mut stop).now_or_never().is_none());
    while store.refused.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    store.fails.store(false, Ordering::SeqCst);
    tokio::time::timeout(PATIENCE, stop).await.unwrap().unwrap();
    assert_eq!(kinds(&read_all(&mut reader).await), ["thread.item.done"]);
    let items = desk.items(&thread_of(&seen), &plain()).await;
    assert_eq!(items[1]["content"][0]["text"], "one two");
    let record = desk.store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
    assert_eq!(record.status, TurnStatus::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_turn_whose_end_can_not_be_stored_ends_when_the_store_is_back() {
    let store = Faulty::new(1_000);
    store.fails.store(true, Ordering::SeqCst);
    let desk = desk(&store, answering());
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let mut plain_reader = desk.service.events(&plain(), &turn, None).await.unwrap();
    let mut told = Vec::new();
    while let Some(next) = plain_reader.next().await {
        told.extend(next);
    }
    let last = told.last().unwrap();
    assert_eq!(
        (event(last)["type"].as_str(), last.id),
        (Some("error"), None)
    );
    assert!(
        told.iter()
            .all(|frame| !String::from_utf8_lossy(&frame.json).contains("secret"))
    );
    let scope = plain().scope();
    let record = desk.store.turn(&scope, &turn).await.unwrap().unwrap();
    assert_eq!(record.ended_at, None);

    store.fails.store(false, Ordering::SeqCst);
    let frames = read_all(&mut reader).await;
    let record = desk.store.turn(&scope, &turn).await.unwrap().unwrap();
    assert_eq!(record.status, TurnStatus::Interrupted);
    let errors = frames
        .iter()
        .filter(|frame| event(frame)["type"] == "error");
    let errors: Vec<_> = errors.map(|error| error.id.unwrap().attempt).collect();
    assert_eq!(errors, [record.attempt]);
}

#[tokio::test(start_paused = true)]
async fn who_resumes_reads_on_to_the_end_that_could_not_be_stored_for_long() {
    let store = Faulty::new(1_000);
    let desk = desk(&store, hanging());
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let seen = read_until(&mut reader, is_delta).await;
    let mut plain_reader = desk.service.events(&plain(), &turn, None).await.unwrap();
    read_until(&mut plain_reader, is_delta).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    store.fails.store(true, Ordering::SeqCst);
    desk.service.stop(&resuming(), &turn).await.unwrap();
    // It is told so, for it can't come back.
    let told = read_all(&mut plain_reader).await;
    assert_eq!((kinds(&told), told[0].id), (vec!["error".to_owned()], None));
    store.fails.store(false, Ordering::SeqCst);
    let rest = read_all(&mut reader).await;
    assert_eq!(kinds(&rest), ["thread.item.done"]);
    let items = desk.items(&thread_of(&seen), &plain()).await;
    assert_eq!(event(&rest[0])["item"], items[1]);
    let record = desk.store.turn(&plain().scope(), &turn).await.unwrap();
    let record = record.unwrap();
    assert_eq!((record.status, record.attempt), (TurnStatus::Stopped, 2));
}

#[tokio::test]
async fn a_failed_turn_takes_back_what_it_left_open_from_those_who_expect_it() {
    let fails = || {
        Answering::with(|turn, _| {
            Box::pin(async move {
                let id = begin_message(turn).await?;
                delta(turn, &id, "half").await?;
                Err(frontdesk_chat::TurnError::other("a fault"))
            })
        })
    };
    for (cx, ends) in [
        (plain(), vec!["error"]),
        (resuming(), vec!["thread.item.removed", "error"]),
    ] {
        let desk = Desk::new(fails());
        let (_, mut reader) = desk.begin(create("hi"), &cx).await;
        let frames = read_all(&mut reader).await;
        assert_eq!(kinds(&frames)[5..], ends);
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_says_so() {
    let store = Faulty::new(1_000);
    let endless = Answering::with(|turn, _| {
        Box::pin(async move {
            let id = begin_message(turn).await?;
            loop {
                delta(turn, &id, &"x".repeat(1 << 20)).await?;
                tokio::task::yield_now().await;
            }
        })
    });
    let desk = Desk::over(store.clone(), store, endless, OnDisconnect::Auto);
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let frames = read_all(&mut reader).await;
    let last = event(frames.last().unwrap());
    assert_eq!(last["type"], "error");
    assert!(
        last["message"].as_str().unwrap().contains("too long"),
        "{last}"
    );
    let record = desk
        .store
        .turn(&plain().scope(), &turn)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.status, TurnStatus::Failed);
}

#[tokio::test]
async fn a_log_that_is_gone_sends_the_reader_to_the_thread() {
    let desk = Desk::new(answering());
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let frames = read_all(&mut reader).await;
    let message = event(&frames[1])["item"]["id"].clone();
    let retry = serde_json::json!({
        "type": "threads.retry_after_item",
        "params": {"thread_id": thread_of(&frames), "item_id": message},
    });
    let (_, mut reader) = desk.begin(retry, &resuming()).await;
    read_all(&mut reader).await;
    let late = async |after: Option<EventId>| {
        let reader = desk.service.events(&resuming(), &turn, after).await;
        read_all(&mut reader.unwrap()).await
    };
    let told = late(frames[3].id).await;
    assert_eq!(kinds(&told), ["frontdesk.reload"]);
    // Who comes back after that isn't told again.
    assert!(told[0].id > frames.last().unwrap().id);
    assert_eq!(late(told[0].id).await, []);
}

#[tokio::test]
async fn an_answer_that_the_store_refused_for_a_moment_is_kept() {
    let store = Faulty::new(1_000);
    let desk = desk(&store, answering());
    store.fails.store(true, Ordering::SeqCst);
    let (_, mut reader) = desk.begin(create("hi"), &plain()).await;
    let seen = read_until(&mut reader, |event| event["update"]["delta"] == "done").await;
    while store.refused.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    store.fails.store(false, Ordering::SeqCst);
    assert_eq!(kinds(&read_all(&mut reader).await), ["thread.item.done"]);
    let items = desk.items(&thread_of(&seen), &plain()).await;
    assert_eq!(items[1]["content"][0]["text"], "done");
}
