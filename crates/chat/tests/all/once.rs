//! A request that is sent twice with the same key begins one turn.

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_chat::{
    ChatError, Client, NewUpload, Processes, Reply, RequestContext, Uploads, WhenBusy,
};
use frontdesk_clock::{Clock, SystemClock};
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, ThreadId};
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{Items, Maintenance, TurnStatus};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::busy::gated;
use crate::desk::{
    Desk, add, answering, context, create, event, is_delta, kinds, read_all, read_until, resuming,
    thread_of,
};
use crate::faulty::Faulty;

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

/// Shows each image at an address of its own.
struct Gallery;

#[async_trait]
impl Uploads for Gallery {
    async fn create(&self, upload: NewUpload, _: &RequestContext) -> Result<Attachment, ChatError> {
        let made = json!({"type": "image", "id": upload.id, "name": upload.name, "mime_type": upload.mime_type, "preview_url": ""});
        Ok(serde_json::from_value(made).unwrap())
    }

    fn show(&self, attachment: &mut Attachment, _: &Scope) {
        if let Attachment::Image(image) = attachment {
            image.preview_url = format!("https://images.example/{}", image.id);
        }
    }

    async fn delete(&self, _: &Attachment, _: &RequestContext) -> Result<(), ChatError> {
        Ok(())
    }
}

#[tokio::test]
async fn when_the_log_was_dropped_the_turn_is_told_in_short() {
    let store = Arc::new(MemoryStore::new());
    let desk = Desk::made_of(store.clone(), store.clone(), answering(), |parts| {
        parts.uploads = Some(Arc::new(Gallery));
    });
    let cx = keyed(resuming(), "k");
    let params = json!({"name": "red.png", "size": 1, "mime_type": "image/png"});
    let image = json!({"type": "attachments.create", "params": params});
    let image = desk.json(image, &cx).await["id"].clone();
    let mut request = create("hi");
    request["params"]["input"]["attachments"] = json!([image]);
    let (turn, mut reader) = desk.begin(request.clone(), &cx).await;
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
    let address = format!("https://images.example/{}", image.as_str().unwrap());
    // The second time, more was said since than a page of the thread has.
    for more in 0..2 {
        let (again, kinds, done) = told(cx.clone(), request.clone()).await;
        assert_eq!(again, turn);
        let begun = ["thread.created", "thread.item.done", "thread.item.done"];
        assert_eq!(kinds, begun, "{more}");
        assert_eq!(done, items[..2]);
        assert_eq!(done[0]["attachments"][0]["preview_url"], json!(address));
        let said = items.last().unwrap();
        let seeded = (0..600).map(|number| {
            let mut item = said.clone();
            item["id"] = json!(format!("msg_{number}"));
            serde_json::from_value(item).unwrap()
        });
        let scope = cx.scope();
        let seeded = store.put_items(&scope, &thread, seeded.collect()).await;
        assert!(seeded.unwrap());
    }
    let (_, kinds, done) = told(second, add(&thread, "more")).await;
    assert_eq!(kinds, ["thread.item.done", "thread.item.done"]);
    assert_eq!(done, items[2..]);
}

/// What was begun with a key is known by it only when it is refused.
#[tokio::test]
async fn a_new_key_costs_nothing() {
    let store = Faulty::new(9);
    let desk = Desk::made_of(store.clone(), store.clone(), answering(), |_| {});
    let [one, two] = ["k-1", "k-2"].map(|key| keyed(resuming(), key));
    let (_, mut reader) = desk.begin(create("hi"), &one).await;
    let thread = thread_of(&read_all(&mut reader).await);
    let message = add(&thread, "more");
    let (turn, mut reader) = desk.begin(message.clone(), &two).await;
    read_all(&mut reader).await;
    assert_eq!(store.calls.made("turn_of_key"), 0);
    let (again, _reader) = desk.begin(message, &two).await;
    assert_eq!((again, store.calls.made("turn_of_key")), (turn, 1));
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_before_waits_for_nothing_and_stops_nothing() {
    for when_busy in [WhenBusy::Refuse, WhenBusy::Wait, WhenBusy::Stop] {
        let gate = Arc::new(Semaphore::new(1));
        let desk = Desk::built(gated(&gate), |parts| parts.options.when_busy = when_busy);
        let (_, mut reader) = desk.begin(create("hi"), &resuming()).await;
        let thread = thread_of(&read_all(&mut reader).await);
        gate.add_permits(1);
        let cx = keyed(resuming(), "k");
        let (first, mut reader) = desk.begin(add(&thread, "one"), &cx).await;
        let whole = read_all(&mut reader).await;
        let (second, mut reader) = desk.begin(add(&thread, "two"), &resuming()).await;
        read_until(&mut reader, is_delta).await;
        let begun = Instant::now();
        let (again, mut reader) = desk.begin(add(&thread, "one"), &cx).await;
        assert_eq!((again, read_all(&mut reader).await), (first, whole));
        assert_eq!(desk.refused(add(&thread, "three"), &cx).await, 422);
        assert!(begun.elapsed().is_zero(), "{when_busy:?}");
        let record = desk.store.turn(&cx.scope(), &second).await;
        let status = record.unwrap().unwrap().status;
        assert_eq!(status, TurnStatus::Running, "{when_busy:?}");
    }
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
