//! Plays one transcript: each request through the service, then everything compared.

use std::sync::Arc;

use frontdesk_chat::{ChatError, Client, Options, Page, Parts, Reply, RequestContext, Service};
use frontdesk_clock::RandomIds;
use frontdesk_identity::{Credentials, Principal, Scope, TenantId, UserId};
use frontdesk_protocol::{Attachment, AttachmentId, Order, Request, ThreadId};
use frontdesk_store::{Maintenance, PageRequest, Store, TurnId, Wakeups};
use serde_json::{Map, Value, json};

use crate::application::{Application, Files, Part};
use crate::script::{Expected, Setup, Step, Transcript};

/// How long a turn may take to stop after its reader went away.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

pub(crate) struct Stores {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) maintenance: Arc<dyn Maintenance>,
    pub(crate) wakeups: Arc<dyn Wakeups>,
}

struct Player {
    name: String,
    store: Arc<dyn Store>,
    service: Service,
    application: Arc<Application>,
    context: RequestContext,
    attachments: Vec<AttachmentId>,
}

enum Outcome {
    Events(Vec<Value>),
    Body(Value),
    Refused(u16),
}

pub(crate) async fn replay(name: &str, transcript: Transcript, stores: Stores) {
    let principal = Principal::new(TenantId::single(), UserId::new("dev").unwrap());
    let application = Arc::new(Application::default());
    let service = Service::new(Parts {
        store: stores.store.clone(),
        maintenance: stores.maintenance,
        wakeups: stores.wakeups,
        responder: application.clone(),
        uploads: Some(Arc::new(Files(application.clone()))),
        clock: application.bindings.clock.clone(),
        ids: Arc::new(RandomIds),
        options: Options::default(),
    });
    assert!(application.service.set(service.clone()).is_ok());
    let mut player = Player {
        name: name.to_owned(),
        store: stores.store,
        service: service.clone(),
        application,
        context: RequestContext {
            principal: Arc::new(principal),
            credentials: Credentials::default(),
            request_id: "req_1".to_owned(),
            locale: None,
            client: Client::Plain,
            idempotency_key: None,
            page: Page::default(),
        },
        attachments: Vec::new(),
    };
    player.set_up(&transcript.setup).await;
    for (number, step) in transcript.steps.iter().enumerate() {
        player.play(number, step).await;
    }
    service.shutdown(std::time::Duration::from_secs(1)).await;
}

impl Player {
    fn scope(&self) -> Scope {
        self.context.scope()
    }

    fn filled<T: serde::de::DeserializeOwned>(&self, value: &Value) -> T {
        serde_json::from_value(self.application.bindings.fill(value)).unwrap()
    }

    async fn set_up(&mut self, setup: &Setup) {
        let scope = self.scope();
        for thread in &setup.threads {
            self.store
                .create_thread(&scope, self.filled(thread))
                .await
                .unwrap();
        }
        for item in &setup.items {
            let item: frontdesk_protocol::ThreadItem = self.filled(item);
            let thread = item.thread_id().clone();
            assert!(
                self.store
                    .put_items(&scope, &thread, vec![item])
                    .await
                    .unwrap()
            );
        }
        for attachment in &setup.attachments {
            let attachment: Attachment = self.filled(attachment);
            self.attachments.push(attachment.id().clone());
            self.store.put_attachment(&scope, attachment).await.unwrap();
        }
    }

    async fn play(&mut self, number: usize, step: &Step) {
        let at = format!("{} step {number}", self.name);
        let before = self.stored().await;
        self.application.begin(Part {
            acts: step.responder.clone(),
            cancel_after: step.cancel_after,
            attachment: recorded_attachment(step),
        });
        let request = self.application.bindings.fill(&step.request);
        let outcome = self.request(&request, step.cancel_after).await;
        if self.answers_better(step, &before, &outcome, &at).await {
            return;
        }
        let bindings = self.application.bindings.clone();
        let matched = match (&step.reply, &outcome) {
            (Expected::Stream { events, .. }, Outcome::Events(actual)) => {
                let events = Value::Array(events.clone());
                bindings.matches(&events, &Value::Array(actual.clone()))
            }
            (Expected::Json { body }, Outcome::Body(actual)) => bindings.matches(body, actual),
            (_, Outcome::Refused(status)) => Err(format!(" was refused with {status}")),
            _ => Err(" has another kind of answer".to_owned()),
        };
        assert_eq!(matched, Ok(()), "{at}: the answer");
        self.remember_attachment(&outcome);
        let called = self.application.called.lock().unwrap().clone();
        assert!(called.len() < 2, "{at}: called more than once: {called:?}");
        let called = called.first().cloned().unwrap_or(Value::Null);
        assert_eq!(
            bindings.matches(&step.called, &called),
            Ok(()),
            "{at}: the call"
        );
        let stored = self.stored().await;
        let matched = self.application.bindings.matches(&step.stored, &stored);
        assert_eq!(matched, Ok(()), "{at}: stored {stored:#}");
    }

    /// Where the record has a fault of the reference, we refuse at once and change nothing;
    /// but a client tool's output finds its call even when something was stored after it.
    async fn answers_better(
        &self,
        step: &Step,
        before: &Value,
        outcome: &Outcome,
        at: &str,
    ) -> bool {
        let kind = step.request["type"].as_str().unwrap_or_default();
        let is_fault = match &step.reply {
            Expected::Rejected {} => true,
            Expected::Stream { events, ended } => {
                ended == "broken" || (kind == "threads.retry_after_item" && events.is_empty())
            }
            Expected::Json { .. } => false,
        };
        if !is_fault {
            return false;
        }
        let streams = matches!(step.reply, Expected::Stream { .. });
        if kind == "threads.add_client_tool_output" && streams && has_pending_call(before, step) {
            assert!(
                matches!(outcome, Outcome::Events(_)),
                "{at}: the pending call was not found"
            );
            assert!(
                !has_pending_call(&self.stored().await, step),
                "{at}: the call is still pending"
            );
            return true;
        }
        match outcome {
            Outcome::Refused(status) => {
                assert!([400, 404, 409, 422].contains(status), "{at}: {status}");
            }
            _ => panic!("{at}: was not refused"),
        }
        assert_eq!(
            self.stored().await,
            *before,
            "{at}: a refused request changed something"
        );
        assert!(
            self.application.called.lock().unwrap().is_empty(),
            "{at}: the application was called"
        );
        true
    }

    async fn request(&self, request: &Value, cancel_after: Option<usize>) -> Outcome {
        let body = serde_json::to_vec(request).unwrap();
        let reply = match Request::parse(&body) {
            Ok(request) => self.service.handle(request, self.context.clone()).await,
            Err(bad) => Err(ChatError::from(bad)),
        };
        match reply {
            Err(error) => Outcome::Refused(error.status()),
            Ok(Reply::Json { body, .. }) => Outcome::Body(serde_json::from_slice(&body).unwrap()),
            Ok(Reply::Stream { turn, mut reader }) => {
                let mut events: Vec<Value> = Vec::new();
                while cancel_after.is_none_or(|most| events.len() < most) {
                    let Some(frames) = reader.next().await else {
                        break;
                    };
                    events.extend(
                        frames
                            .iter()
                            .map(|frame| serde_json::from_slice(&frame.json).unwrap()),
                    );
                }
                drop(reader);
                if let (Some(_), Some(turn)) = (cancel_after, turn) {
                    let waited = tokio::time::timeout(PATIENCE, self.turn_ends(&turn)).await;
                    assert!(waited.is_ok(), "the turn went on without its reader");
                }
                Outcome::Events(events)
            }
        }
    }

    async fn turn_ends(&self, turn: &TurnId) {
        let scope = self.scope();
        while self
            .store
            .turn(&scope, turn)
            .await
            .unwrap()
            .is_none_or(|turn| turn.ended_at.is_none())
        {
            tokio::task::yield_now().await;
        }
    }

    fn remember_attachment(&mut self, outcome: &Outcome) {
        if let Outcome::Body(body) = outcome
            && let Some(id) = body["id"].as_str().filter(|id| id.starts_with("atc_"))
        {
            self.attachments.push(AttachmentId::new(id));
        }
    }

    /// What the store holds, in the form in which it was recorded.
    async fn stored(&self) -> Value {
        let scope = self.scope();
        let all = PageRequest {
            limit: 500,
            order: Order::Asc,
            after: None,
        };
        let threads = self
            .store
            .threads(&scope, &all)
            .await
            .unwrap()
            .unwrap()
            .data;
        let mut items = Map::new();
        for thread in &threads {
            let id: &ThreadId = &thread.id;
            let page = self.store.items(&scope, id, &all).await.unwrap().unwrap();
            if !page.data.is_empty() {
                items.insert(id.to_string(), serde_json::to_value(page.data).unwrap());
            }
        }
        let mut attachments = Vec::new();
        for id in &self.attachments {
            attachments.extend(self.store.attachment(&scope, id).await.unwrap());
        }
        json!({ "threads": threads, "items": items, "attachments": attachments })
    }
}

/// What the recorded application made of an upload: what it answered, with what it stored besides.
fn recorded_attachment(step: &Step) -> Option<Value> {
    let Expected::Json { body } = &step.reply else {
        return None;
    };
    let stored = step.stored["attachments"].as_array()?;
    let same = stored
        .iter()
        .find(|attachment| attachment["id"] == body["id"]);
    Some(same.unwrap_or(body).clone())
}

fn has_pending_call(stored: &Value, step: &Step) -> bool {
    let thread = step.request["params"]["thread_id"]
        .as_str()
        .unwrap_or_default();
    let items = stored["items"][thread].as_array().into_iter().flatten();
    items
        .filter(|item| item["type"] == "client_tool_call")
        .any(|item| item["status"] == "pending")
}
