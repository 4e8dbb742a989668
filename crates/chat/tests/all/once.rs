//! A request that is sent twice with the same key begins one turn.

use std::sync::Arc;

use frontdesk_chat::{Client, Processes, Reply, RequestContext};
use frontdesk_clock::{Clock, SystemClock};
use frontdesk_protocol::ThreadId;
use frontdesk_store::Maintenance;
use frontdesk_store::memory::MemoryStore;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::busy::gated;
use crate::desk::{
    Desk, add, answering, context, create, event, is_delta, kinds, read_all, read_until, resuming,
    thread_of,
};

fn keyed(cx: RequestContext, key: &str) -> RequestContext {
    RequestContext {
        idempotency_key: Some(key.to_owned()),
        ..cx
    }
}

#[tokio::test]
async fn a_key_begins_one_turn_per_owner_and_request() {
    let desk = Desk::new(answering());
    let cx = keyed(resuming(), "k-1");
    let (first, mut reader) = desk.begin(create("hi"), &cx).await;
    let whole = read_all(&mut reader).await;
    let thread = thread_of(&whole);
    // The same again, also after the end: the same turn, from its beginning.
    let (again, mut reader) = desk.begin(create("hi"), &cx).await;
    assert_eq!(again, first);
    assert_eq!(read_all(&mut reader).await, whole);
    // The key with anything else, or anything else with it.
    for (request, cx, expected) in [
        (create("ho"), cx.clone(), Err(422)),
        (add(&thread, "hi"), cx.clone(), Err(422)),
        (create("hi"), keyed(resuming(), "k-2"), Ok(())),
        (create("hi"), resuming(), Ok(())),
        (
            create("hi"),
            keyed(context("default", "eve", Client::Resuming), "k-1"),
            Ok(()),
        ),
        (
            create("hi"),
            keyed(context("other", "dev", Client::Resuming), "k-1"),
            Ok(()),
        ),
    ] {
        let began = match desk.ask(request, &cx).await {
            Ok(Reply::Stream { turn, .. }) => {
                assert_ne!(turn, Some(first.clone()));
                Ok(())
            }
            Ok(_) => panic!("no stream"),
            Err(error) => Err(error.status()),
        };
        assert_eq!(began, expected);
    }
    // What begins no turn needs no key.
    let get = json!({"type": "threads.get_by_id", "params": {"thread_id": thread}});
    assert_eq!(desk.json(get, &cx).await["id"], json!(thread));
    // The thread is gone, and with it what the key stood for.
    let delete = json!({"type": "threads.delete", "params": {"thread_id": thread}});
    desk.json(delete, &cx).await;
    let (anew, _reader) = desk.begin(create("hi"), &cx).await;
    assert_ne!(anew, first);
}

#[tokio::test]
async fn what_was_done_already_is_joined_and_not_refused() {
    let gate = Arc::new(Semaphore::new(9));
    let desk = Desk::new(gated(&gate));
    let (_, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let thread = thread_of(&read_all(&mut reader).await);
    let said = &desk.items(&thread, &resuming()).await[0]["id"];
    let mut edit = add(&thread, "ho");
    edit["params"]["replaces"] = said.clone();
    let cx = keyed(resuming(), "edit");
    let (first, mut reader) = desk.begin(edit.clone(), &cx).await;
    let whole = read_all(&mut reader).await;
    let (again, mut reader) = desk.begin(edit, &cx).await;
    assert_eq!((again, read_all(&mut reader).await), (first, whole));
}

#[tokio::test]
async fn when_the_log_was_dropped_the_turn_is_told_in_short() {
    let store = Arc::new(MemoryStore::new());
    let desk = Desk::made_of(store.clone(), store.clone(), answering(), |_| {});
    let cx = keyed(resuming(), "k");
    let (turn, mut reader) = desk.begin(create("hi"), &cx).await;
    let thread = thread_of(&read_all(&mut reader).await);
    let second = keyed(resuming(), "k-2");
    let (_, mut reader) = desk.begin(add(&thread, "more"), &second).await;
    read_all(&mut reader).await;
    let hour = jiff::SignedDuration::from_hours(1);
    let later = SystemClock.now().checked_add(hour).unwrap();
    assert_eq!(store.drop_logs(later).await.unwrap(), 2);
    let items = desk.items(&thread, &cx).await;
    let told = |cx: RequestContext, request: Value| {
        let desk = &desk;
        async move {
            let (turn, mut reader) = desk.begin(request, &cx).await;
            let frames = read_all(&mut reader).await;
            let done: Vec<Value> = frames
                .iter()
                .map(|frame| event(frame)["item"].clone())
                .filter(|item| !item.is_null())
                .collect();
            (turn, kinds(&frames), done)
        }
    };
    let (again, kinds, done) = told(cx, create("hi")).await;
    assert_eq!(again, turn);
    let begun = ["thread.created", "thread.item.done", "thread.item.done"];
    assert_eq!(kinds, begun);
    assert_eq!(done, items[..2]);
    let (_, kinds, done) = told(second, add(&thread, "more")).await;
    assert_eq!(kinds, ["thread.item.done", "thread.item.done"]);
    assert_eq!(done, items[2..]);
}

/// Two processes get the same request in the same moment.
#[tokio::test]
async fn of_two_equal_requests_at_once_one_begins_a_turn_and_both_get_it() {
    let new_thread: fn(&ThreadId) -> Value = |_| create("hi");
    let message: fn(&ThreadId) -> Value = |thread| add(thread, "hi");
    for (key, request) in [
        (Some("k"), new_thread),
        (Some("k"), message),
        (None, message),
    ] {
        let gate = Arc::new(Semaphore::new(1));
        let store = Arc::new(MemoryStore::new());
        let desk = || {
            Desk::made_of(store.clone(), store.clone(), gated(&gate), |parts| {
                parts.options.processes = Processes::Many;
            })
        };
        let (one, two) = (desk(), desk());
        let (_, mut reader) = one.begin(create("first"), &resuming()).await;
        let request = request(&thread_of(&read_all(&mut reader).await));
        let cx = key.map_or_else(resuming, |key| keyed(resuming(), key));
        let ((first, mut a), (second, mut b)) =
            tokio::join!(one.begin(request.clone(), &cx), two.begin(request, &cx));
        assert_eq!(first, second, "{key:?}");
        let seen = read_until(&mut a, is_delta).await;
        gate.add_permits(1);
        let rest = read_all(&mut a).await;
        let whole: Vec<_> = seen.into_iter().chain(rest).collect();
        assert_eq!(read_all(&mut b).await, whole);
    }
}
