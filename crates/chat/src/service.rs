//! The use cases: one file per family of requests, and the one way to begin a turn.

mod actions;
mod attachments;
mod begin;
mod feedback;
mod items;
mod messages;
mod page;
mod pending;
mod reading;
mod search;
mod threads;
mod transcribe;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use frontdesk_clock::{Clock, Ids};
use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemId, Operation, Request, ThreadId, ThreadItem, ThreadMetadata};
use frontdesk_store::{Lease, Maintenance, ProcessId, Store, TurnId, Wakeups};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

pub use self::reading::Stopped;
pub use self::search::FoundThread;
use crate::turn::{Flusher, Followers, Hub, Recovery, StopReason, TurnReader, recover};
use crate::upkeep::Upkeep;
use crate::{ChatError, Options, Processes, RequestContext, Responder, Uploads};

/// How long a request waits for a turn that is about to stop.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// How long shutting down waits for tasks beyond the grace of turns.
const SHUTDOWN_WAIT: Duration = Duration::from_secs(30);

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
    flusher: CancellationToken,
    draining: AtomicBool,
    lease: Lease,
}

impl Service {
    /// Puts a service together. Must be called within a Tokio runtime: the task that stores logs starts here.
    pub fn new(parts: Parts) -> Self {
        let hub = Arc::new(Hub::default());
        let tasks = TaskTracker::new();
        let stop = CancellationToken::new();
        let flusher = Flusher {
            hub: Arc::clone(&hub),
            maintenance: Arc::clone(&parts.maintenance),
            clock: Arc::clone(&parts.clock),
            interval: parts.options.log_interval,
            kept: parts.options.log_kept,
        };
        tasks.spawn(flusher.run(stop.clone()));
        let followers = Followers::new(
            Arc::clone(&parts.store),
            Arc::clone(&parts.wakeups),
            Arc::clone(&hub),
            tasks.clone(),
        );
        let upkeep = Upkeep {
            maintenance: Arc::clone(&parts.maintenance),
        };
        tasks.spawn(upkeep.run(stop.clone()));
        let lease = Lease {
            holder: ProcessId::new(parts.ids.next("prc")),
            length: parts.options.lease,
        };
        Self(Arc::new(Inner {
            lease,
            parts,
            hub,
            followers,
            tasks,
            flusher: stop,
            draining: AtomicBool::new(false),
        }))
    }

    /// Ends the turns that an earlier process left running; answers with how many. To be called before the first request.
    ///
    /// # Errors
    /// The store is away.
    pub async fn recover(&self) -> Result<usize, ChatError> {
        self.release_if_alone().await?;
        let mut ended = 0;
        for (scope, record) in self.maintenance().running_turns().await? {
            if self.0.hub.find(&scope, &record.id).is_some() {
                continue;
            }
            match recover(&self.recovery(), &scope, &record).await {
                Ok(taken) => ended += usize::from(taken),
                Err(ChatError::Unavailable { detail }) => {
                    return Err(ChatError::Unavailable { detail });
                }
                // One turn that can't be ended is no reason not to serve all others.
                Err(error) => {
                    tracing::error!(turn = %record.id, ?error, "a turn could not be recovered");
                }
            }
        }
        Ok(ended)
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
        let handled = async move { service.perform(request, cx).await };
        let task = self.0.tasks.spawn(handled.in_current_span());
        task.await.unwrap_or_else(|failed| {
            Err(ChatError::Internal {
                detail: format!("a request was not finished: {failed}"),
            })
        })
    }

    async fn perform(&self, request: Request, cx: RequestContext) -> Result<Reply, ChatError> {
        self.renew_credentials(&request.operation, &cx);
        match request.operation {
            Operation::ThreadsCreate(params) => self.create_thread(params, cx).await,
            Operation::ThreadsAddUserMessage(params) => self.add_user_message(params, cx).await,
            Operation::ThreadsRetryAfterItem(params) => self.retry_after_item(&params, cx).await,
            Operation::ThreadsAddClientToolOutput(params) => {
                self.add_client_tool_output(params, cx).await
            }
            Operation::ThreadsAddStructuredInput(params) => {
                self.add_structured_input(params, cx).await
            }
            Operation::ThreadsCustomAction(params) => self.custom_action(params, cx).await,
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

    /// Whether requests can be served.
    ///
    /// # Errors
    /// The store is away, or the service shuts down.
    pub async fn ready(&self) -> Result<(), ChatError> {
        self.refuse_while_draining()?;
        Ok(self.maintenance().ping().await?)
    }

    /// Begins no more turns, gives the running ones `grace`, ends the rest as interrupted, and stores all logs.
    pub async fn shutdown(&self, grace: Duration) {
        self.0.draining.store(true, Ordering::Release);
        self.0.followers.closing.cancel();
        let turns = self.0.hub.all();
        let all_over = futures_util::future::join_all(turns.iter().map(|live| live.over()));
        let in_time = tokio::time::timeout(grace, all_over).await.is_ok();
        self.0.tasks.close();
        let ended = async {
            // What began in the last moment is told too.
            while !self.0.hub.all().is_empty() {
                self.0
                    .hub
                    .all()
                    .iter()
                    .for_each(|live| live.stop(StopReason::Shutdown));
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            self.0.flusher.cancel();
            self.0.tasks.wait().await;
        };
        if tokio::time::timeout(SHUTDOWN_WAIT, ended).await.is_err() {
            tracing::error!(in_time, "shutting down left something behind");
            self.0.flusher.cancel();
        }
    }

    /// What no task of this process runs is nobody's, where there is no other process.
    async fn release_if_alone(&self) -> Result<(), ChatError> {
        if self.options().processes == Processes::One {
            self.maintenance().release_all().await?;
        }
        Ok(())
    }

    /// Ends the thread's running turn if no task runs it.
    async fn end_orphan(&self, scope: &Scope, thread: &ThreadId) -> Result<(), ChatError> {
        let _guard = self.0.hub.lock_thread(scope, thread).await;
        self.end_orphan_locked(scope, thread).await
    }

    /// The same for a caller that holds the thread's lock.
    async fn end_orphan_locked(&self, scope: &Scope, thread: &ThreadId) -> Result<(), ChatError> {
        let Some(turn) = self.store().running_turn(scope, thread).await? else {
            return Ok(());
        };
        if self.0.hub.find(scope, &turn).is_some() {
            return Ok(());
        }
        match self.store().turn(scope, &turn).await? {
            Some(record) if record.ended_at.is_none() => {
                self.release_if_alone().await?;
                recover(&self.recovery(), scope, &record).await.map(|_| ())
            }
            _ => Ok(()),
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

    fn recovery(&self) -> Recovery<'_> {
        Recovery {
            store: &self.0.parts.store,
            maintenance: self.maintenance(),
            clock: self.0.parts.clock.as_ref(),
            ids: self.0.parts.ids.as_ref(),
            limits: &self.0.parts.options.limits,
            lease: &self.0.lease,
        }
    }

    fn refuse_while_draining(&self) -> Result<(), ChatError> {
        if self.0.draining.load(Ordering::Acquire) {
            return Err(ChatError::Unavailable {
                detail: "shutting down".to_owned(),
            });
        }
        Ok(())
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
