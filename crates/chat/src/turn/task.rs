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
use frontdesk_store::{TurnEnd, TurnStatus};
use futures_util::FutureExt;

use super::handle::Turn;
use super::live::StopReason;
use crate::turn::Audience;
use crate::{Responder, TurnError};

/// What the model reads about an answer that the user stopped.
const STOPPED_NOTE: &str = "The user cancelled the stream. Stop responding to the prior request.";

/// What the model reads about an answer that the server didn't finish.
pub(super) const INTERRUPTED_NOTE: &str =
    "The answer to the prior request was interrupted before it was finished.";

/// What the user reads about it.
pub(super) const INTERRUPTED_MESSAGE: &str = "The answer was interrupted. Please try again.";

/// How often the end of a turn is tried to be stored while the store is away.
const END_TRIES: u32 = 6;

/// What the responder is called for.
pub(crate) enum Call {
    Respond(Option<Box<UserMessageItem>>),
    Action(Action, Option<Box<WidgetItem>>),
}

enum Outcome {
    Returned(Result<(), TurnError>),
    Stopped(StopReason),
}

/// Runs the turn to its end.
pub(crate) async fn run(
    mut turn: Turn,
    call: Call,
    responder: Arc<dyn Responder>,
    deadline: Duration,
) {
    let live = Arc::clone(turn.recorder.live());
    let writing = turn.recorder.writing();
    let outcome = {
        let work = AssertUnwindSafe(answer(&mut turn, call, responder.as_ref())).catch_unwind();
        let mut work = pin!(tokio::time::timeout(deadline, work));
        let mut stopped = pin!(live.stopped().fuse());
        let mut reason = None;
        // The work comes first: what is finished when the stop arrives is finished.
        // It is never dropped while it stores something: what is stored and what is shown stay the same.
        poll_fn(|cx| {
            if let Poll::Ready(result) = work.as_mut().poll(cx) {
                return Poll::Ready(Outcome::Returned(returned(result)));
            }
            if let Poll::Ready(stopped) = stopped.as_mut().poll(cx) {
                reason = Some(stopped);
            }
            match reason {
                Some(reason) if !writing.is_under_way() => Poll::Ready(Outcome::Stopped(reason)),
                _ => Poll::Pending,
            }
        })
        .await
    };
    let outcome = match outcome {
        // What the responder makes of a stop is no failure.
        Outcome::Returned(Err(_)) if live.is_stopping() => Outcome::Stopped(live.stopped().await),
        outcome => outcome,
    };
    let status = settle(&mut turn, outcome).await;
    if let Some(status) = status {
        store_end(&mut turn, status).await;
    }
    live.finish();
}

type Finished = Result<std::thread::Result<Result<(), TurnError>>, tokio::time::error::Elapsed>;

fn returned(result: Finished) -> Result<(), TurnError> {
    match result {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(TurnError::other("the responder panicked")),
        Err(_) => Err(TurnError::Custom {
            message: "The answer took too long and was ended.".to_owned(),
            allow_retry: true,
        }),
    }
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

/// Brings what was shown and what is stored together. `None` when there is nothing left to end.
async fn settle(turn: &mut Turn, outcome: Outcome) -> Option<TurnStatus> {
    let settled = match outcome {
        Outcome::Stopped(StopReason::Deleted) => return None,
        Outcome::Stopped(StopReason::User) => {
            let note = note_of(turn, STOPPED_NOTE);
            let settled = turn.recorder.settle_pending(note).await;
            settled.map(|()| TurnStatus::Stopped)
        }
        Outcome::Stopped(StopReason::Shutdown) => {
            let note = note_of(turn, INTERRUPTED_NOTE);
            let settled = turn.recorder.settle_pending(note).await;
            show_error(turn, &interrupted());
            settled.map(|()| TurnStatus::Interrupted)
        }
        Outcome::Returned(result) => match result {
            Ok(()) => turn
                .recorder
                .announce_thread()
                .await
                .map(|()| finished(turn)),
            Err(error) => Err(error),
        },
    };
    match settled {
        Ok(status) => Some(status),
        Err(TurnError::Gone) => None,
        Err(error) => {
            tracing::error!(turn = %turn.id(), thread = %turn.thread_id(), %error, "a turn failed");
            turn.recorder.forget_conclusion();
            show_error(turn, &error_event(&error));
            if let Err(error) = turn.recorder.announce_thread().await {
                tracing::warn!(turn = %turn.id(), %error, "a failed turn's thread was not stored");
            }
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

async fn store_end(turn: &mut Turn, status: TurnStatus) {
    let mut pause = Duration::from_millis(50);
    for _ in 0..END_TRIES {
        let at = turn.now();
        match turn.recorder.end(TurnEnd { status, at }).await {
            Ok(()) | Err(TurnError::Gone) => return,
            Err(error) => {
                tracing::warn!(turn = %turn.id(), %error, "a turn's end is not stored yet");
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
    }
    tracing::error!(turn = %turn.id(), "a turn's end was not stored; it ends as interrupted at the next start");
    turn.recorder.forget_conclusion();
    if status != TurnStatus::Failed {
        show_error(turn, &interrupted());
    }
}

fn show_error(turn: &Turn, event: &ThreadEvent) {
    if let Err(error) = turn.recorder.show(event, Audience::Everyone) {
        tracing::error!(turn = %turn.id(), %error, "an error could not be shown");
    }
}

fn error_event(error: &TurnError) -> ThreadEvent {
    match error {
        TurnError::Custom {
            message,
            allow_retry,
        } => failure(ErrorCode::Custom, Some(message.clone()), *allow_retry),
        TurnError::Stream { allow_retry } => failure(ErrorCode::StreamError, None, *allow_retry),
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
