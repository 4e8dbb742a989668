//! The caller's own credential: it travels with a turn, is renewed by later requests, and is seen nowhere.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_agent::{
    Agent, Agents, FunctionTools, NoArguments, ToolContext, ToolError, function_tool,
};
use frontdesk_chat::assistant::{Assistant, TurnContext};
use frontdesk_chat::{
    Client, Frame, Options, RequestContext, Responder, Turn, TurnError, Unfinished, WhenBusy,
};
use frontdesk_identity::{Credential, Credentials, Secret};
use frontdesk_model::{Error, ErrorKind, Model};
use frontdesk_protocol::{ThreadEvent, UserMessageItem};
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{EventId, Maintenance, TurnStatus, Turns};
use serde_json::json;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::Instant;

use crate::desk::{
    Answering, Desk, PATIENCE, add, begin_message, context, create, delta, finish_message,
    is_delta, read_all, read_until, thread_of,
};
use crate::model::{Told, calls, says};
use crate::process::{options, service};

const CANARY: &str = "eyJ-canary-7c1d";

fn signed_in(user: &str, token: &str, expires_at: i64) -> RequestContext {
    let credentials = Credentials::new(Credential {
        token: Secret::new(token),
        audiences: vec!["frontdesk".to_owned()],
        expires_at: Some(expires_at),
    });
    RequestContext {
        credentials,
        ..context("default", user, Client::Resuming)
    }
}

#[tokio::test]
async fn a_later_request_renews_what_runs_already() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let look = Arc::new(Notify::new());
    let responder = Answering::with({
        let look = Arc::clone(&look);
        move |turn, _| {
            let (tell, look) = (tell.clone(), Arc::clone(&look));
            Box::pin(async move {
                let id = begin_message(turn).await?;
                delta(turn, &id, "two").await?;
                loop {
                    look.notified().await;
                    let current = turn.context().credentials.current();
                    let token = current.map(|credential| credential.token.expose().to_owned());
                    tell.send(token).unwrap();
                }
            })
        }
    });
    let desk = Desk::new(responder);
    let first = signed_in("dev", "first", 100);
    let (turn, mut reader) = desk.begin(create("hi"), &first).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    let mut seen = async || {
        look.notify_one();
        let token = tokio::time::timeout(PATIENCE, told.recv()).await;
        token.unwrap().unwrap()
    };
    assert_eq!(seen().await.as_deref(), Some("first"));

    let get = json!({"type": "threads.get_by_id", "params": {"thread_id": thread}});
    let events = async |cx: &RequestContext| {
        drop(desk.service.events(cx, &turn, None::<EventId>).await);
    };
    events(&signed_in("dev", "second", 200)).await;
    assert_eq!(seen().await.as_deref(), Some("second"));
    assert_eq!(
        desk.refused(add(&thread, "more"), &signed_in("dev", "third", 300))
            .await,
        409
    );
    assert_eq!(seen().await.as_deref(), Some("third"));
    desk.json(get.clone(), &signed_in("dev", "fourth", 400))
        .await;
    assert_eq!(seen().await.as_deref(), Some("fourth"));

    // One that runs out sooner, one without any, and those of others change nothing.
    events(&signed_in("dev", "older", 150)).await;
    events(&context("default", "dev", Client::Resuming)).await;
    let stranger = signed_in("other", "theirs", 900);
    events(&stranger).await;
    assert_eq!(desk.refused(get, &stranger).await, 404);
    assert_eq!(
        desk.service
            .stop(&stranger, &turn)
            .await
            .unwrap_err()
            .status(),
        404
    );
    assert_eq!(seen().await.as_deref(), Some("fourth"));

    let kept = first.credentials.current().unwrap();
    assert_eq!(
        kept.token.expose(),
        "first",
        "the request's own stays as it was"
    );
    desk.service.stop(&first, &turn).await.unwrap();
}

/// Goes on with the token that somebody brings, or gives up waiting for it.
#[derive(Debug)]
struct Needing {
    waits: Semaphore,
    patience: Duration,
}

#[async_trait]
impl Responder for Needing {
    async fn respond(&self, turn: &mut Turn, _: Option<UserMessageItem>) -> Result<(), TurnError> {
        turn.emit(ThreadEvent::progress("two")).await?;
        std::future::pending().await
    }

    async fn go_on(&self, turn: &mut Turn, _: Unfinished) -> Result<(), TurnError> {
        let credentials = turn.context().credentials.clone();
        let had_one = credentials.is_awaited();
        self.waits.add_permits(1);
        let begun = Instant::now();
        while credentials.is_awaited() && begun.elapsed() < self.patience {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        credentials.miss();
        if credentials.was_missed() {
            return std::future::pending().await;
        }
        let token = credentials.current().map(|held| held.token);
        let told = format!("{had_one} {:?}", token.map(|token| token.expose().len()));
        let id = begin_message(turn).await?;
        finish_message(turn, id, &told).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_was_taken_over_waits_for_the_credential_of_the_next_request() {
    let bare = context("default", "dev", Client::Resuming);
    let cases = [
        (signed_in("dev", "first", 100), true, "true Some(6)"),
        (signed_in("dev", "first", 100), false, "interrupted"),
        (bare, true, "false None"),
    ];
    for (cx, brings, expected) in cases {
        let store = Arc::new(MemoryStore::new());
        let needing = Arc::new(Needing {
            waits: Semaphore::new(0),
            patience: Duration::from_secs(20),
        });
        let first = Desk {
            service: service(&store, needing.clone(), options()),
            store: store.clone(),
        };
        let (turn, mut reader) = first.begin(create("hi"), &cx).await;
        read_until(&mut reader, |event| event["text"] == "two").await;
        store.release_all().await.unwrap();
        let second = service(&store, needing.clone(), options());
        let refused = second.events(&stranger(), &turn, None).await;
        assert!(refused.is_err(), "it is another's");
        needing.waits.acquire().await.unwrap().forget();
        let later = if brings {
            signed_in("dev", "second", 200)
        } else {
            context("default", "dev", Client::Resuming)
        };
        let mut reader = second.events(&later, &turn, None).await.unwrap();
        let frames = read_all(&mut reader).await;
        let last = frames.last().unwrap();
        let text = String::from_utf8_lossy(&last.json).into_owned();
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waits_for_a_turn_that_was_taken_over_brings_it_its_credential() {
    let store = Arc::new(MemoryStore::new());
    let needing = Arc::new(Needing {
        waits: Semaphore::new(0),
        patience: Duration::from_secs(20),
    });
    let desk = |when_busy| Desk {
        service: service(
            &store,
            needing.clone(),
            Options {
                when_busy,
                ..options()
            },
        ),
        store: store.clone(),
    };
    let cx = signed_in("dev", "first", 100);
    let first = desk(WhenBusy::Refuse);
    let (turn, mut reader) = first.begin(create("hi"), &cx).await;
    let thread = thread_of(&read_until(&mut reader, |event| event["text"] == "two").await);
    store.release_all().await.unwrap();
    let later = signed_in("dev", "second", 200);
    let second = desk(WhenBusy::Wait);
    let (_, _reader) = second.begin(add(&thread, "more"), &later).await;
    let record = store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
    assert_eq!((record.status, record.attempt), (TurnStatus::Done, 2));
}

fn stranger() -> RequestContext {
    signed_in("other", "theirs", 900)
}

async fn with_token(_: NoArguments, cx: ToolContext<TurnContext>) -> Result<String, ToolError> {
    let current = cx.credentials.current();
    let length = current.map_or(0, |credential| credential.token.expose().len());
    assert_eq!(length, CANARY.len(), "the tool has the token");
    Err(ToolError::plain(format!("{cx:?} {:?}", cx.context)))
}

#[tokio::test]
async fn check_21_no_token_is_in_items_events_errors_or_the_store() {
    let broken = vec![Err(Error::new(ErrorKind::Unauthorized, "401"))];
    let model = Told::new([calls(&["with_token"]), says("Done."), broken]);
    let mut agent = Agent::new("assistant", "", model.clone() as Arc<dyn Model>);
    let tools = vec![function_tool("with_token", "Uses the token.", with_token)];
    agent
        .toolsets
        .push(Arc::new(FunctionTools::new("keys", tools)));
    let desk = Desk::new(Arc::new(Assistant::new(Agents::of(agent))));
    let cx = signed_in("dev", CANARY, i64::MAX);
    let mut seen: Vec<Frame> = Vec::new();
    let (turn, mut reader) = desk.begin(create("Use it."), &cx).await;
    seen.extend(read_all(&mut reader).await);
    let thread = thread_of(&seen);
    let (_, mut reader) = desk.begin(add(&thread, "Fail."), &cx).await;
    seen.extend(read_all(&mut reader).await);
    let mut resumed = desk.service.events(&cx, &turn, None).await.unwrap();
    seen.extend(read_all(&mut resumed).await);

    let mut texts: Vec<String> = seen
        .iter()
        .map(|frame| String::from_utf8_lossy(&frame.json).into_owned())
        .collect();
    let nowhere = json!({"type": "threads.get_by_id", "params": {"thread_id": "thr_nowhere"}});
    let refused = desk.ask(nowhere, &cx).await.err().unwrap();
    texts.push(format!("{refused} {refused:?} {:?}", refused.detail()));
    texts.push(format!("{:?}", desk.items(&thread, &cx).await));
    texts.push(format!("{:?}", desk.store));
    texts.push(format!("{:?}", model.asked.lock().unwrap()));
    texts.push(format!("{cx:?} {cx:#?} {:?}", cx.credentials));
    for text in &texts {
        assert!(!text.contains(CANARY), "{text}");
    }
    let all = texts.join("\n");
    assert!(
        all.contains("credentials: Credentials"),
        "the tool printed its context"
    );
}
