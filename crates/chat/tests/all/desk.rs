//! A service over the in-memory store with an application made of one closure.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_chat::{
    ChatError, Client, Frame, Limits, OnDisconnect, Options, Page, Parts, Reply, RequestContext,
    Responder, Service, Turn, TurnError, TurnReader,
};
use frontdesk_clock::{RandomIds, SystemClock};
use frontdesk_identity::{Credentials, Principal, TenantId, UserId};
use frontdesk_protocol::{
    AssistantContent, AssistantMessageItem, ItemId, ItemUpdate, Map, Request, ThreadEvent,
    ThreadId, ThreadItem, UserMessageItem,
};
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{Maintenance, Store, TurnId, Wakeups};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

type Answer = dyn for<'a> Fn(&'a mut Turn, Option<UserMessageItem>) -> BoxFuture<'a, Result<(), TurnError>>
    + Send
    + Sync;

/// An application that answers with a closure.
pub(crate) struct Answering(Box<Answer>);

impl Answering {
    pub(crate) fn with<F>(answer: F) -> Arc<Self>
    where
        F: for<'a> Fn(
                &'a mut Turn,
                Option<UserMessageItem>,
            ) -> BoxFuture<'a, Result<(), TurnError>>
            + Send
            + Sync
            + 'static,
    {
        Arc::new(Self(Box::new(answer)))
    }
}

#[async_trait]
impl Responder for Answering {
    async fn respond(
        &self,
        turn: &mut Turn,
        input: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        (self.0)(turn, input).await
    }
}

/// The service under test.
pub(crate) struct Desk {
    pub(crate) service: Service,
    pub(crate) store: Arc<dyn Store>,
}

impl Desk {
    pub(crate) fn new(responder: Arc<dyn Responder>) -> Self {
        Self::with(responder, OnDisconnect::Auto)
    }

    pub(crate) fn with(responder: Arc<dyn Responder>, on_disconnect: OnDisconnect) -> Self {
        let store = Arc::new(MemoryStore::new());
        Self::over(store.clone(), store, responder, on_disconnect)
    }

    pub(crate) fn over(
        store: Arc<dyn Store>,
        upkeep: Arc<impl Maintenance + Wakeups + 'static>,
        responder: Arc<dyn Responder>,
        on_disconnect: OnDisconnect,
    ) -> Self {
        Self::made_of(store, upkeep, responder, |parts| {
            parts.options.on_disconnect = on_disconnect;
        })
    }

    pub(crate) fn limited(responder: Arc<dyn Responder>, limits: Limits) -> Self {
        Self::built(responder, |parts| parts.options.limits = limits)
    }

    /// Over a store in memory, with other parts than usual.
    pub(crate) fn built(responder: Arc<dyn Responder>, change: impl FnOnce(&mut Parts)) -> Self {
        let store = Arc::new(MemoryStore::new());
        Self::made_of(store.clone(), store, responder, change)
    }

    pub(crate) fn made_of(
        store: Arc<dyn Store>,
        upkeep: Arc<impl Maintenance + Wakeups + 'static>,
        responder: Arc<dyn Responder>,
        change: impl FnOnce(&mut Parts),
    ) -> Self {
        let mut parts = Parts {
            store: store.clone(),
            maintenance: upkeep.clone(),
            wakeups: upkeep,
            responder,
            uploads: None,
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            options: Options {
                log_interval: Duration::from_millis(5),
                ..Options::default()
            },
        };
        change(&mut parts);
        let service = Service::new(parts);
        Self { service, store }
    }

    pub(crate) async fn ask(
        &self,
        request: Value,
        cx: &RequestContext,
    ) -> Result<Reply, ChatError> {
        let request = Request::parse(&serde_json::to_vec(&request).unwrap())?;
        self.service.handle(request, cx.clone()).await
    }

    /// Begins a turn.
    pub(crate) async fn begin(&self, request: Value, cx: &RequestContext) -> (TurnId, TurnReader) {
        match self.ask(request, cx).await {
            Ok(Reply::Stream {
                turn: Some(turn),
                reader,
            }) => (turn, reader),
            Ok(_) => panic!("no stream"),
            Err(error) => panic!("{error}: {:?}", error.detail()),
        }
    }

    /// Takes up what other processes left running in the store, and waits until it has ended in this thread; answers
    /// with how many turns that were.
    pub(crate) async fn recovered(&self, thread: &ThreadId) -> usize {
        let taken = self.service.recover().await.unwrap();
        let cx = resuming();
        let running = self.store.running_turn(&cx.scope(), thread).await.unwrap();
        if let Some(turn) = running {
            read_all(&mut self.service.events(&cx, &turn, None).await.unwrap()).await;
        }
        taken
    }

    /// Asks for JSON.
    pub(crate) async fn json(&self, request: Value, cx: &RequestContext) -> Value {
        match self.ask(request, cx).await {
            Ok(Reply::Json { body, .. }) => serde_json::from_slice(&body).unwrap(),
            Ok(Reply::Stream { .. }) => panic!("a stream"),
            Err(error) => panic!("{error}: {:?}", error.detail()),
        }
    }

    /// Asks for something that is refused.
    pub(crate) async fn refused(&self, request: Value, cx: &RequestContext) -> u16 {
        match self.ask(request.clone(), cx).await {
            Ok(_) => panic!("was not refused: {request}"),
            Err(error) => error.status(),
        }
    }

    /// The thread's items as a client sees them, oldest first.
    pub(crate) async fn items(&self, thread: &ThreadId, cx: &RequestContext) -> Vec<Value> {
        let list = json!({"type": "items.list", "params": {"thread_id": thread, "order": "asc", "limit": 100}});
        self.json(list, cx).await["data"]
            .as_array()
            .unwrap()
            .clone()
    }
}

pub(crate) fn context(tenant: &str, user: &str, client: Client) -> RequestContext {
    let tenant = TenantId::new(tenant).unwrap();
    RequestContext {
        principal: Arc::new(Principal::new(tenant, UserId::new(user).unwrap())),
        credentials: Credentials::default(),
        request_id: "req_test".to_owned(),
        locale: None,
        client,
        idempotency_key: None,
        page: Page::default(),
    }
}

pub(crate) fn plain() -> RequestContext {
    context("default", "dev", Client::Plain)
}

pub(crate) fn resuming() -> RequestContext {
    context("default", "dev", Client::Resuming)
}

pub(crate) fn create(text: &str) -> Value {
    json!({"type": "threads.create", "params": {"input": input(text)}})
}

pub(crate) fn add(thread: &ThreadId, text: &str) -> Value {
    json!({"type": "threads.add_user_message", "params": {"thread_id": thread, "input": input(text)}})
}

pub(crate) fn input(text: &str) -> Value {
    json!({"content": [{"type": "input_text", "text": text}], "attachments": [], "inference_options": {}})
}

/// One event.
pub(crate) fn event(frame: &Frame) -> Value {
    serde_json::from_slice(&frame.json).unwrap()
}

/// Reads until an event is there for which the test is true; answers with all that was read.
pub(crate) async fn read_until(
    reader: &mut TurnReader,
    mut is_last: impl FnMut(&Value) -> bool,
) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    let read = async {
        loop {
            let next = reader.next().await.expect("the stream ended early");
            let found = next.iter().any(|frame| is_last(&event(frame)));
            frames.extend(next);
            if found {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, read)
        .await
        .expect("the event didn't come");
    frames
}

/// Reads to the end.
pub(crate) async fn read_all(reader: &mut TurnReader) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    let read = async {
        while let Some(next) = reader.next().await {
            frames.extend(next);
        }
    };
    tokio::time::timeout(PATIENCE, read)
        .await
        .expect("the stream didn't end");
    frames
}

pub(crate) fn thread_of(frames: &[Frame]) -> ThreadId {
    let created = frames
        .iter()
        .map(event)
        .find(|event| event["type"] == "thread.created");
    ThreadId::new(created.unwrap()["thread"]["id"].as_str().unwrap())
}

pub(crate) fn kinds(frames: &[Frame]) -> Vec<String> {
    frames
        .iter()
        .map(|frame| event(frame)["type"].as_str().unwrap().to_owned())
        .collect()
}

/// Begins a message of the assistant.
pub(crate) async fn begin_message(turn: &mut Turn) -> Result<ItemId, TurnError> {
    let item = message(turn, "");
    let id = item.id.clone();
    turn.emit(ThreadEvent::item_added(ThreadItem::AssistantMessage(item)))
        .await?;
    Ok(id)
}

pub(crate) async fn delta(turn: &mut Turn, id: &ItemId, text: &str) -> Result<(), TurnError> {
    turn.emit(ThreadEvent::item_updated(
        id.clone(),
        ItemUpdate::text_delta(0, text),
    ))
    .await
}

pub(crate) async fn finish_message(
    turn: &mut Turn,
    id: ItemId,
    text: &str,
) -> Result<(), TurnError> {
    let mut item = message(turn, text);
    item.id = id;
    turn.emit(ThreadEvent::item_done(ThreadItem::AssistantMessage(item)))
        .await
}

fn message(turn: &Turn, text: &str) -> AssistantMessageItem {
    let content = if text.is_empty() {
        Vec::new()
    } else {
        vec![AssistantContent::new(text)]
    };
    AssistantMessageItem {
        id: turn.new_item_id("msg"),
        thread_id: turn.thread_id().clone(),
        created_at: turn.now(),
        content,
        extra: Map::new(),
    }
}

/// Answers "one two" and then waits for ever.
pub(crate) fn hanging() -> Arc<Answering> {
    Answering::with(|turn, _| {
        Box::pin(async move {
            let id = begin_message(turn).await?;
            delta(turn, &id, "one ").await?;
            delta(turn, &id, "two").await?;
            std::future::pending().await
        })
    })
}

/// Answers "done" at once.
pub(crate) fn answering() -> Arc<Answering> {
    Answering::with(|turn, _| {
        Box::pin(async move {
            let id = begin_message(turn).await?;
            delta(turn, &id, "done").await?;
            finish_message(turn, id, "done").await
        })
    })
}

pub(crate) fn is_delta(event: &Value) -> bool {
    event["update"]["delta"] == "two"
}
