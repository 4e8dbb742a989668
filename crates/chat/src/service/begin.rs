//! The one way to begin a turn.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_identity::{Credentials, Scope};
use frontdesk_protocol::{
    Attachment, ItemId, ThreadEvent, ThreadItem, ThreadMetadata, ThreadStatus,
};
use frontdesk_store::{
    After, Began, BeginTurn, StoreError, Trim, TurnId, TurnKey, TurnRecord, TurnStatus, UtcDay,
};

use tracing::Instrument;

use super::asked::Asked;
use super::enter::being_answered;
use super::{Reply, Service};
use crate::turn::{
    Audience, Call, LiveTurn, Recorder, Running, ThreadTime, TurnReader, run, write_continuation,
};
use crate::{ChatError, Place, RequestContext, Turn};

/// What a turn begins on: its thread as the request has read it.
pub(super) struct Ground {
    pub(super) thread: ThreadMetadata,
    pub(super) time: ThreadTime,
    /// Behind which turn all that the request has read since is true.
    pub(super) after: After,
}

/// What a turn begins with.
pub(super) struct Opening {
    pub(super) ground: Ground,
    pub(super) place: Place,
    pub(super) trim: Option<Trim>,
    pub(super) put: Vec<ThreadItem>,
    pub(super) remove: Vec<ItemId>,
    pub(super) attachments: Vec<Attachment>,
    /// Events before the stream's options.
    pub(super) before: Vec<ThreadEvent>,
    /// Events after them.
    pub(super) after: Vec<ThreadEvent>,
    pub(super) call: Call,
}

impl Opening {
    /// A turn of a known thread that changes nothing by itself.
    pub(super) fn of(ground: Ground, call: Call) -> Self {
        Self {
            ground,
            place: Place::Later,
            trim: None,
            put: Vec::new(),
            remove: Vec::new(),
            attachments: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            call,
        }
    }
}

/// A locked or closed thread takes no new message and no retry.
pub(super) fn refuse_unless_open(thread: &ThreadMetadata) -> Result<(), ChatError> {
    match &thread.status {
        ThreadStatus::Locked { .. } => Err(ChatError::conflict("the thread is locked")),
        ThreadStatus::Closed { .. } => Err(ChatError::conflict("the thread is closed")),
        _ => Ok(()),
    }
}

impl Service {
    /// Begins a turn: one transaction, then its task, then a reader for the one who asked.
    pub(super) async fn begin(&self, opening: Opening, asked: &Asked) -> Result<Reply, ChatError> {
        self.refuse_while_draining()?;
        let (parts, scope) = (&self.0.parts, &asked.scope);
        self.refuse_over_budget(scope).await?;
        let mut cx = asked.cx.clone();
        // The turn's own: renewing it changes nothing for whoever shares the request's.
        cx.credentials = cx
            .credentials
            .current()
            .map(Credentials::new)
            .unwrap_or_default();
        let when_unread = self.options().on_disconnect.when_unread(cx.client);
        let record = TurnRecord {
            id: TurnId::new(parts.ids.next("turn")),
            thread_id: opening.ground.thread.id.clone(),
            status: TurnStatus::Running,
            attempt: 1,
            created_at: opening.ground.time.now(),
            ended_at: None,
            request: Some(asked.request),
        };
        let key = TurnKey {
            thread: record.thread_id.clone(),
            turn: record.id.clone(),
            attempt: record.attempt,
        };
        let begin = BeginTurn {
            turn: record,
            new_thread: (opening.place == Place::First).then(|| opening.ground.thread.clone()),
            after: opening.ground.after.clone(),
            trim: opening.trim.clone(),
            put: opening.put.clone(),
            remove: opening.remove.clone(),
            attachments: opening.attachments.clone(),
            lease: self.0.keeper.lease.clone(),
            continuation: write_continuation(&opening.call, opening.place, &cx, when_unread),
        };
        // In the hub before the store: what the store names as running is found here.
        let live = LiveTurn::new(scope.clone(), key, cx.credentials.clone(), when_unread);
        let running = Running::admit(&self.0.hub, &live, &self.options().limits)?;
        // What shutting down didn't find in the hub must not begin any more.
        self.refuse_while_draining()?;
        let until = self.0.keeper.until();
        let removed = self.store_begin(asked, begin).await?;
        live.hold().lease(until);
        let reader = TurnReader::live(&self.0.followers, Arc::clone(&live), cx.client);
        let options = self.options().on_disconnect.stream_options(cx.client);
        let options = ThreadEvent::stream_options(options);
        self.spawn(running, opening, removed, &options, cx);
        Ok(Reply::Stream {
            turn: Some(live.key.turn.clone()),
            reader,
        })
    }

    /// Refuses who has used up the tokens of the day.
    async fn refuse_over_budget(&self, scope: &Scope) -> Result<(), ChatError> {
        let Some(most) = self.options().limits.tokens_per_day else {
            return Ok(());
        };
        let now = self.0.parts.clock.now();
        let today = UtcDay::of(now);
        if self.store().tokens_used(scope, today).await? < most {
            return Ok(());
        }
        let wait = today.end().duration_since(now);
        Err(ChatError::TooMany {
            message: "you have used up what this service gives you for today; \
                      you can go on after midnight UTC"
                .to_owned(),
            retry_after: wait.try_into().unwrap_or_default(),
        })
    }

    async fn store_begin(&self, asked: &Asked, begin: BeginTurn) -> Result<Vec<ItemId>, ChatError> {
        let outcome = match self.store().begin_turn(&asked.scope, begin).await {
            // Another turn has taken what this one brings after the request had read that it was free.
            Err(StoreError::Conflict { what }) => {
                tracing::debug!(what, "a turn brings what is taken");
                asked.meet_another();
                return Err(ChatError::conflict(
                    "something of this was sent in another thread just now; load it again and repeat this",
                ));
            }
            outcome => outcome?,
        };
        match outcome {
            Began::Started { removed } => Ok(removed),
            Began::NoThread => Err(ChatError::NotFound { what: "thread" }),
            Began::NoItem => Err(ChatError::NotFound { what: "item" }),
            Began::Repeated(_) => Err(being_answered()),
            Began::Busy(_) => {
                asked.meet_another();
                Err(being_answered())
            }
            Began::Overtaken => {
                asked.meet_another();
                Err(ChatError::conflict(
                    "others keep answering in this thread; load it again and repeat this",
                ))
            }
        }
    }

    fn spawn(
        &self,
        running: Running,
        opening: Opening,
        removed: Vec<ItemId>,
        options: &ThreadEvent,
        cx: RequestContext,
    ) {
        let parts = &self.0.parts;
        let limits = self.options().limits.clone();
        let store = Arc::clone(&parts.store);
        let Ground { thread, time, .. } = opening.ground;
        let recorder = Recorder::new(Arc::clone(running.live()), store, limits, thread);
        let turn = Turn::new(recorder, cx, time, Arc::clone(&parts.ids), opening.place)
            .with_files(parts.uploads.clone());
        for id in removed {
            turn.recorder
                .show(&ThreadEvent::item_removed(id), Audience::Resuming);
        }
        for event in opening.before.iter().chain([options]).chain(&opening.after) {
            turn.recorder.show(event, Audience::Everyone);
        }
        let responder = Arc::clone(&parts.responder);
        let deadline: Duration = self.options().turn_deadline;
        let keeper = Arc::clone(&self.0.keeper);
        let work = run(turn, opening.call, responder, deadline, running, keeper);
        self.0.tasks.spawn(work.in_current_span());
    }
}
