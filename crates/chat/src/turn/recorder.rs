//! The one way by which anything of a turn is stored or shown.
//!
//! It keeps this rule: nothing is shown as done before it is stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use frontdesk_identity::Scope;
use frontdesk_protocol::{
    ClientToolCallStatus, Page, StructuredInputStatus, ThreadEvent, ThreadItem, ThreadMetadata,
};
use frontdesk_store::{Step, Store, StoreError, ThreadPatch, TurnEnd, TurnKey, TurnWrite, Written};

use super::frame::Audience;
use super::live::LiveTurn;
use super::pending::Pending;
use crate::{Limits, TurnError};

/// Records one turn.
pub(crate) struct Recorder {
    live: Arc<LiveTurn>,
    store: Arc<dyn Store>,
    limits: Limits,
    pending: Pending,
    pub(crate) thread: ThreadMetadata,
    saved: ThreadMetadata,
    steps: Vec<Step>,
    concluding: Vec<ThreadEvent>,
    waits_for_user: bool,
    writing: Writing,
}

/// Whether something is being stored right now: nobody drops the recorder's future in the middle of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Writing(Arc<AtomicBool>);

impl Writing {
    pub(crate) fn is_under_way(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn set(&self, is_under_way: bool) {
        self.0.store(is_under_way, Ordering::Release);
    }
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
            saved: thread.clone(),
            thread,
            steps: Vec::new(),
            concluding: Vec::new(),
            waits_for_user: false,
            writing: Writing::default(),
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

    /// Whether something that was recorded waits for the user's answer.
    pub(crate) fn waits_for_user(&self) -> bool {
        self.waits_for_user
    }

    /// A step to be stored with whatever is stored next.
    pub(crate) fn queue_step(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Follows an event that an earlier attempt recorded.
    pub(crate) fn resume_after(&mut self, event: &ThreadEvent) {
        self.pending.follow(event);
    }

    /// Records an event: stores what it says is done, then shows it.
    pub(crate) async fn record(&mut self, mut event: ThreadEvent) -> Result<(), TurnError> {
        self.adopt(&mut event);
        let write = self.write_of(&event);
        self.pending.follow(&event);
        self.append_visible(event)?;
        if let Some(write) = write {
            self.store_now(write).await?;
        }
        self.live.publish();
        self.announce_thread().await
    }

    /// Keeps an event to be stored and shown together with the turn's end.
    pub(crate) fn conclude(&mut self, mut event: ThreadEvent) {
        self.adopt(&mut event);
        self.concluding.push(event);
    }

    /// Stores and announces what the responder changed of the thread.
    pub(crate) async fn announce_thread(&mut self) -> Result<(), TurnError> {
        if self.thread == self.saved {
            return Ok(());
        }
        let write = TurnWrite {
            thread: Some(difference(&self.saved, &self.thread)),
            ..TurnWrite::default()
        };
        let event = ThreadEvent::thread_updated(self.thread.to_wire(Page::default()));
        self.append(&event, Audience::Everyone)?;
        self.store_now(write).await?;
        self.saved = self.thread.clone();
        self.live.publish();
        Ok(())
    }

    /// Shows an event that needs no storing.
    pub(crate) fn show(&self, event: &ThreadEvent, audience: Audience) -> Result<(), TurnError> {
        self.append(event, audience)?;
        self.live.publish();
        Ok(())
    }

    /// Settles what is unfinished: text that was seen is stored and shown as done, the rest is taken back.
    /// `note` is stored with it, for the model to read.
    pub(crate) async fn settle_pending(&mut self, note: ThreadItem) -> Result<(), TurnError> {
        self.concluding.clear();
        let (kept, dropped) = self.pending.drain();
        let mut put = kept.clone();
        put.push(note);
        let done = kept.into_iter().map(ThreadEvent::item_done);
        let removed = dropped.into_iter().map(ThreadEvent::item_removed);
        for event in done.chain(removed) {
            self.append(&event, Audience::Everyone)?;
        }
        let write = TurnWrite {
            put,
            ..TurnWrite::default()
        };
        self.store_now(write).await?;
        self.live.publish();
        Ok(())
    }

    /// Stores the turn's end with what concludes it and all that is left of its log, then shows the rest.
    pub(crate) async fn end(&mut self, end: TurnEnd) -> Result<(), TurnError> {
        let mut write = TurnWrite {
            end: Some(end),
            ..TurnWrite::default()
        };
        for event in self.concluding.clone() {
            write.put.extend(
                self.write_of(&event)
                    .into_iter()
                    .flat_map(|write| write.put),
            );
            self.append_visible(event)?;
        }
        self.store_now(write).await?;
        for event in std::mem::take(&mut self.concluding) {
            self.pending.follow(&event);
        }
        self.live.publish();
        Ok(())
    }

    /// Forgets what was to conclude the turn: its end can't be stored.
    pub(crate) fn forget_conclusion(&mut self) {
        self.concluding.clear();
    }

    /// Stores the steps that wait, in a write of their own.
    pub(crate) async fn store_steps(&mut self) -> Result<(), TurnError> {
        if self.steps.is_empty() {
            return Ok(());
        }
        self.store_now(TurnWrite::default()).await
    }

    /// What is to be stored before the event is shown.
    fn write_of(&mut self, event: &ThreadEvent) -> Option<TurnWrite> {
        let mut write = TurnWrite::default();
        match event {
            ThreadEvent::ItemDone(done) => {
                self.waits_for_user |= waits(&done.item);
                write.put = vec![done.item.clone()];
            }
            ThreadEvent::ItemReplaced(replaced) => write.put = vec![replaced.item.clone()],
            ThreadEvent::ItemRemoved(removed) => write.remove = vec![removed.item_id.clone()],
            _ => return None,
        }
        Some(write)
    }

    fn append_visible(&self, event: ThreadEvent) -> Result<(), TurnError> {
        visible(event).map_or(Ok(()), |event| self.append(&event, Audience::Everyone))
    }

    /// Appends an event to the log; readers see it when it is published.
    fn append(&self, event: &ThreadEvent, audience: Audience) -> Result<(), TurnError> {
        let json = event.to_wire();
        if json.len() > self.limits.event_bytes {
            self.live.retract();
            let detail = format!("an event of {} bytes is more than is allowed", json.len());
            return Err(TurnError::other(detail));
        }
        let total = self.live.push(json.into(), audience);
        if total > self.limits.turn_bytes {
            self.live.retract();
            return Err(TurnError::Custom {
                message: "The answer became too long and was ended here.".to_owned(),
                allow_retry: false,
            });
        }
        Ok(())
    }

    /// One transaction: the write itself, the steps that wait, and the log with the events that say so.
    /// If it fails, those events are taken back.
    async fn store_now(&mut self, mut write: TurnWrite) -> Result<(), TurnError> {
        write.steps.extend(self.steps.iter().cloned());
        let claim = self.live.claim_all();
        write.log = claim.iter().map(|claim| claim.batch().clone()).collect();
        self.writing.set(true);
        let written = self
            .store
            .write_turn(&self.live.scope, &self.live.key, write)
            .await;
        self.writing.set(false);
        match written {
            Ok(Written::Stored) => {
                self.steps.clear();
                if let Some(claim) = claim {
                    claim.settle();
                }
                Ok(())
            }
            refused => {
                drop(claim);
                self.live.retract();
                refused
                    .map_err(|error| store_failed(&error))
                    .and(Err(TurnError::Gone))
            }
        }
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

fn store_failed(error: &StoreError) -> TurnError {
    TurnError::other(format!("the store failed: {error:?}"))
}

/// The event as clients may see it. Hidden items are stored and never sent; one that takes the place of an item
/// that was seen takes it away.
fn visible(event: ThreadEvent) -> Option<ThreadEvent> {
    match event {
        ThreadEvent::ItemAdded(event) if event.item.is_hidden() => None,
        ThreadEvent::ItemDone(event) if event.item.is_hidden() => None,
        ThreadEvent::ItemReplaced(event) if event.item.is_hidden() => {
            Some(ThreadEvent::item_removed(event.item.id().clone()))
        }
        ThreadEvent::ThreadCreated(mut event) => {
            event.thread.items.data.retain(|item| !item.is_hidden());
            Some(ThreadEvent::ThreadCreated(event))
        }
        ThreadEvent::ThreadUpdated(mut event) => {
            event.thread.items.data.retain(|item| !item.is_hidden());
            Some(ThreadEvent::ThreadUpdated(event))
        }
        event => Some(event),
    }
}

fn waits(item: &ThreadItem) -> bool {
    match item {
        ThreadItem::ClientToolCall(call) => call.status == ClientToolCallStatus::Pending,
        ThreadItem::StructuredInput(input) => input.status == StructuredInputStatus::Pending,
        _ => false,
    }
}

fn difference(before: &ThreadMetadata, after: &ThreadMetadata) -> ThreadPatch {
    fn changed<T: Clone + PartialEq>(before: &T, after: &T) -> Option<T> {
        (before != after).then(|| after.clone())
    }
    ThreadPatch {
        title: changed(&before.title, &after.title),
        status: changed(&before.status, &after.status),
        metadata: changed(&before.metadata, &after.metadata),
        allowed_image_domains: changed(&before.allowed_image_domains, &after.allowed_image_domains),
    }
}
