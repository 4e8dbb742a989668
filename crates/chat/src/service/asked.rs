//! A request that begins a turn, and by what it is known again: sent twice, it begins one turn.

use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use frontdesk_identity::Scope;
use frontdesk_protocol::{Operation, ThreadId};
use frontdesk_store::{Fingerprint, TurnRecord};
use tokio_util::sync::CancellationToken;

use super::{Reply, Service};
use crate::{ChatError, RequestContext};

/// How often a request begins because another process began a turn in its thread after it was read.
const MOST_TRIES: u32 = 3;

/// The header that a key comes in.
const KEY: &str = "Idempotency-Key";

/// A request that begins a turn.
pub(super) struct Asked {
    pub(super) cx: RequestContext,
    pub(super) scope: Scope,
    /// The thread that it is about; the one that begins a thread names none.
    pub(super) thread: Option<ThreadId>,
    pub(super) request: Fingerprint,
    /// Cancelled when the caller has gone away.
    pub(super) left: CancellationToken,
    has_met: AtomicBool,
}

impl Asked {
    /// What a request is known by is its kind and its parameters as they were sent. Its metadata doesn't count: what a
    /// page tells of itself may change between two tries.
    fn new(
        operation: &Operation,
        cx: RequestContext,
        left: CancellationToken,
    ) -> Result<Self, ChatError> {
        let body = serde_json::to_vec(operation).map_err(|error| ChatError::Internal {
            detail: format!("a request could not be written: {error}"),
        })?;
        let key = cx.idempotency_key.as_deref();
        let request = Fingerprint {
            key: key.map(|key| hash(key.as_bytes())).transpose()?,
            body: hash(&body)?,
        };
        Ok(Self {
            scope: cx.scope(),
            thread: operation.thread_id().cloned(),
            cx,
            request,
            left,
            has_met: AtomicBool::new(false),
        })
    }

    /// Whether that turn was begun by an equal request.
    pub(super) fn is_equal(&self, turn: &TurnRecord) -> bool {
        let Some(request) = turn.request else {
            return false;
        };
        // A key of its own says that it is another one.
        let is_same_key = self.request.key.is_none() || self.request.key == request.key;
        is_same_key && self.request.body == request.body
    }

    /// Notes that there is a turn which nobody knew of until this one was to begin.
    pub(super) fn meet_another(&self) {
        self.has_met.store(true, Ordering::Relaxed);
    }

    /// Whether another turn was met since this was asked last.
    fn has_met_another(&self) -> bool {
        self.has_met.swap(false, Ordering::Relaxed)
    }
}

impl Service {
    /// Does what begins a turn, or joins the turn that an equal request has begun.
    pub(super) async fn begin_once(
        &self,
        operation: &Operation,
        cx: RequestContext,
        left: CancellationToken,
    ) -> Result<Reply, ChatError> {
        let asked = Asked::new(operation, cx, left)?;
        let mut tries = 1;
        loop {
            let refused = match self.try_to_begin(operation.clone(), &asked).await {
                Ok(reply) => return Ok(reply),
                Err(refused) => refused,
            };
            // What an equal request has done can't be done again, but it is what was asked for. A known key is refused by
            // the store at the latest, so nobody asks for it before.
            if let Some(reply) = self.join_equal(&asked).await? {
                return Ok(reply);
            }
            if !asked.has_met_another() || tries >= MOST_TRIES {
                return Err(refused);
            }
            tries += 1;
        }
    }

    async fn try_to_begin(&self, operation: Operation, asked: &Asked) -> Result<Reply, ChatError> {
        match operation {
            Operation::ThreadsCreate(params) => self.create_thread(params, asked).await,
            Operation::ThreadsAddUserMessage(params) => self.add_user_message(params, asked).await,
            Operation::ThreadsRetryAfterItem(params) => self.retry_after_item(&params, asked).await,
            Operation::ThreadsAddClientToolOutput(params) => {
                self.add_client_tool_output(params, asked).await
            }
            Operation::ThreadsAddStructuredInput(params) => {
                self.add_structured_input(params, asked).await
            }
            Operation::ThreadsCustomAction(params) => self.custom_action(params, asked).await,
            other => Err(ChatError::Internal {
                detail: format!("{} begins no turn", other.kind()),
            }),
        }
    }

    /// Whether a turn was begun with the key of this request.
    pub(super) async fn has_begun(&self, asked: &Asked) -> Result<bool, ChatError> {
        Ok(self.turn_of_key(asked).await?.is_some())
    }

    async fn turn_of_key(&self, asked: &Asked) -> Result<Option<TurnRecord>, ChatError> {
        match &asked.request.key {
            Some(key) => Ok(self.store().turn_of_key(&asked.scope, key).await?),
            None => Ok(None),
        }
    }

    async fn join_by_key(&self, asked: &Asked) -> Result<Option<Reply>, ChatError> {
        match self.turn_of_key(asked).await? {
            None => Ok(None),
            Some(turn) if asked.is_equal(&turn) => self.join(asked, &turn).await.map(Some),
            Some(_) => Err(ChatError::unprocessable(
                KEY,
                "was sent with another request before",
            )),
        }
    }

    async fn join_equal(&self, asked: &Asked) -> Result<Option<Reply>, ChatError> {
        if asked.request.key.is_some() {
            return self.join_by_key(asked).await;
        }
        let Some(thread) = &asked.thread else {
            return Ok(None);
        };
        let Some(turn) = self.store().running_turn(&asked.scope, thread).await? else {
            return Ok(None);
        };
        let live = self.0.hub.find(&asked.scope, &turn);
        if live.is_some_and(|live| live.is_stopping()) {
            return Ok(None);
        }
        match self.store().turn(&asked.scope, &turn).await? {
            Some(turn) if asked.is_equal(&turn) => self.join(asked, &turn).await.map(Some),
            _ => Ok(None),
        }
    }
}

fn hash(bytes: &[u8]) -> Result<[u8; 32], ChatError> {
    let hash = digest(&SHA256, bytes);
    hash.as_ref().try_into().map_err(|_| ChatError::Internal {
        detail: "a hash has another length".to_owned(),
    })
}
