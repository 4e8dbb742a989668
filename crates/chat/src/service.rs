//! The use cases: one file per family of requests, and the one way to begin a turn.

mod actions;
mod asked;
mod attachments;
mod begin;
mod enter;
mod feedback;
mod items;
mod join;
mod lifecycle;
mod messages;
mod page;
mod pending;
mod reading;
mod search;
mod threads;
mod transcribe;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_clock::{Clock, Ids};
use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemId, Operation, Request, ThreadId, ThreadItem, ThreadMetadata};
use frontdesk_store::{Maintenance, Store, TurnId, Wakeups};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

pub use self::reading::Stopped;
pub use self::search::FoundThread;
use crate::clearing::Clearing;
use crate::turn::{Flusher, Followers, Hub, Keeper, Takeover, TurnReader};
use crate::upkeep::Upkeep;
use crate::{ChatError, Options, RequestContext, Responder, Uploads};

/// How long a request waits for a turn that is about to stop.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// What a service is made of.
#[derive(Clone)]
pub struct Parts {
    /// Where threads, items and turns are.
    pub store: Arc<dyn Store>,
    /// The part of the same store that requests can't reach.
    pub maintenance: Arc<dyn Maintenance>,
    /// How the processes on this store wake each other.
    pub wakeups: Arc<dyn Wakeups>,
    /// What the application does.
    pub responder: Arc<dyn Responder>,
    /// Where attachments' bytes go; without it there are none.
    pub uploads: Option<Arc<dyn Uploads>>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
    /// What the operator chose.
    pub options: Options,
}

/// The answer to a request.
pub enum Reply {
    /// One JSON value.
    Json {
        /// The value.
        body: Bytes,
        /// The thread's turn that has something to tell: it runs, or its process died.
        turn: Option<TurnId>,
    },
    /// The events of a turn.
    Stream {
        /// The turn; an answer that is only an error has none.
        turn: Option<TurnId>,
        /// Its events. Dropping it means that the client went away.
        reader: TurnReader,
    },
}

/// The chat. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    parts: Parts,
    hub: Arc<Hub>,
    followers: Arc<Followers>,
    tasks: TaskTracker,
    /// Ends the tasks that keep logs and leases.
    upkeep: CancellationToken,
    /// Ends the task that takes turns over.
    taking: CancellationToken,
    draining: AtomicBool,
    keeper: Arc<Keeper>,
    takeover: Arc<Takeover>,
}

impl Service {
    /// Puts a service together. Must be called within a Tokio runtime: the tasks that store logs, renew leases and look
    /// for turns that lost their process start here.
    pub fn new(parts: Parts) -> Self {
        let hub = Arc::new(Hub::default());
        let tasks = TaskTracker::new();
        let (upkeep, taking) = (CancellationToken::new(), CancellationToken::new());
        let flusher = Flusher {
            hub: Arc::clone(&hub),
            maintenance: Arc::clone(&parts.maintenance),
            wakeups: Arc::clone(&parts.wakeups),
            interval: parts.options.log_interval,
        };
        tasks.spawn(flusher.run(upkeep.clone()));
        let clearing = Clearing {
            maintenance: Arc::clone(&parts.maintenance),
            clock: Arc::clone(&parts.clock),
            kept: parts.options.log_kept,
        };
        tasks.spawn(clearing.run(upkeep.clone()));
        let followers = Followers::new(
            Arc::clone(&parts.store),
            Arc::clone(&parts.wakeups),
            Arc::clone(&hub),
            tasks.clone(),
        );
        let idle = Upkeep {
            maintenance: Arc::clone(&parts.maintenance),
            clock: Arc::clone(&parts.clock),
            retention: parts.options.retention.clone(),
        };
        tasks.spawn(idle.run(upkeep.clone()));
        let keeper = Arc::new(Keeper::new(&parts, Arc::clone(&hub)));
        tasks.spawn(Arc::clone(&keeper).run(upkeep.clone()));
        let takeover = Arc::new(Takeover {
            parts: parts.clone(),
            hub: Arc::clone(&hub),
            tasks: tasks.clone(),
            keeper: Arc::clone(&keeper),
            taking: taking.clone(),
        });
        tasks.spawn(Arc::clone(&takeover).run(taking.clone()));
        Self(Arc::new(Inner {
            parts,
            hub,
            followers,
            tasks,
            upkeep,
            taking,
            draining: AtomicBool::new(false),
            keeper,
            takeover,
        }))
    }

    /// Handles one request.
    ///
    /// # Errors
    /// The request is refused, and nothing has changed.
    pub async fn handle(
        &self,
        mut request: Request,
        mut cx: RequestContext,
    ) -> Result<Reply, ChatError> {
        page::take_page(&mut request, &mut cx);
        // A task of its own: a caller that goes away in the middle leaves nothing half done.
        let service = self.clone();
        let left = CancellationToken::new();
        let handled = {
            let left = left.clone();
            async move { service.perform(request, cx, left).await }
        };
        let _leaving = left.drop_guard();
        let task = self.0.tasks.spawn(handled.in_current_span());
        task.await.unwrap_or_else(|failed| {
            Err(ChatError::Internal {
                detail: format!("a request was not finished: {failed}"),
            })
        })
    }

    async fn perform(
        &self,
        request: Request,
        cx: RequestContext,
        left: CancellationToken,
    ) -> Result<Reply, ChatError> {
        self.renew_credentials(&request.operation, &cx);
        match request.operation {
            Operation::ThreadsSyncCustomAction(params) => {
                self.sync_custom_action(params, &cx).await
            }
            Operation::ThreadsGetById(params) => self.get_thread(&params, &cx).await,
            Operation::ThreadsList(params) => self.list_threads(params, &cx).await,
            Operation::ThreadsUpdate(params) => self.update_thread(params, &cx).await,
            Operation::ThreadsDelete(params) => self.delete_thread(&params, &cx).await,
            Operation::ItemsList(params) => self.list_items(params, &cx).await,
            Operation::ItemsFeedback(params) => self.feedback(params, &cx).await,
            Operation::AttachmentsCreate(params) => self.create_attachment(params, &cx).await,
            Operation::AttachmentsDelete(params) => self.delete_attachment(&params, &cx).await,
            Operation::InputTranscribe(params) => self.transcribe(params, &cx).await,
            Operation::ThreadsCreate(_)
            | Operation::ThreadsAddUserMessage(_)
            | Operation::ThreadsRetryAfterItem(_)
            | Operation::ThreadsAddClientToolOutput(_)
            | Operation::ThreadsAddStructuredInput(_)
            | Operation::ThreadsCustomAction(_) => {
                self.begin_once(&request.operation, cx, left).await
            }
        }
    }

    /// What runs in the thread that a request names goes on with what the request signed in with.
    fn renew_credentials(&self, operation: &Operation, cx: &RequestContext) {
        if let Some(thread) = operation.thread_id()
            && let Some(live) = self.0.hub.of_thread(&cx.scope(), thread)
        {
            live.renew(&cx.credentials);
        }
    }

    fn store(&self) -> &dyn Store {
        self.0.parts.store.as_ref()
    }

    fn maintenance(&self) -> &dyn Maintenance {
        self.0.parts.maintenance.as_ref()
    }

    fn options(&self) -> &Options {
        &self.0.parts.options
    }

    /// The caller's thread.
    async fn thread(&self, scope: &Scope, id: &ThreadId) -> Result<ThreadMetadata, ChatError> {
        let found = self.store().thread(scope, id).await?;
        found.ok_or(ChatError::NotFound { what: "thread" })
    }

    /// An item of the caller's thread.
    async fn item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        id: &ItemId,
    ) -> Result<ThreadItem, ChatError> {
        let found = self.store().item(scope, thread, id).await?;
        found.ok_or(ChatError::NotFound { what: "item" })
    }
}

fn json(value: &impl Serialize) -> Result<Reply, ChatError> {
    json_of_turn(value, None)
}

fn json_of_turn(value: &impl Serialize, turn: Option<TurnId>) -> Result<Reply, ChatError> {
    let body = serde_json::to_vec(value).map_err(|error| ChatError::Internal {
        detail: format!("an answer could not be written: {error}"),
    })?;
    Ok(Reply::Json {
        body: body.into(),
        turn,
    })
}

fn empty() -> Reply {
    Reply::Json {
        body: Bytes::from_static(b"{}"),
        turn: None,
    }
}
