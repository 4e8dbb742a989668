//! What a responder holds while it answers.

use std::sync::Arc;

use frontdesk_clock::{Ids, Timestamp};
use frontdesk_protocol::{
    AttachmentId, ItemId, ThreadEvent, ThreadId, ThreadMetadata, UserMessageItem,
};
use frontdesk_store::{Step, StoredItem, TurnId};
use tokio_util::sync::CancellationToken;

use super::recorder::Recorder;
use super::thread_time::ThreadTime;
use crate::{RequestContext, TurnError, UploadedFile, Uploads};

/// A turn, as its responder sees it: who asked, the thread, and [`emit`](Self::emit).
pub struct Turn {
    pub(crate) recorder: Recorder,
    context: RequestContext,
    time: ThreadTime,
    ids: Arc<dyn Ids>,
    place: Place,
    uploads: Option<Arc<dyn Uploads>>,
    next_step: u32,
}

/// Where in its thread a turn stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is the thread's first: there is no history.
    First,
    /// Others may have come before it.
    Later,
}

impl Turn {
    pub(crate) fn new(
        recorder: Recorder,
        context: RequestContext,
        time: ThreadTime,
        ids: Arc<dyn Ids>,
        place: Place,
    ) -> Self {
        Self {
            recorder,
            context,
            time,
            ids,
            place,
            uploads: None,
            next_step: 1,
        }
    }

    /// Goes on after these steps of an earlier attempt.
    pub(crate) fn resume_after(&mut self, steps: &[Step]) {
        let last = steps.iter().map(|step| step.number).max();
        self.next_step = last.map_or(1, |last| last.saturating_add(1));
    }

    /// Follows an event of an earlier attempt. What it left open may be of a time that the thread doesn't have.
    pub(crate) fn follow(&mut self, event: &ThreadEvent) {
        if let ThreadEvent::ItemAdded(added) = event {
            self.time.pass(added.item.created_at());
        }
        self.recorder.resume_after(event);
    }

    /// The same with attachments that can be read.
    pub(crate) fn with_files(self, uploads: Option<Arc<dyn Uploads>>) -> Self {
        Self { uploads, ..self }
    }

    /// The message as it is sent: its attachments with addresses that are good now.
    pub(crate) fn show_attachments(&self, message: &mut UserMessageItem) {
        for attachment in &mut message.attachments {
            if let Some(uploads) = &self.uploads {
                uploads.show(attachment, self.recorder.scope());
            }
        }
    }

    /// Where in its thread the turn stands.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The turn's id.
    pub fn id(&self) -> &TurnId {
        &self.recorder.key().turn
    }

    /// Who asked, and how.
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// The thread's id.
    pub fn thread_id(&self) -> &ThreadId {
        &self.recorder.key().thread
    }

    /// The thread.
    pub fn thread(&self) -> &ThreadMetadata {
        self.recorder.thread()
    }

    /// The thread, to be changed: what is changed is stored, and announced after the next event.
    pub fn thread_mut(&mut self) -> &mut ThreadMetadata {
        self.recorder.thread_mut()
    }

    /// The thread as it is stored now: its user may have renamed it since the turn began.
    ///
    /// # Errors
    /// The store failed.
    pub async fn stored_thread(&self) -> Result<Option<ThreadMetadata>, TurnError> {
        let (scope, store) = (self.recorder.scope(), self.recorder.store());
        store
            .thread(scope, self.thread_id())
            .await
            .map_err(|error| TurnError::other(format!("reading the thread failed: {error:?}")))
    }

    /// Emits an event. An item that it says is done is stored before anybody sees it.
    ///
    /// The future is to be awaited to its end: dropped in the middle, the event may be stored and never shown.
    ///
    /// # Errors
    /// The store failed, or the turn is gone. The responder passes it on.
    pub async fn emit(&mut self, event: ThreadEvent) -> Result<(), TurnError> {
        self.recorder.record(event).await
    }

    /// Emits the event that an answer ends with, an item that is done: it is stored together with the turn's end,
    /// which saves a transaction, and shown right then. The responder returns after it.
    pub fn conclude(&mut self, event: ThreadEvent) {
        self.recorder.conclude(event);
    }

    /// Says that the turn ends with something for the user to answer, in a form that only the responder knows.
    pub fn wait_for_user(&mut self) {
        self.recorder.wait_for_user();
    }

    /// Says that from here on no error of this turn offers to try again: that would forget what the turn has done.
    pub fn never_retry(&mut self) {
        self.recorder.never_retry();
    }

    /// Says that workflows which aren't done when the turn is stopped stay, with what they show by then. Otherwise they
    /// are taken back.
    pub fn keep_workflows(&mut self) {
        self.recorder.keep_workflows();
    }

    /// A new id for an item: `msg`, `wf`, `tsk`, `tc` and the like before a `UUIDv7`.
    pub fn new_item_id(&self, prefix: &str) -> ItemId {
        ItemId::new(self.ids.next(prefix))
    }

    /// The time now, for all that is made for the thread: later than what the thread has and than what was told before,
    /// so that the thread's order is the one in which things were made, whatever the machine's clock says.
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Keeps a step, opaque JSON, to be stored with the next thing that is stored.
    pub fn queue_step(&mut self, version: u16, data: Box<serde_json::value::RawValue>) {
        let turn = self.id().clone();
        let number = self.next_step;
        self.next_step += 1;
        self.recorder.queue_step(Step {
            turn,
            number,
            version,
            data,
        });
    }

    /// Counts tokens that the turn used. They are added to its user's day with the turn's end, however it ends.
    pub fn count_tokens(&mut self, tokens: u64) {
        self.recorder.tokens_mut().count(tokens);
    }

    /// Notes bytes that a model reads or writes in a call that isn't over. Where the turn is stopped before they are
    /// counted, a guess at their tokens is.
    pub fn note_bytes(&mut self, bytes: usize) {
        self.recorder.tokens_mut().note(bytes);
    }

    /// Stores the steps that are kept so far.
    ///
    /// # Errors
    /// The store failed, or the turn is gone.
    pub async fn store_steps(&mut self) -> Result<(), TurnError> {
        self.recorder.store_steps().await
    }

    /// Makes sure that no other process has taken the turn over, and stores the steps that are kept so far: to be called
    /// before something is done outside that must not be done twice. It is a transaction of its own, unless something was
    /// stored a moment ago.
    ///
    /// # Errors
    /// The store failed, or the turn is gone: then nothing may be done.
    pub async fn confirm(&mut self) -> Result<(), TurnError> {
        self.recorder.confirm().await
    }

    /// The newest items of the thread, oldest first, each with the turn that wrote it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn recent_items(&self, limit: u32) -> Result<Vec<StoredItem>, TurnError> {
        let (scope, store) = (self.recorder.scope(), self.recorder.store());
        store
            .recent_items(scope, self.thread_id(), limit)
            .await
            .map_err(|error| TurnError::other(format!("reading items failed: {error:?}")))
    }

    /// [`recent_items`](Self::recent_items), and the steps of the turns that wrote them, turn by turn in the same
    /// order. It is one look into the store.
    ///
    /// # Errors
    /// The store failed.
    pub async fn recent_with_steps(
        &self,
        limit: u32,
    ) -> Result<(Vec<StoredItem>, Vec<Step>), TurnError> {
        let (scope, store) = (self.recorder.scope(), self.recorder.store());
        store
            .recent_with_steps(scope, self.thread_id(), limit)
            .await
            .map_err(|error| TurnError::other(format!("reading the past failed: {error:?}")))
    }

    /// The steps of turns of this thread.
    ///
    /// # Errors
    /// The store failed.
    pub async fn steps(&self, turns: &[TurnId]) -> Result<Vec<Step>, TurnError> {
        let (scope, store) = (self.recorder.scope(), self.recorder.store());
        store
            .steps(scope, self.thread_id(), turns)
            .await
            .map_err(|error| TurnError::other(format!("reading steps failed: {error:?}")))
    }

    /// Whether attachments' bytes can be read at all.
    pub fn has_files(&self) -> bool {
        self.uploads.is_some()
    }

    /// The bytes of an attachment of the turn's user; `None` if there are none, or more than `most`.
    ///
    /// # Errors
    /// The store or the place for files failed.
    pub async fn read_attachment(
        &self,
        attachment: &AttachmentId,
        most: usize,
    ) -> Result<Option<UploadedFile>, TurnError> {
        let Some(uploads) = &self.uploads else {
            return Ok(None);
        };
        let read = uploads.read(attachment, self.recorder.scope(), most).await;
        read.map_err(|error| TurnError::other(format!("reading an attachment failed: {error:?}")))
    }

    /// Cancelled when the user stops the turn. A responder that holds nothing outside of its own future needs it not:
    /// the future is dropped.
    pub fn cancelled(&self) -> CancellationToken {
        self.recorder.live().stop_token()
    }
}
