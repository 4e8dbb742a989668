//! Takes over turns that lost their process, and goes on with them under a new attempt.
//!
//! What earlier attempts stored stays. What readers have seen of their unfinished items is taken back at the first event
//! of the new attempt, or kept where there is none. At worst the turn ends as interrupted.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;

use frontdesk_identity::{Credentials, Principal, Scope};
use frontdesk_protocol::{ThreadEvent, ThreadItem, ThreadMetadata};
use frontdesk_store::{Entered, TakenOver, TurnKey, TurnRecord, Wakeup};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::continuation::{self, CallsFor, Recalled};
use super::handle::Turn;
use super::hold::Hold;
use super::hub::Hub;
use super::lease::{Keeper, Wanted};
use super::live::{LiveTurn, StopReason};
use super::recall;
use super::recorder::Recorder;
use super::stored::{StoredLog, StoredPage};
use super::task::{Call, Running, run};
use super::thread_time::ThreadTime;
use crate::{ChatError, Client, Page, Parts, RequestContext};

/// How often turns of dead processes are looked for: this long, and up to as long again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The shortest time between two looks that others asked for.
const LOOK_PAUSE: Duration = Duration::from_millis(200);
/// Turns that one look takes over; the next one follows at once where there are as many.
const MOST_AT_ONCE: u32 = 32;
/// How often a turn is taken up, its first time included, before it is given up.
const MOST_ATTEMPTS: u32 = 5;

/// Takes turns over.
pub(crate) struct Takeover {
    pub(crate) parts: Parts,
    pub(crate) hub: Arc<Hub>,
    pub(crate) tasks: TaskTracker,
    pub(crate) keeper: Arc<Keeper>,
    /// Cancelled when this process shuts down: what it takes over after that it leaves again.
    pub(crate) taking: CancellationToken,
}

/// A turn that is taken over, and not gone on with yet. Dropped before that, it is given away again.
struct Unkept<'a> {
    keeper: &'a Keeper,
    scope: &'a Scope,
    key: Option<TurnKey>,
}

impl Unkept<'_> {
    fn keep(mut self) {
        self.key = None;
    }
}

impl Drop for Unkept<'_> {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            self.keeper.note_unended(self.scope, key, Wanted::GoOn);
        }
    }
}

impl Takeover {
    /// Looks for turns that nobody runs, until the token is cancelled.
    pub(crate) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut wakeups = self.parts.wakeups.listen();
        let mut next = Instant::now();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(some_time()) => {}
                () = self.woken(&mut wakeups) => {
                    tokio::time::sleep_until(next).await;
                    wakeups = wakeups.resubscribe();
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.take_abandoned() => {}
            }
            next = Instant::now() + LOOK_PAUSE;
        }
    }

    /// Waits for a wake-up that may be about a turn that nobody runs.
    async fn woken(&self, wakeups: &mut broadcast::Receiver<Wakeup>) {
        loop {
            match wakeups.recv().await {
                Ok(Wakeup::Turns(turns)) => {
                    if turns.iter().any(|turn| !self.hub.has(turn)) {
                        return;
                    }
                }
                Ok(Wakeup::Any) | Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => return std::future::pending().await,
            }
        }
    }

    async fn take_abandoned(&self) {
        let store = self.parts.store.as_ref();
        self.keeper.release_unended(store).await;
        loop {
            let found = self.parts.maintenance.abandoned_turns(MOST_AT_ONCE).await;
            let found = match found {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(?error, "abandoned turns are not known");
                    return;
                }
            };
            let is_all = found.len() < MOST_AT_ONCE as usize;
            let mut taken = 0;
            // Of those that run here the leases are about to be renewed, or lost.
            let found = found
                .into_iter()
                .filter(|(_, record)| !self.hub.has(&record.id));
            for (scope, record) in found {
                match self.take(&scope, &record).await {
                    Ok(live) => taken += usize::from(live.is_some()),
                    Err(error) => {
                        tracing::warn!(turn = %record.id, ?error, "a turn was not taken over");
                    }
                }
            }
            if is_all || taken == 0 {
                return;
            }
        }
    }

    /// Takes this turn over and goes on with it in a task of its own. `None` where somebody runs it, it is gone, or as
    /// many run here as may.
    pub(crate) async fn take(
        &self,
        scope: &Scope,
        record: &TurnRecord,
    ) -> Result<Option<Arc<LiveTurn>>, ChatError> {
        let most = self.parts.options.limits.turns;
        let Some(_taking) = self.hub.begin_taking(&record.id, most) else {
            return Ok(self.hub.find(scope, &record.id));
        };
        let key = TurnKey {
            thread: record.thread_id.clone(),
            turn: record.id.clone(),
            attempt: record.attempt.saturating_add(1),
        };
        let unkept = Unkept {
            keeper: &self.keeper,
            scope,
            key: Some(key.clone()),
        };
        let (until, lease) = (self.keeper.until(), &self.keeper.lease);
        let maintenance = self.parts.maintenance.as_ref();
        let taken = maintenance.take_over(scope, &record.id, record.attempt, lease);
        let Some(taken) = taken.await? else {
            unkept.keep();
            return Ok(None);
        };
        tracing::warn!(turn = %record.id, attempt = key.attempt, "a turn is taken over");
        let hold = Hold::default();
        hold.lease(until);
        let reading = self.read(scope, record, &taken, &key);
        let read = self.keeper.keep_while(scope, &key, &hold, reading);
        let Some((turn, call)) = read.await.transpose()?.flatten() else {
            return Ok(None);
        };
        let live = Arc::clone(turn.recorder.live());
        if let Some(until) = hold.until() {
            live.hold().lease(until);
        }
        let limits = &self.parts.options.limits;
        let Some(running) = Running::take_in(&self.hub, &live, limits) else {
            self.keeper.release(scope, &live.key).await?;
            unkept.keep();
            return Ok(None);
        };
        unkept.keep();
        self.keeper.renew_early(live.hold());
        if self.taking.is_cancelled() {
            live.stop(live.leaving());
        }
        let responder = Arc::clone(&self.parts.responder);
        let keeper = Arc::clone(&self.keeper);
        let deadline = self.time_left(record);
        let work = run(turn, call, responder, deadline, running, keeper);
        self.tasks.spawn(work.in_current_span());
        Ok(Some(live))
    }

    /// The turn as it is stored, and what its responder is to be called for; `None` where its thread is gone.
    async fn read(
        &self,
        scope: &Scope,
        record: &TurnRecord,
        taken: &TakenOver,
        key: &TurnKey,
    ) -> Result<Option<(Turn, Call)>, ChatError> {
        let store = self.parts.store.as_ref();
        // Asked now that no earlier attempt can store anything any more.
        let entered = store.thread_with_running(scope, &record.thread_id).await;
        let entered = match or_without(entered, key)? {
            Some(None) => return Ok(None),
            read => read.flatten(),
        };
        let (recalled, call) = self.recall(scope, record, taken).await?;
        let credentials = recalled.context.credentials.clone();
        let live = LiveTurn::new(
            scope.clone(),
            key.clone(),
            credentials,
            recalled.when_unread,
        );
        if taken.is_stop_asked {
            live.hold().want();
            live.stop(StopReason::User);
        }
        let turn = self.resume(&live, record, entered, recalled, &call).await?;
        Ok(Some((turn, call)))
    }

    /// What is known of the turn, and what its responder is to be called for.
    async fn recall(
        &self,
        scope: &Scope,
        record: &TurnRecord,
        taken: &TakenOver,
    ) -> Result<(Recalled, Call), ChatError> {
        let left = taken.continuation.as_ref().and_then(continuation::read);
        let Some(recalled) = left.filter(|left| left.context.scope() == *scope) else {
            return Ok((unknown(scope), Call::GiveUp));
        };
        let may_go_on = record.attempt < MOST_ATTEMPTS && !self.time_left(record).is_zero();
        let call = match &recalled.calls_for {
            Some(calls_for) if may_go_on => {
                let store = self.parts.store.as_ref();
                recall::unfinished(store, scope, &record.thread_id, calls_for).await?
            }
            _ => None,
        };
        let go_on = |unfinished| Call::GoOn(Box::new(unfinished));
        Ok((recalled, call.map_or(Call::GiveUp, go_on)))
    }

    /// What is left of the longest time that the turn may take.
    fn time_left(&self, record: &TurnRecord) -> Duration {
        let age = self.parts.clock.now().duration_since(record.created_at);
        let age = Duration::try_from(age).unwrap_or_default();
        self.parts.options.turn_deadline.saturating_sub(age)
    }

    /// The turn as it is stored, in its thread where that can be read. Of another one only what the turn tells is known:
    /// a turn that ends shows and changes nothing of it.
    async fn resume(
        &self,
        live: &Arc<LiveTurn>,
        record: &TurnRecord,
        entered: Option<Entered>,
        recalled: Recalled,
        call: &Call,
    ) -> Result<Turn, ChatError> {
        let parts = &self.parts;
        let (scope, key, store) = (&live.scope, &live.key, parts.store.as_ref());
        let log = StoredLog {
            store,
            scope,
            turn: &key.turn,
        };
        let first = or_without(log.page(None).await, key)?;
        let steps = store.steps(scope, &key.thread, std::slice::from_ref(&key.turn));
        let steps = or_without(steps.await, key)?;
        // The first process died before anything of the log was stored.
        let is_empty = first.as_ref().is_some_and(|page| page.frames.is_empty());
        let is_unshown = is_empty && entered.is_some();
        let (thread, newest) = match entered {
            Some(entered) => (entered.thread, entered.newest),
            None => (
                ThreadMetadata::new(record.thread_id.clone(), record.created_at),
                Some(record.created_at),
            ),
        };
        let limits = parts.options.limits.clone();
        let recorder = Recorder::new(Arc::clone(live), Arc::clone(&parts.store), limits, thread);
        let time = ThreadTime::after(Arc::clone(&parts.clock), newest);
        let ids = Arc::clone(&parts.ids);
        let turn = Turn::new(recorder, recalled.context, time, ids, recalled.place);
        let mut turn = turn.with_files(parts.uploads.clone());
        let known = steps.as_deref().unwrap_or_default();
        turn.resume_after(known);
        turn.count_tokens(parts.responder.tokens_of(known));
        let is_action = recalled
            .calls_for
            .map(|calls_for| matches!(calls_for, CallsFor::Action { .. }));
        if is_unshown {
            recall::show_beginning(&turn, call, parts.options.on_disconnect);
        }
        let has_message = follow(&mut turn, log, first, key).await?;
        // Trying again would forget what the user decided, and what was done then. Where it isn't known what the turn
        // was called for, it was that if it did something without a message.
        let may_have_done = steps.is_none_or(|steps| !steps.is_empty());
        if is_action.unwrap_or(!has_message && may_have_done) {
            turn.never_retry();
        }
        Ok(turn)
    }
}

/// Follows what earlier attempts recorded. Answers whether the turn begins with a message.
async fn follow(
    turn: &mut Turn,
    log: StoredLog<'_>,
    first: Option<StoredPage>,
    key: &TurnKey,
) -> Result<bool, ChatError> {
    let mut has_message = false;
    let mut next = first;
    while let Some(page) = next {
        for frame in &page.frames {
            match serde_json::from_slice::<ThreadEvent>(&frame.json) {
                Ok(event) => {
                    has_message |= begins_with_message(&event);
                    turn.follow(&event);
                }
                Err(error) => {
                    tracing::warn!(turn = %key.turn, %error, "an unreadable event in a log");
                }
            }
        }
        next = match page.frames.last() {
            Some(last) if !page.is_last => or_without(log.page(last.id).await, key)?,
            _ => None,
        };
    }
    Ok(has_message)
}

/// What was read of a turn that is taken over. A turn that was given up and couldn't be read then ends in the attempts
/// after that without what can't be read, `None`: else it would be taken over for ever.
fn or_without<T, E>(read: Result<T, E>, key: &TurnKey) -> Result<Option<T>, ChatError>
where
    ChatError: From<E>,
{
    match read.map_err(ChatError::from) {
        Err(error) if key.attempt > MOST_ATTEMPTS + 1 => {
            tracing::error!(turn = %key.turn, ?error, "a turn ends without what can't be read of it");
            Ok(None)
        }
        read => read.map(Some),
    }
}

fn begins_with_message(event: &ThreadEvent) -> bool {
    matches!(event, ThreadEvent::ItemDone(done) if matches!(done.item, ThreadItem::UserMessage(_)))
}

/// What can be said of a turn of which nothing is known any more.
fn unknown(scope: &Scope) -> Recalled {
    let principal = Principal::new(scope.tenant.clone(), scope.user.clone());
    Recalled::nothing(RequestContext {
        principal: Arc::new(principal),
        credentials: Credentials::default(),
        request_id: String::new(),
        idempotency_key: None,
        locale: None,
        client: Client::Resuming,
        page: Page::default(),
    })
}

/// A pause that differs from process to process and from time to time, so that not all of them look at once.
fn some_time() -> Duration {
    let random = RandomState::new().build_hasher().finish();
    let part = u32::try_from(random % 1_000).unwrap_or_default();
    LOOK_EVERY + LOOK_EVERY * part / 1_000
}
