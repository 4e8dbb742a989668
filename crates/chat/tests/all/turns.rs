//! One turn per thread, stopping, deleting, dying, shutting down.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_chat::{Client, OnDisconnect, Reply};
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{EventId, TurnStatus, Turns};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::desk::{
    Answering, Desk, PATIENCE, add, answering, begin_message, context, create, delta, event,
    finish_message, hanging, is_delta, kinds, plain, read_all, read_until, resuming, thread_of,
};

#[tokio::test]
async fn a_second_message_is_refused_while_an_answer_runs() {
    let desk = Desk::new(hanging());
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    assert_eq!(desk.refused(add(&thread, "again"), &resuming()).await, 409);
    let items = desk.items(&thread, &plain()).await;
    assert_eq!(items.len(), 1, "the refused message was stored: {items:?}");
    desk.service.stop(&resuming(), &turn).await.unwrap();
    let (_, mut reader) = desk.begin(add(&thread, "again"), &resuming()).await;
    read_until(&mut reader, is_delta).await;
}

#[tokio::test]
async fn stop_keeps_what_the_reader_saw_and_is_idempotent() {
    let desk = Desk::new(hanging());
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    desk.service.stop(&resuming(), &turn).await.unwrap();
    let rest = read_all(&mut reader).await;
    assert_eq!(kinds(&rest), ["thread.item.done"]);
    assert_eq!(event(&rest[0])["item"]["content"][0]["text"], "one two");
    assert_eq!(
        desk.items(&thread, &plain()).await[1],
        event(&rest[0])["item"]
    );
    desk.service.stop(&resuming(), &turn).await.unwrap();
    let record = desk
        .store
        .turn(&plain().scope(), &turn)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.status, TurnStatus::Stopped);
}

#[tokio::test]
async fn a_message_that_meets_a_turn_that_was_left_waits_for_its_stop() {
    let desk = Desk::new(hanging());
    let (first, mut reader) = desk.begin(create("hi"), &plain()).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    drop(reader);
    let (_, mut reader) = desk.begin(add(&thread, "again"), &plain()).await;
    read_until(&mut reader, is_delta).await;
    let record = desk
        .store
        .turn(&plain().scope(), &first)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.status, TurnStatus::Stopped);
}

#[tokio::test]
async fn who_goes_away_decides_whether_the_turn_goes_on() {
    let cases = [
        (OnDisconnect::Auto, Client::Plain, true, true),
        (OnDisconnect::Auto, Client::Resuming, false, true),
        (OnDisconnect::Stop, Client::Resuming, true, true),
        (OnDisconnect::Continue, Client::Plain, false, false),
        (OnDisconnect::Continue, Client::Resuming, false, true),
    ];
    for (policy, client, stops, may_cancel) in cases {
        let desk = Desk::with(hanging(), policy);
        let cx = context("default", "dev", client);
        let (turn, mut reader) = desk.begin(create("hi"), &cx).await;
        let frames = read_until(&mut reader, is_delta).await;
        assert_eq!(
            event(&frames[2])["stream_options"]["allow_cancel"],
            may_cancel,
            "{policy:?} {client:?}"
        );
        let thread = thread_of(&frames);
        drop(reader);
        let running = desk.store.running_turn(&cx.scope(), &thread).await.unwrap();
        let again = desk.ask(add(&thread, "again"), &cx).await;
        assert_eq!(again.is_ok(), stops, "{policy:?} {client:?} {running:?}");
        drop(again);
        desk.service.stop(&cx, &turn).await.unwrap();
    }
}

#[tokio::test]
async fn deleting_a_thread_stops_its_turn_and_nothing_comes_back() {
    let desk = Desk::new(hanging());
    let cx = resuming();
    let (turn, mut reader) = desk.begin(create("hi"), &cx).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    let delete = json!({"type": "threads.delete", "params": {"thread_id": thread}});
    assert_eq!(desk.json(delete.clone(), &cx).await, json!({}));
    assert_eq!(kinds(&read_all(&mut reader).await), ["error"]);
    assert_eq!(desk.refused(delete, &cx).await, 404);
    assert_eq!(desk.store.turn(&cx.scope(), &turn).await.unwrap(), None);
}

#[tokio::test]
async fn a_thread_names_its_running_turn() {
    let desk = Desk::new(hanging());
    let cx = resuming();
    let (turn, mut reader) = desk.begin(create("hi"), &cx).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    let get = json!({"type": "threads.get_by_id", "params": {"thread_id": thread}});
    let named = |reply| match reply {
        Ok(Reply::Json { turn, .. }) => turn,
        _ => panic!("no JSON"),
    };
    assert_eq!(named(desk.ask(get.clone(), &cx).await), Some(turn.clone()));
    desk.service.stop(&cx, &turn).await.unwrap();
    assert_eq!(named(desk.ask(get, &cx).await), None);
}

#[tokio::test]
async fn a_turn_whose_process_died_is_told_at_the_next_read() {
    let store = Arc::new(MemoryStore::new());
    let cx = resuming();
    let dead = Desk::over(store.clone(), store.clone(), hanging(), OnDisconnect::Auto);
    let (turn, mut reader) = dead.begin(create("hi"), &cx).await;
    let seen = read_until(&mut reader, is_delta).await;
    let thread = thread_of(&seen);
    let last = seen.last().unwrap().id;
    let logged = async {
        while store
            .turn_log(&cx.scope(), &turn, None)
            .await
            .unwrap()
            .last()
            .is_none_or(|batch| batch.last_seq < last.unwrap().seq)
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, logged)
        .await
        .expect("the log is behind");

    // Another process with the same store: it knows nothing of the first one's turn.
    let desk = Desk::over(
        store.clone(),
        store.clone(),
        answering(),
        OnDisconnect::Auto,
    );
    assert_eq!(desk.recovered(&thread).await, 1);
    assert_eq!(desk.service.recover().await.unwrap(), 0);
    let record = store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
    assert_eq!(
        (record.status, record.attempt),
        (TurnStatus::Interrupted, 2)
    );

    // A reader who had seen more than the log has can't be told what to take back.
    let beyond = last.map(|id| EventId {
        seq: id.seq + 1,
        ..id
    });
    let mut reader = desk.service.events(&cx, &turn, beyond).await.unwrap();
    let kinds_beyond = kinds(&read_all(&mut reader).await);
    assert_eq!(
        kinds_beyond,
        ["frontdesk.reload", "thread.item.done", "error"]
    );

    let mut reader = desk.service.events(&cx, &turn, last).await.unwrap();
    let rest = read_all(&mut reader).await;
    assert_eq!(kinds(&rest), ["thread.item.done", "error"]);
    assert!(rest.iter().all(|frame| frame.id.unwrap().attempt == 2));
    let (done, error) = (event(&rest[0]), event(&rest[1]));
    assert_eq!(done["item"]["content"][0]["text"], "one two");
    assert_eq!(
        (&error["allow_retry"], &error["code"]),
        (&json!(true), &json!("custom"))
    );
    assert_eq!(desk.items(&thread, &cx).await[1], done["item"]);

    // The thread goes on, and what the first process still does changes nothing.
    let (_, mut reader) = desk.begin(add(&thread, "again"), &cx).await;
    read_all(&mut reader).await;
    dead.service.stop(&cx, &turn).await.unwrap();
    let texts: Vec<String> = desk
        .items(&thread, &cx)
        .await
        .iter()
        .map(|item| item["content"][0]["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts, ["hi", "one two", "again", "done"]);
}

#[tokio::test]
async fn shutting_down_ends_what_plain_clients_read_as_interrupted() {
    let desk = Desk::new(hanging());
    let cx = plain();
    let (turn, mut reader) = desk.begin(create("hi"), &cx).await;
    read_until(&mut reader, is_delta).await;
    let shutdown = desk.service.shutdown(Duration::from_millis(1));
    tokio::time::timeout(PATIENCE, shutdown)
        .await
        .expect("shutting down hangs");
    assert_eq!(
        kinds(&read_all(&mut reader).await),
        ["thread.item.done", "error"]
    );
    let record = desk.store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
    assert_eq!(record.status, TurnStatus::Interrupted);
    assert_eq!(desk.refused(create("hi"), &cx).await, 503);
    assert!(desk.service.ready().await.is_err());
}

/// Says a message and changes what the thread keeps before its last part, or after it.
fn keeping(gate: &Arc<Semaphore>, is_last: bool) -> Arc<Answering> {
    let gate = Arc::clone(gate);
    Answering::with(move |turn, _| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            let id = begin_message(turn).await?;
            delta(turn, &id, "two").await?;
            gate.acquire().await.unwrap().forget();
            if is_last {
                finish_message(turn, id, "two").await?;
                turn.thread_mut()
                    .metadata
                    .insert("own".to_owned(), json!(1));
            } else {
                turn.thread_mut()
                    .metadata
                    .insert("own".to_owned(), json!(1));
                finish_message(turn, id, "two").await?;
            }
            Ok(())
        })
    })
}

#[tokio::test]
async fn a_thread_that_is_renamed_during_an_answer_is_shown_by_its_new_name() {
    for is_last in [false, true] {
        let gate = Arc::new(Semaphore::new(0));
        let desk = Desk::new(keeping(&gate, is_last));
        let (_, mut reader) = desk.begin(create("hi"), &resuming()).await;
        let thread = thread_of(&read_until(&mut reader, is_delta).await);
        let params = json!({"thread_id": thread, "title": "Mine"});
        let rename = json!({"type": "threads.update", "params": params});
        desk.json(rename, &plain()).await;
        gate.add_permits(1);
        let frames = read_all(&mut reader).await;
        let updated: Vec<_> = frames.iter().map(event).collect();
        let updated = updated
            .iter()
            .filter(|event| event["type"] == "thread.updated");
        let titles: Vec<_> = updated.map(|event| &event["thread"]["title"]).collect();
        assert_eq!(titles, ["Mine"]);
        let stored = desk.store.thread(&plain().scope(), &thread).await.unwrap();
        let stored = stored.unwrap();
        assert_eq!(stored.title.as_deref(), Some("Mine"));
        assert_eq!(stored.metadata["own"], 1);
    }
}
