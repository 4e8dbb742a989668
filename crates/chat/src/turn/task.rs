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
use super::lease::{Keeper, Wanted};
use super::live::{LiveTurn, Retry, StopReason};
use super::refused::Refused;
use crate::{ChatError, Limits, Responder, TurnError, Unfinished};

/// What the model reads about an answer that the user stopped.
pub(crate) const STOPPED_NOTE: &str =
    "The user cancelled the stream. Stop responding to the prior request.";

/// What the model reads about an answer that the server didn't finish.
pub(super) const INTERRUPTED_NOTE: &str =
    "The answer to the prior request was interrupted before it was finished.";

/// What the user reads about it.
pub(super) const INTERRUPTED_MESSAGE: &str = "The answer was interrupted. Please try again.";

/// What plain clients see of an answer that another process goes on with.
const ELSEWHERE_MESSAGE: &str =
    "The server is restarting. The answer goes on: load this conversation again to read it.";

/// What plain clients see at the end of an answer of which they saw something that was lost with its process.
const LOST_TRACK_MESSAGE: &str =
    "The answer went on elsewhere: load this conversation again to read it.";

/// What readers see when the thread is deleted under them.
const GONE_MESSAGE: &str = "This conversation was deleted.";

/// How long it may take to find out why a turn is gone.
const GONE_PATIENCE: Duration = Duration::from_secs(2);

/// How long the end of a turn is tried to be stored while the store is away.
const END_PATIENCE: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What the responder is called for.
pub(crate) enum Call {
    Respond(Option<Box<UserMessageItem>>),
    Action(Action, Option<Box<WidgetItem>>),
    /// To go on with what another process began.
    GoOn(Box<Unfinished>),
    /// To end it, because nothing can go on with it.
    GiveUp,
}

/// How a task leaves its turn.
enum Left {
    /// With this end, which is to be stored.
    Ended(TurnStatus),
    /// It isn't this process's: there may be no such turn any more.
    Gone,
    /// Another process is to go on with it.
    HandedOver,
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
    /// The caller's credential was waited for in vain.
    Unsigned,
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
        Ok(Self::here(hub, live))
    }

    /// Adds a turn that began elsewhere, unless as many run as may.
    pub(crate) fn take_in(hub: &Arc<Hub>, live: &Arc<LiveTurn>, limits: &Limits) -> Option<Self> {
        let is_in = hub.take_in(Arc::clone(live), limits.turns);
        is_in.then(|| Self::here(hub, live))
    }

    fn here(hub: &Arc<Hub>, live: &Arc<LiveTurn>) -> Self {
        Self {
            hub: Arc::clone(hub),
            live: Arc::clone(live),
        }
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

/// Runs the turn to its end, or until it is another process's.
pub(crate) async fn run(
    mut turn: Turn,
    call: Call,
    responder: Arc<dyn Responder>,
    deadline: Duration,
    running: Running,
    keeper: Arc<Keeper>,
) {
    let outcome = work(&mut turn, call, responder.as_ref(), deadline, &running.live).await;
    let left = match settle(&mut turn, outcome) {
        Left::Ended(_) if turn.recorder.is_uncertain() => {
            tracing::error!(turn = %turn.id(), "it is not known what of a turn is stored; it is taken up again when the store is back");
            leave_unended(&mut turn, &keeper);
            None
        }
        Left::Ended(status) => store_end(&mut turn, status, &keeper).await,
        Left::Gone => find_out(&turn).await,
        Left::HandedOver => hand_over(&mut turn, &keeper).await,
    };
    // Readers needn't wait for what others are told.
    drop(running);
    let recorder = &turn.recorder;
    let (store, scope, key) = (recorder.store(), recorder.scope(), recorder.key());
    match left {
        Some(Wanted::Stop) => keeper.pass_stop_on(store, scope, key).await,
        Some(Wanted::GoOn) => keeper.let_go(scope, key).await,
        None => {}
    }
}

/// Stores what readers have seen and gives the turn away.
async fn hand_over(turn: &mut Turn, keeper: &Keeper) -> Option<Wanted> {
    turn.recorder.live().hold().give_away();
    match turn.recorder.leave().await {
        Ok(()) => {}
        Err(Refused::Gone) => return find_out(turn).await,
        Err(refused) => {
            tracing::warn!(turn = %turn.id(), ?refused, "the log of a turn is not whole");
        }
    }
    let (scope, key) = (turn.recorder.scope(), turn.recorder.key());
    match keeper.release(scope, key).await {
        Ok(_) => tracing::info!(turn = %turn.id(), "a turn is handed over"),
        Err(error) => {
            tracing::warn!(turn = %turn.id(), ?error, "a turn waits for its lease to run out");
        }
    }
    None
}

/// The turn isn't this process's any more. Where it was deleted, readers are told; else it goes on elsewhere, and so do
/// they. Those of a turn that was lost before find out by themselves. Answers with what is wanted of who has it.
async fn find_out(turn: &Turn) -> Option<Wanted> {
    let recorder = &turn.recorder;
    let found = recorder.store().turn(recorder.scope(), turn.id());
    let found = tokio::time::timeout(GONE_PATIENCE, found).await;
    if !matches!(found, Ok(Ok(None))) {
        recorder.live().leave();
        let has_ended = matches!(found, Ok(Ok(Some(record))) if record.ended_at.is_some());
        return (!has_ended).then(|| Wanted::of(recorder.live()));
    }
    if !recorder.live().is_elsewhere() {
        recorder.show(&gone(), Audience::Everyone);
    }
    count_anyway(turn).await;
    None
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
    if let Some(reason) = live.stop_reason() {
        return Outcome::Stopped(reason);
    }
    let writing = turn.recorder.writing();
    let mut work = pin!(AssertUnwindSafe(answer(turn, call, responder)).catch_unwind());
    let mut stopped = pin!(live.stopped());
    let mut late = pin!(tokio::time::sleep(deadline));
    let mut cut = None;
    // The work comes first: what is finished when the stop arrives is finished.
    // It is never dropped while it stores something: what is stored and what is shown stay the same.
    poll_fn(|cx| {
        let worked = work.as_mut().poll(cx);
        // What comes in one burst is told once, and so read and sent in one piece.
        live.tell();
        if let Poll::Ready(result) = worked {
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
        if cut.is_none() && live.credentials().was_missed() {
            cut = Some(Cut::Unsigned);
        }
        if cut.is_some() {
            writing.ask_to_give_way();
        }
        match cut {
            Some(Cut::Stopped(reason)) if !writing.is_under_way() => {
                Poll::Ready(Outcome::Stopped(reason))
            }
            Some(Cut::TooLong) if !writing.is_under_way() => Poll::Ready(Outcome::TooLong),
            Some(Cut::Unsigned) if !writing.is_under_way() => {
                Poll::Ready(Outcome::Returned(Err(TurnError::Interrupted)))
            }
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
        Call::GoOn(unfinished) => responder.go_on(turn, *unfinished).await,
        Call::GiveUp => Err(TurnError::Interrupted),
    }
}

/// Decides how the turn ends and what concludes it.
fn settle(turn: &mut Turn, outcome: Outcome) -> Left {
    turn.recorder.live().retract();
    let status = match outcome {
        Outcome::Returned(Ok(())) => finished(turn),
        Outcome::Returned(Err(TurnError::Gone))
        | Outcome::Stopped(StopReason::Deleted | StopReason::Lost) => return Left::Gone,
        Outcome::Stopped(StopReason::HandedOver) => return Left::HandedOver,
        Outcome::Stopped(StopReason::User) => {
            let note = note_of(turn, STOPPED_NOTE);
            turn.recorder.conclude_pending();
            turn.recorder.conclude(ThreadEvent::item_done(note));
            TurnStatus::Stopped
        }
        Outcome::Stopped(StopReason::Shutdown) | Outcome::Returned(Err(TurnError::Interrupted)) => {
            let note = note_of(turn, INTERRUPTED_NOTE);
            turn.recorder.conclude_pending();
            turn.recorder.conclude(ThreadEvent::item_done(note));
            turn.recorder.conclude(interrupted(Retry::AsTheErrorSays));
            TurnStatus::Interrupted
        }
        Outcome::TooLong => {
            tracing::warn!(turn = %turn.id(), "a turn reached its deadline");
            turn.recorder.conclude_pending();
            let message = "The answer took too long and was ended.".to_owned();
            turn.recorder
                .conclude(failure(ErrorCode::Custom, Some(message), true));
            TurnStatus::Failed
        }
        Outcome::Returned(Err(error)) => {
            tracing::error!(turn = %turn.id(), thread = %turn.thread_id(), %error, "a turn failed");
            if turn.recorder.store_has_failed() {
                turn.recorder.conclude_pending();
            } else {
                turn.recorder.take_back_pending();
            }
            turn.recorder.conclude(error_event(&error));
            TurnStatus::Failed
        }
    };
    Left::Ended(status)
}

fn finished(turn: &Turn) -> TurnStatus {
    if turn.recorder.waits_for_user() {
        TurnStatus::Waiting
    } else {
        TurnStatus::Done
    }
}

/// Stores the end, as long as the store may come back; what the store doesn't take is given up.
async fn store_end(turn: &mut Turn, mut status: TurnStatus, keeper: &Keeper) -> Option<Wanted> {
    let mut pause = FIRST_PAUSE;
    // Each try may take a while itself.
    let began = tokio::time::Instant::now();
    let mut is_bare = false;
    while began.elapsed() < END_PATIENCE {
        let at = turn.now();
        match turn.recorder.end(status, at).await {
            Ok(()) => return None,
            Err(Refused::Gone) => return find_out(turn).await,
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
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
    tracing::error!(turn = %turn.id(), "a turn's end was not stored; it is taken up again when the store is back");
    leave_unended(turn, keeper);
    None
}

/// Leaves the turn to whoever takes it up. Readers who resume read on there; others are told. No number of the log is
/// used for that, for what couldn't be stored may have been.
fn leave_unended(turn: &mut Turn, keeper: &Keeper) {
    let live = turn.recorder.live();
    live.hold().give_away();
    live.leave();
    live.part(&interrupted(live.retry()));
    let wanted = Wanted::of(live);
    keeper.note_unended(turn.recorder.scope(), turn.recorder.key(), wanted);
    turn.recorder.forget_unstored();
}

fn error_event(error: &TurnError) -> ThreadEvent {
    match error {
        TurnError::Custom {
            message,
            allow_retry,
        } => failure(ErrorCode::Custom, Some(message.clone()), *allow_retry),
        TurnError::Stream { allow_retry } => failure(ErrorCode::StreamError, None, *allow_retry),
        TurnError::Interrupted => interrupted(Retry::AsTheErrorSays),
        TurnError::Other { .. } | TurnError::Gone => failure(ErrorCode::StreamError, None, true),
    }
}

/// What readers see of a turn whose server went away.
pub(super) fn interrupted(retry: Retry) -> ThreadEvent {
    failure(
        ErrorCode::Custom,
        Some(INTERRUPTED_MESSAGE.to_owned()),
        retry == Retry::AsTheErrorSays,
    )
}

/// What readers see of a turn that was deleted under them.
pub(super) fn gone() -> ThreadEvent {
    failure(ErrorCode::Custom, Some(GONE_MESSAGE.to_owned()), false)
}

/// What plain clients see when the answer goes on where they can't follow.
pub(super) fn elsewhere() -> ThreadEvent {
    let message = Some(ELSEWHERE_MESSAGE.to_owned());
    failure(ErrorCode::Custom, message, false)
}

/// What plain clients see that have read something which is no longer so.
pub(super) fn lost_track() -> ThreadEvent {
    failure(
        ErrorCode::Custom,
        Some(LOST_TRACK_MESSAGE.to_owned()),
        false,
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
