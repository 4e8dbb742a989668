//! The one way by which anything of a turn is stored or shown.
//!
//! It keeps this rule: nothing is shown as done before it is stored.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemId, Page, ThreadEvent, ThreadMetadata, Timestamp};
use frontdesk_store::{
    Step, Store, StoreError, ThreadPatch, TurnEnd, TurnKey, TurnStatus, TurnWrite, Written,
};

use tokio::time::Instant;

use super::frame::Audience;
use super::live::{LiveTurn, Retry, StopReason};
use super::meaning::{difference, visible, waits, write_of};
use super::pending::{Pending, Unfinished};
use super::refused::Refused;
use super::tokens::Tokens;
use super::writing::Writing;
use crate::{Limits, TurnError};

/// How long after something was stored the turn counts as this process's: much shorter than leases are.
const CONFIRMED_FOR: Duration = Duration::from_secs(1);

/// How long a write that the store doesn't answer is made again: it may have been made, so that it is the same.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Records one turn.
pub(crate) struct Recorder {
    live: Arc<LiveTurn>,
    store: Arc<dyn Store>,
    limits: Limits,
    pending: Pending,
    /// What an earlier attempt left open, as far as readers still see it.
    left_open: Pending,
    thread: ThreadMetadata,
    saved: ThreadMetadata,
    thread_touched: bool,
    steps: Vec<Step>,
    concluding: Vec<ThreadEvent>,
    waits_for_user: bool,
    tokens: Tokens,
    store_has_failed: bool,
    writing: Writing,
    /// When something was stored last.
    stored_at: Option<Instant>,
    certainty: Certainty,
}

/// Whether it is known what the store has of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Certainty {
    Known,
    /// It may have events under numbers that were taken back: this attempt gives those to nothing else.
    Unknown,
}

impl Recorder {
    pub(crate) fn new(
        live: Arc<LiveTurn>,
        store: Arc<dyn Store>,
        limits: Limits,
        thread: ThreadMetadata,
    ) -> Self {
        Self {
            live,
            store,
            limits,
            pending: Pending::default(),
            left_open: Pending::default(),
            saved: thread.clone(),
            thread,
            thread_touched: false,
            steps: Vec::new(),
            concluding: Vec::new(),
            waits_for_user: false,
            tokens: Tokens::default(),
            store_has_failed: false,
            writing: Writing::default(),
            stored_at: None,
            certainty: Certainty::Known,
        }
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.live.scope
    }

    pub(crate) fn key(&self) -> &TurnKey {
        &self.live.key
    }

    pub(crate) fn live(&self) -> &Arc<LiveTurn> {
        &self.live
    }

    pub(crate) fn writing(&self) -> Writing {
        self.writing.clone()
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    pub(crate) fn thread(&self) -> &ThreadMetadata {
        &self.thread
    }

    pub(crate) fn thread_mut(&mut self) -> &mut ThreadMetadata {
        self.thread_touched = true;
        &mut self.thread
    }

    /// Whether something that was recorded waits for the user's answer.
    pub(crate) fn waits_for_user(&self) -> bool {
        self.waits_for_user
    }

    /// Says that something does.
    pub(crate) fn wait_for_user(&mut self) {
        self.waits_for_user = true;
    }

    /// Says that no error of this turn offers to try again.
    pub(crate) fn never_retry(&self) {
        self.live.never_retry();
    }

    /// Says that workflows stay where the turn is stopped.
    pub(crate) fn keep_workflows(&mut self) {
        self.pending.leave_workflows(Unfinished::Kept);
    }

    /// What the turn used so far, to be added to.
    pub(crate) fn tokens_mut(&mut self) -> &mut Tokens {
        &mut self.tokens
    }

    /// The tokens that the turn used so far.
    pub(crate) fn tokens(&self) -> u64 {
        self.tokens.sum()
    }

    /// A step to be stored with whatever is stored next.
    pub(crate) fn queue_step(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Follows an event that an earlier attempt recorded.
    pub(crate) fn resume_after(&mut self, event: &ThreadEvent) {
        self.left_open.follow(event);
    }

    /// Takes back what readers have seen of items that an earlier attempt left open: this one begins them anew.
    fn take_back_left_open(&mut self) {
        for id in self.left_open.take() {
            self.show(&ThreadEvent::item_removed(id), Audience::Everyone);
        }
    }

    /// Records an event: stores what it says is done, then shows it. Who works on the turn tells its readers.
    pub(crate) async fn record(&mut self, mut event: ThreadEvent) -> Result<(), TurnError> {
        // What an earlier call left behind when it was dropped was never stored.
        self.live.retract();
        self.refuse_uncertain()?;
        self.take_back_left_open();
        self.adopt(&mut event);
        let write = write_of(&event);
        if let Some(event) = visible(&event) {
            self.append(&event)?;
        }
        if let Some(write) = write {
            self.store_now(write, WRITE_PATIENCE).await?;
        }
        self.waits_for_user |= waits(&event);
        self.pending.follow(&event);
        self.live.publish();
        self.announce_thread().await?;
        self.writing.give_way().await;
        Ok(())
    }

    /// Keeps an event to be stored and shown together with the turn's end.
    pub(crate) fn conclude(&mut self, mut event: ThreadEvent) {
        self.adopt(&mut event);
        self.waits_for_user |= waits(&event);
        if let (ThreadEvent::Error(error), Retry::Never) = (&mut event, self.live.retry()) {
            error.allow_retry = false;
        }
        self.concluding.push(event);
    }

    /// Stores and announces what the responder changed of the thread.
    async fn announce_thread(&mut self) -> Result<(), TurnError> {
        if self.thread_touched {
            self.follow_title().await;
        }
        let Some(patch) = self.thread_patch() else {
            return Ok(());
        };
        self.append(&self.thread_updated())?;
        let write = TurnWrite {
            thread: Some(patch),
            ..TurnWrite::default()
        };
        self.store_now(write, WRITE_PATIENCE).await?;
        self.saved = self.thread.clone();
        self.live.publish();
        Ok(())
    }

    /// Takes the title as it is stored, where the turn changes others of the thread's fields: its user may have renamed
    /// the thread since the turn began.
    async fn follow_title(&mut self) {
        if self.thread == self.saved || self.thread.title != self.saved.title {
            return;
        }
        let thread = &self.live.key.thread;
        if let Ok(Some(stored)) = self.store.thread(&self.live.scope, thread).await {
            self.thread.title.clone_from(&stored.title);
            self.saved.title = stored.title;
        }
    }

    fn thread_patch(&mut self) -> Option<ThreadPatch> {
        let may_differ = std::mem::take(&mut self.thread_touched);
        (may_differ && self.thread != self.saved).then(|| difference(&self.saved, &self.thread))
    }

    fn thread_updated(&self) -> ThreadEvent {
        ThreadEvent::thread_updated(self.thread.to_wire(Page::default()))
    }

    /// Shows an event of the turn's beginning.
    pub(crate) fn show(&self, event: &ThreadEvent, audience: Audience) {
        if self.is_uncertain() {
            return;
        }
        self.live.push(event.to_wire().into(), audience);
        self.live.publish();
        self.live.tell();
    }

    /// Concludes the turn with what is unfinished: text that was seen becomes a message, the rest is taken back.
    pub(crate) fn conclude_pending(&mut self) {
        let (mut kept, mut dropped) = self.left_open.drain();
        let (of_this, not_of_this) = self.pending.drain();
        kept.extend(of_this);
        dropped.extend(not_of_this);
        kept.retain(|item| !self.is_concluded(item.id()));
        let done = kept.into_iter().map(ThreadEvent::item_done);
        let removed = dropped.into_iter().map(ThreadEvent::item_removed);
        self.concluding.extend(done.chain(removed));
    }

    fn is_concluded(&self, id: &ItemId) -> bool {
        self.concluding
            .iter()
            .any(|event| matches!(event, ThreadEvent::ItemDone(done) if done.item.id() == id))
    }

    /// Whether the store failed where the responder needed it: what it left open is not its own decision.
    pub(crate) fn store_has_failed(&self) -> bool {
        self.store_has_failed
    }

    /// Takes back what is unfinished from readers that expect it. Plain clients do so by themselves at an error.
    pub(crate) fn take_back_pending(&mut self) {
        self.take_back_left_open();
        let (kept, dropped) = self.pending.drain();
        let ids = kept
            .into_iter()
            .map(|item| item.id().clone())
            .chain(dropped);
        for id in ids.filter(|id| !self.is_concluded(id)).collect::<Vec<_>>() {
            self.show(&ThreadEvent::item_removed(id), Audience::Resuming);
        }
    }

    /// Stores the turn's end with what concludes it and all that is left of its log, then shows the rest, of which readers
    /// are told when the turn is finished.
    pub(crate) async fn end(&mut self, status: TurnStatus, at: Timestamp) -> Result<(), Refused> {
        self.live.retract();
        self.take_back_left_open();
        self.follow_title().await;
        let end = TurnEnd {
            status,
            at,
            tokens: self.tokens.sum(),
        };
        let mut write = TurnWrite {
            end: Some(end),
            ..TurnWrite::default()
        };
        for event in &self.concluding {
            match event {
                ThreadEvent::ItemDone(done) => write.put.push(done.item.clone()),
                ThreadEvent::ItemRemoved(removed) => write.remove.push(removed.item_id.clone()),
                _ => {}
            }
        }
        for event in self.concluding.iter().filter_map(visible) {
            self.live.push(event.to_wire().into(), Audience::Everyone);
        }
        if self.thread != self.saved {
            write.thread = Some(difference(&self.saved, &self.thread));
            self.live
                .push(self.thread_updated().to_wire().into(), Audience::Everyone);
        }
        self.refuse_uncertain()?;
        self.live.hold().begin_end();
        self.store_now(write, Duration::ZERO).await?;
        self.live.hold().end();
        self.concluding.clear();
        self.live.publish();
        Ok(())
    }

    /// Gives up what the store doesn't take, and takes what was seen of it back from readers that expect it.
    pub(crate) fn take_back_unstored(&mut self) {
        let refused: Vec<ItemId> = self
            .concluding
            .iter()
            .filter_map(|event| match event {
                ThreadEvent::ItemDone(done) if !done.item.is_hidden() => {
                    Some(done.item.id().clone())
                }
                _ => None,
            })
            .collect();
        self.take_back_pending();
        for id in refused {
            self.show(&ThreadEvent::item_removed(id), Audience::Resuming);
        }
        self.forget_unstored();
    }

    /// Gives up what the store doesn't take.
    pub(crate) fn forget_unstored(&mut self) {
        self.concluding.clear();
        self.steps.clear();
        self.thread = self.saved.clone();
    }

    /// Stores the steps that wait, in a write of their own.
    pub(crate) async fn store_steps(&mut self) -> Result<(), TurnError> {
        if self.steps.is_empty() {
            return Ok(());
        }
        Ok(self.store_now(TurnWrite::default(), WRITE_PATIENCE).await?)
    }

    /// Makes sure that the turn is still this process's: whatever is done after that is known to whoever takes it over.
    /// What was stored a moment ago has made sure of it.
    pub(crate) async fn confirm(&mut self) -> Result<(), TurnError> {
        if self.live.stop_reason().is_some_and(StopReason::is_no_end) {
            return Err(TurnError::Gone);
        }
        let is_fresh = |stored_at: Instant| stored_at.elapsed() < CONFIRMED_FOR;
        if self.steps.is_empty() && self.stored_at.is_some_and(is_fresh) {
            return Ok(());
        }
        Ok(self.store_now(TurnWrite::default(), WRITE_PATIENCE).await?)
    }

    /// Whether the store may have events that were taken back. Only a new attempt can go on then.
    pub(crate) fn is_uncertain(&self) -> bool {
        self.certainty == Certainty::Unknown
    }

    fn refuse_uncertain(&self) -> Result<(), Refused> {
        if self.is_uncertain() {
            let detail = "it is not known what of this turn is stored".to_owned();
            return Err(Refused::Away { detail });
        }
        Ok(())
    }

    /// Stores what readers have seen, and nothing else of what is under way: another process does that anew.
    pub(crate) async fn leave(&mut self) -> Result<(), Refused> {
        self.live.retract();
        self.steps.clear();
        self.store_now(TurnWrite::default(), Duration::ZERO).await
    }

    /// Appends an event to the log; readers see it when it is published.
    fn append(&self, event: &ThreadEvent) -> Result<(), TurnError> {
        let json = event.to_wire();
        if json.len() > self.limits.event_bytes {
            let detail = format!("an event of {} bytes is more than is allowed", json.len());
            return Err(TurnError::other(detail));
        }
        let total = self.live.push(json.into(), Audience::Everyone);
        if total > self.limits.turn_bytes {
            self.live.retract();
            return Err(TurnError::Custom {
                message: "The answer became too long and was ended here.".to_owned(),
                allow_retry: false,
            });
        }
        Ok(())
    }

    /// One transaction: the write itself, the steps that wait, and all of the log that isn't known to be stored, with
    /// the events that say so. While the store is away the same is tried again for so long. If it fails, those events
    /// are taken back.
    async fn store_now(&mut self, mut write: TurnWrite, patience: Duration) -> Result<(), Refused> {
        write.steps.extend(self.steps.iter().cloned());
        let claim = self.live.claim_rest();
        write.log = claim
            .iter()
            .flat_map(|claim| claim.batches().to_vec())
            .collect();
        let under_way = self.writing.begin();
        let (written, asked_at) = self.write(&write, patience).await;
        drop(under_way);
        if let Ok(Written::Stored) = written {
            self.stored_at = Some(asked_at);
            self.steps.clear();
            if let Some(claim) = claim {
                claim.settle();
            }
            return Ok(());
        }
        drop(claim);
        let is_away = matches!(written, Err(StoreError::Unavailable { .. }));
        // The end is tried again by whoever asks for it, the same each time.
        if self.live.retract() > 0 && is_away && write.end.is_none() {
            self.certainty = Certainty::Unknown;
        }
        self.store_has_failed = true;
        Err(match written {
            Err(StoreError::Unavailable { detail }) => Refused::Away { detail },
            Err(error) => Refused::Never {
                detail: format!("{error:?}"),
            },
            Ok(_) => Refused::Gone,
        })
    }

    /// Makes a write, again and again while the store is away: what it has made already changes nothing. A turn that is
    /// another process's waits for nothing.
    async fn write(
        &self,
        write: &TurnWrite,
        patience: Duration,
    ) -> (Result<Written, StoreError>, Instant) {
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let asked_at = Instant::now();
            let (scope, key) = (&self.live.scope, &self.live.key);
            let written = self.store.write_turn(scope, key, write.clone()).await;
            let is_away = matches!(written, Err(StoreError::Unavailable { .. }));
            if !is_away || began.elapsed() >= patience || self.has_no_time() {
                return (written, asked_at);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn has_no_time(&self) -> bool {
        let reason = self.live.stop_reason();
        reason.is_some_and(StopReason::is_no_end)
    }

    /// Makes the event's item this thread's: a responder can't write into another one.
    fn adopt(&self, event: &mut ThreadEvent) {
        let item = match event {
            ThreadEvent::ItemAdded(event) => &mut event.item,
            ThreadEvent::ItemDone(event) => &mut event.item,
            ThreadEvent::ItemReplaced(event) => &mut event.item,
            _ => return,
        };
        if *item.thread_id() != self.live.key.thread {
            item.set_thread_id(self.live.key.thread.clone());
        }
    }
}
