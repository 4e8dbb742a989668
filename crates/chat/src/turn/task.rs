//! The task that runs a turn: one responder call, and exactly one end.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use frontdesk_protocol::{
    Action, ErrorCode, ErrorEvent, ItemId, Map, SdkHiddenContextItem, ThreadEvent, ThreadId,
    ThreadItem, Timestamp, UserMessageItem, WidgetItem,
};
use frontdesk_store::{TurnStatus, UtcDay};
use futures_util::FutureExt;

use super::frame::Audience;
use super::handle::Turn;
use super::hub::Hub;
use super::live::{LiveTurn, StopReason};
use super::recorder::Refused;
use crate::{ChatError, Limits, Responder, TurnError};

/// What the model reads about an answer that the user stopped.
pub(crate) const STOPPED_NOTE: &str =
    "The user cancelled the stream. Stop responding to the prior request.";

/// What the model reads about an answer that the server didn't finish.
pub(super) const INTERRUPTED_NOTE: &str =
    "The answer to the prior request was interrupted before it was finished.";

/// What the user reads about it.
pub(super) const INTERRUPTED_MESSAGE: &str = "The answer was interrupted. Please try again.";

/// What readers see when the thread is deleted under them.
const GONE_MESSAGE: &str = "This conversation was deleted.";

/// How long the end of a turn is tried to be stored while the store is away.
const END_PATIENCE: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What the responder is called for.
pub(crate) enum Call {
    Respond(Option<Box<UserMessageItem>>),
    Action(Action, Option<Box<WidgetItem>>),
}

enum Outcome {
    Returned(Result<(), TurnError>),
    Stopped(StopReason),
    TooLong,
}

/// Why the work is given up before it returned.
#[derive(Clone, Copy)]
enum Cut {
    Stopped(StopReason),
    TooLong,
}

/// A turn in the hub: it leaves it, and its readers end, however it goes on.
pub(crate) struct Running {
    hub: Arc<Hub>,
    live: Arc<LiveTurn>,
}

impl Running {
    /// Adds the turn to the hub.
    pub(crate) fn admit(
        hub: &Arc<Hub>,
        live: &Arc<LiveTurn>,
        limits: &Limits,
    ) -> Result<Self, ChatError> {
        hub.admit(Arc::clone(live), limits)?;
        Ok(Self {
            hub: Arc::clone(hub),
            live: Arc::clone(live),
        })
    }

    pub(crate) fn live(&self) -> &Arc<LiveTurn> {
        &self.live
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.hub.remove(&self.live);
        self.live.finish();
    }
}

/// Runs the turn to its end.
pub(crate) async fn run(
    mut turn: Turn,
    call: Call,
    responder: Arc<dyn Responder>,
    deadline: Duration,
    running: Running,
) {
    let outcome = work(&mut turn, call, responder.as_ref(), deadline, &running.live).await;
    match settle(&mut turn, outcome) {
        Some(status) => store_end(&mut turn, status).await,
        None => count_anyway(&turn).await,
    }
}

/// Counts what a turn used whose thread is gone, and with it the place for its end.
async fn count_anyway(turn: &Turn) {
    let (recorder, day) = (&turn.recorder, UtcDay::of(turn.now()));
    if recorder.tokens() == 0 {
        return;
    }
    let added = recorder
        .store()
        .add_tokens(recorder.scope(), day, recorder.tokens());
    if let Err(error) = added.await {
        tracing::warn!(turn = %turn.id(), ?error, "the tokens of a turn were not counted");
    }
}

async fn work(
    turn: &mut Turn,
    call: Call,
    responder: &dyn Responder,
    deadline: Duration,
    live: &LiveTurn,
) -> Outcome {
    let writing = turn.recorder.writing();
    let mut work = pin!(AssertUnwindSafe(answer(turn, call, responder)).catch_unwind());
    let mut stopped = pin!(live.stopped());
    let mut late = pin!(tokio::time::sleep(deadline));
    let mut cut = None;
    // The work comes first: what is finished when the stop arrives is finished.
    // It is never dropped while it stores something: what is stored and what is shown stay the same.
    poll_fn(|cx| {
        if let Poll::Ready(result) = work.as_mut().poll(cx) {
            let panicked = |_| Err(TurnError::other("the responder panicked"));
            return Poll::Ready(
                match (result.unwrap_or_else(panicked), live.stop_reason()) {
                    // What the responder makes of a stop is no failure.
                    (Err(_), Some(reason)) => Outcome::Stopped(reason),
                    (result, _) => Outcome::Returned(result),
                },
            );
        }
        if cut.is_none()
            && let Poll::Ready(reason) = stopped.as_mut().poll(cx)
        {
            cut = Some(Cut::Stopped(reason));
        }
        if cut.is_none() && late.as_mut().poll(cx).is_ready() {
            cut = Some(Cut::TooLong);
        }
        if cut.is_some() {
            writing.ask_to_give_way();
        }
        match cut {
            Some(Cut::Stopped(reason)) if !writing.is_under_way() => {
                Poll::Ready(Outcome::Stopped(reason))
            }
            Some(Cut::TooLong) if !writing.is_under_way() => Poll::Ready(Outcome::TooLong),
            _ => Poll::Pending,
        }
    })
    .await
}

async fn answer(turn: &mut Turn, call: Call, responder: &dyn Responder) -> Result<(), TurnError> {
    match call {
        Call::Respond(input) => responder.respond(turn, input.map(|input| *input)).await,
        Call::Action(action, sender) => {
            responder
                .action(turn, action, sender.map(|sender| *sender))
                .await
        }
    }
}

/// Decides how the turn ends and what concludes it. `None` when there is nothing left to end.
fn settle(turn: &mut Turn, outcome: Outcome) -> Option<TurnStatus> {
    turn.recorder.live().retract();
    match outcome {
        Outcome::Returned(Ok(())) => Some(finished(turn)),
        Outcome::Returned(Err(TurnError::Gone)) | Outcome::Stopped(StopReason::Deleted) => {
            turn.recorder.show(&gone(), Audience::Everyone);
            None
        }
        Outcome::Stopped(StopReason::User) => {
            let note = note_of(turn, STOPPED_NOTE);
            turn.recorder.conclude_pending();
            turn.recorder.conclude(ThreadEvent::item_done(note));
            Some(TurnStatus::Stopped)
        }
        Outcome::Stopped(StopReason::Shutdown) | Outcome::Returned(Err(TurnError::Interrupted)) => {
            let note = note_of(turn, INTERRUPTED_NOTE);
            turn.recorder.conclude_pending();
            turn.recorder.conclude(ThreadEvent::item_done(note));
            turn.recorder.conclude(interrupted());
            Some(TurnStatus::Interrupted)
        }
        Outcome::TooLong => {
            tracing::warn!(turn = %turn.id(), "a turn reached its deadline");
            turn.recorder.conclude_pending();
            let message = "The answer took too long and was ended.".to_owned();
            turn.recorder
                .conclude(failure(ErrorCode::Custom, Some(message), true));
            Some(TurnStatus::Failed)
        }
        Outcome::Returned(Err(error)) => {
            tracing::error!(turn = %turn.id(), thread = %turn.thread_id(), %error, "a turn failed");
            if turn.recorder.store_has_failed() {
                turn.recorder.conclude_pending();
            } else {
                turn.recorder.take_back_pending();
            }
            turn.recorder.conclude(error_event(&error));
            Some(TurnStatus::Failed)
        }
    }
}

fn finished(turn: &Turn) -> TurnStatus {
    if turn.recorder.waits_for_user() {
        TurnStatus::Waiting
    } else {
        TurnStatus::Done
    }
}

/// Stores the end, as long as the store may come back; what the store doesn't take is given up.
async fn store_end(turn: &mut Turn, mut status: TurnStatus) {
    let mut pause = FIRST_PAUSE;
    let mut waited = Duration::ZERO;
    let mut is_bare = false;
    while waited < END_PATIENCE {
        let at = turn.now();
        match turn.recorder.end(status, at).await {
            Ok(()) => return,
            Err(Refused::Gone) => {
                turn.recorder.show(&gone(), Audience::Everyone);
                return count_anyway(turn).await;
            }
            Err(Refused::Never { detail }) if is_bare => {
                tracing::error!(turn = %turn.id(), detail, "a turn's end was refused");
                break;
            }
            Err(Refused::Never { detail }) => {
                tracing::error!(turn = %turn.id(), detail, "what a turn ends with was refused");
                turn.recorder.take_back_unstored();
                is_bare = true;
                turn.recorder
                    .conclude(failure(ErrorCode::StreamError, None, true));
                status = TurnStatus::Failed;
            }
            Err(Refused::Away { detail }) => {
                tracing::warn!(turn = %turn.id(), detail, "a turn's end is not stored yet");
                tokio::time::sleep(pause).await;
                waited += pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
    tracing::error!(turn = %turn.id(), "a turn's end was not stored; the next read of it ends it as interrupted");
    turn.recorder.forget_unstored();
    turn.recorder.show(&interrupted(), Audience::Everyone);
}

fn error_event(error: &TurnError) -> ThreadEvent {
    match error {
        TurnError::Custom {
            message,
            allow_retry,
        } => failure(ErrorCode::Custom, Some(message.clone()), *allow_retry),
        TurnError::Stream { allow_retry } => failure(ErrorCode::StreamError, None, *allow_retry),
        TurnError::Interrupted => interrupted(),
        TurnError::Other { .. } | TurnError::Gone => failure(ErrorCode::StreamError, None, true),
    }
}

/// What readers see of a turn whose server went away.
pub(super) fn interrupted() -> ThreadEvent {
    failure(
        ErrorCode::Custom,
        Some(INTERRUPTED_MESSAGE.to_owned()),
        true,
    )
}

/// What readers see of a turn that was deleted under them.
pub(super) fn gone() -> ThreadEvent {
    failure(ErrorCode::Custom, Some(GONE_MESSAGE.to_owned()), false)
}

fn failure(code: ErrorCode, message: Option<String>, allow_retry: bool) -> ThreadEvent {
    ThreadEvent::Error(ErrorEvent {
        code,
        message,
        allow_retry,
        extra: Map::new(),
    })
}

/// A note for the model about how the turn ended.
pub(super) fn note(id: ItemId, thread: ThreadId, at: Timestamp, content: &str) -> ThreadItem {
    ThreadItem::SdkHiddenContext(SdkHiddenContextItem {
        id,
        thread_id: thread,
        created_at: at,
        content: content.to_owned(),
        extra: Map::new(),
    })
}

fn note_of(turn: &Turn, content: &str) -> ThreadItem {
    note(
        turn.new_item_id("shcx"),
        turn.thread_id().clone(),
        turn.now(),
        content,
    )
}
