//! Whatever fails, the stream ends with a stored message or an error; nothing is shown as done before it is stored.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_chat::{OnDisconnect, TurnError};
use frontdesk_identity::Scope;
use frontdesk_protocol::{
    Attachment, AttachmentId, FeedbackKind, ItemId, Page, ThreadId, ThreadItem, ThreadMetadata,
};
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{
    Attachments, Began, BeginTurn, Connecting, Connection, Connections, Entered, EventId, Feedback,
    Found, Held, Idle, ItemFeedback, Items, Lease, LogBatch, Maintenance, PageRequest, ProcessId,
    Result, Search, SearchRequest, Step, StoreError, StoredItem, TakenOver, ThreadPatch, Threads,
    TurnId, TurnKey, TurnRecord, TurnWrite, Turns, Usage, UtcDay, Wakeup, Wakeups, Written,
};
use futures_util::FutureExt;
use serde_json::json;
use tokio::sync::{Semaphore, broadcast};

use crate::calls::Calls;
use crate::desk::{
    Answering, Desk, answering, create, event, kinds, plain, read_all, read_until, resuming,
};

#[async_trait]
impl Maintenance for Faulty {
    async fn append_logs(&self, batches: &[(Scope, LogBatch)]) -> Result<()> {
        self.appends.pass().await;
        let turns = batches.iter().map(|(_, batch)| batch.turn.clone());
        self.appended.lock().unwrap().push(turns.collect());
        self.inner.append_logs(batches).await
    }
    async fn running_turns(&self) -> Result<Vec<(Scope, TurnRecord)>> {
        self.inner.running_turns().await
    }
    async fn abandoned_turns(&self, limit: u32) -> Result<Vec<(Scope, TurnRecord)>> {
        self.inner.abandoned_turns(limit).await
    }
    async fn take_over(
        &self,
        scope: &Scope,
        turn: &TurnId,
        from_attempt: u32,
        lease: &Lease,
    ) -> Result<Option<TakenOver>> {
        self.calls.make("take_over").await?;
        self.inner.take_over(scope, turn, from_attempt, lease).await
    }
    async fn renew_leases(&self, lease: &Lease, turns: &[(Scope, TurnKey)]) -> Result<Vec<Held>> {
        self.calls.make("renew_leases").await?;
        self.renewals.pass().await;
        self.inner.renew_leases(lease, turns).await
    }
    async fn wanted_turns(&self, holder: &ProcessId) -> Result<Vec<Held>> {
        self.inner.wanted_turns(holder).await
    }
    async fn release_turn(&self, scope: &Scope, key: &TurnKey, holder: &ProcessId) -> Result<bool> {
        self.inner.release_turn(scope, key, holder).await
    }
    async fn release_all(&self) -> Result<()> {
        self.inner.release_all().await
    }
    async fn drop_logs(&self, ended_before: frontdesk_clock::Timestamp) -> Result<u64> {
        self.drops_asked.fetch_add(1, Ordering::SeqCst);
        self.drops.pass().await;
        self.inner.drop_logs(ended_before).await
    }
    async fn sweep(&self, now: frontdesk_clock::Timestamp) -> Result<()> {
        self.inner.sweep(now).await
    }
    async fn delete_idle_threads(&self, idle: &Idle, limit: u32) -> Result<u64> {
        self.inner.delete_idle_threads(idle, limit).await
    }
    async fn index_older(&self, limit: u32) -> Result<u64> {
        self.inner.index_older(limit).await
    }
    async fn ping(&self) -> Result<()> {
        self.inner.ping().await
    }
}

#[async_trait]
impl Search for Faulty {
    async fn search(&self, scope: &Scope, request: &SearchRequest) -> Result<Option<Page<Found>>> {
        self.inner.search(scope, request).await
    }
}

#[async_trait]
impl Wakeups for Faulty {
    async fn wake(&self, turns: &[TurnId]) -> Result<()> {
        if self.is_deaf.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.woken.lock().unwrap().push(turns.to_vec());
        self.inner.wake(turns).await
    }
    fn listen(&self) -> broadcast::Receiver<Wakeup> {
        self.inner.listen()
    }
}

#[async_trait]
impl Usage for Faulty {
    async fn tokens_used(&self, scope: &Scope, day: UtcDay) -> Result<u64> {
        self.calls.make("tokens_used").await?;
        self.inner.tokens_used(scope, day).await
    }
    async fn add_tokens(&self, scope: &Scope, day: UtcDay, tokens: u64) -> Result<()> {
        self.inner.add_tokens(scope, day, tokens).await
    }
}

#[async_trait]
impl Feedback for Faulty {
    async fn give_feedback(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: &[ItemId],
        kind: FeedbackKind,
        at: frontdesk_clock::Timestamp,
    ) -> Result<bool> {
        let given = self.inner.give_feedback(scope, thread, items, kind, at);
        given.await
    }
    async fn feedback(&self, scope: &Scope, thread: &ThreadId) -> Result<Vec<ItemFeedback>> {
        self.inner.feedback(scope, thread).await
    }
}

#[async_trait]
impl Connections for Faulty {
    async fn save_connection(
        &self,
        scope: &Scope,
        server: &str,
        sealed: &[u8],
        at: frontdesk_clock::Timestamp,
    ) -> Result<()> {
        self.inner.save_connection(scope, server, sealed, at).await
    }
    async fn load_connection(&self, scope: &Scope, server: &str) -> Result<Option<Vec<u8>>> {
        self.inner.load_connection(scope, server).await
    }
    async fn remove_connection(&self, scope: &Scope, server: &str) -> Result<bool> {
        self.inner.remove_connection(scope, server).await
    }
    async fn connections(&self, scope: &Scope) -> Result<Vec<Connection>> {
        self.inner.connections(scope).await
    }
    async fn begin_connecting(&self, scope: &Scope, connecting: Connecting) -> Result<()> {
        self.inner.begin_connecting(scope, connecting).await
    }
}

/// A store whose writes of turns wait for a gate, or fail.
#[derive(Debug)]
pub(crate) struct Faulty {
    inner: Arc<MemoryStore>,
    pub(crate) gate: Semaphore,
    /// Writes are made and wait for this one before they are answered.
    pub(crate) answers: Gate,
    pub(crate) begins: Gate,
    pub(crate) appends: Gate,
    pub(crate) renewals: Gate,
    pub(crate) drops: Gate,
    pub(crate) drops_asked: AtomicUsize,
    /// No wake-up reaches anybody.
    pub(crate) is_deaf: AtomicBool,
    /// The turns of each append, and those of each wake-up.
    pub(crate) appended: Mutex<Vec<Vec<TurnId>>>,
    pub(crate) woken: Mutex<Vec<Vec<TurnId>>>,
    pub(crate) calls: Calls,
    pub(crate) fails: AtomicBool,
    /// Nothing that it is asked about a turn or a thread is answered.
    pub(crate) is_mute: AtomicBool,
    /// So many writes are made and not answered.
    pub(crate) unanswered: AtomicUsize,
    pub(crate) refused: AtomicUsize,
}

/// Open until it is closed.
#[derive(Debug)]
pub(crate) struct Gate(tokio::sync::watch::Sender<bool>);

impl Gate {
    fn open() -> Self {
        Self(tokio::sync::watch::Sender::new(true))
    }

    pub(crate) fn close_gate(&self) {
        self.0.send_replace(false);
    }

    pub(crate) fn open_gate(&self) {
        self.0.send_replace(true);
    }

    async fn pass(&self) {
        let mut open = self.0.subscribe();
        open.wait_for(|open| *open).await.unwrap();
    }
}

fn away<T>() -> Result<T> {
    Err(StoreError::Unavailable {
        detail: "disk full at /secret/place".to_owned(),
    })
}

impl Faulty {
    pub(crate) fn new(permits: usize) -> Arc<Self> {
        Self::over(Arc::new(MemoryStore::new()), permits)
    }

    /// Over a store that others see as it is.
    pub(crate) fn over(inner: Arc<MemoryStore>, permits: usize) -> Arc<Self> {
        Arc::new(Self {
            inner,
            gate: Semaphore::new(permits),
            answers: Gate::open(),
            begins: Gate::open(),
            appends: Gate::open(),
            renewals: Gate::open(),
            drops: Gate::open(),
            drops_asked: AtomicUsize::new(0),
            is_deaf: AtomicBool::new(false),
            appended: Mutex::default(),
            woken: Mutex::default(),
            calls: Calls::default(),
            fails: AtomicBool::new(false),
            is_mute: AtomicBool::new(false),
            unanswered: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        })
    }
}

#[async_trait]
impl Threads for Faulty {
    async fn thread(&self, scope: &Scope, id: &ThreadId) -> Result<Option<ThreadMetadata>> {
        self.calls.make("thread").await?;
        if self.is_mute.load(Ordering::SeqCst) {
            return away();
        }
        self.inner.thread(scope, id).await
    }
    async fn threads(
        &self,
        scope: &Scope,
        page: &PageRequest,
    ) -> Result<Option<Page<ThreadMetadata>>> {
        self.inner.threads(scope, page).await
    }
    async fn update_thread(
        &self,
        scope: &Scope,
        id: &ThreadId,
        patch: ThreadPatch,
    ) -> Result<Option<ThreadMetadata>> {
        self.inner.update_thread(scope, id, patch).await
    }
    async fn delete_thread(&self, scope: &Scope, id: &ThreadId) -> Result<bool> {
        self.inner.delete_thread(scope, id).await
    }
    async fn create_thread(&self, scope: &Scope, thread: ThreadMetadata) -> Result<()> {
        self.inner.create_thread(scope, thread).await
    }
}

#[async_trait]
impl Items for Faulty {
    async fn item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        id: &ItemId,
    ) -> Result<Option<ThreadItem>> {
        self.calls.make("item").await?;
        self.inner.item(scope, thread, id).await
    }
    async fn items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        page: &PageRequest,
    ) -> Result<Option<Page<ThreadItem>>> {
        self.inner.items(scope, thread, page).await
    }
    async fn recent_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        limit: u32,
    ) -> Result<Vec<StoredItem>> {
        self.inner.recent_items(scope, thread, limit).await
    }
    async fn items_of_turn(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        turn: &TurnId,
    ) -> Result<Vec<ThreadItem>> {
        self.inner.items_of_turn(scope, thread, turn).await
    }
    async fn recent_with_steps(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        limit: u32,
    ) -> Result<(Vec<StoredItem>, Vec<Step>)> {
        self.inner.recent_with_steps(scope, thread, limit).await
    }
    async fn steps(&self, scope: &Scope, thread: &ThreadId, turns: &[TurnId]) -> Result<Vec<Step>> {
        self.calls.make("steps").await?;
        self.inner.steps(scope, thread, turns).await
    }
    async fn put_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: Vec<ThreadItem>,
    ) -> Result<bool> {
        self.inner.put_items(scope, thread, items).await
    }
}

#[async_trait]
impl Attachments for Faulty {
    async fn attachment(&self, scope: &Scope, id: &AttachmentId) -> Result<Option<Attachment>> {
        self.inner.attachment(scope, id).await
    }
    async fn put_attachment(&self, scope: &Scope, attachment: Attachment) -> Result<()> {
        self.inner.put_attachment(scope, attachment).await
    }
    async fn delete_attachment(&self, scope: &Scope, id: &AttachmentId) -> Result<bool> {
        self.inner.delete_attachment(scope, id).await
    }
}

#[async_trait]
impl Turns for Faulty {
    async fn begin_turn(&self, scope: &Scope, begin: BeginTurn) -> Result<Began> {
        self.begins.pass().await;
        self.calls.make("begin_turn").await?;
        self.inner.begin_turn(scope, begin).await
    }
    async fn write_turn(&self, scope: &Scope, key: &TurnKey, write: TurnWrite) -> Result<Written> {
        self.gate.acquire().await.unwrap().forget();
        if self.fails.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return away();
        }
        let written = self.inner.write_turn(scope, key, write).await;
        self.answers.pass().await;
        let left = |left: usize| left.checked_sub(1);
        let unanswered = &self.unanswered;
        match unanswered.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left) {
            Ok(_) => away(),
            Err(_) => written,
        }
    }
    async fn turn(&self, scope: &Scope, id: &TurnId) -> Result<Option<TurnRecord>> {
        if self.is_mute.load(Ordering::SeqCst) {
            return away();
        }
        self.inner.turn(scope, id).await
    }
    async fn running_turn(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<TurnId>> {
        self.inner.running_turn(scope, thread).await
    }
    async fn thread_with_running(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Result<Option<Entered>> {
        if self.is_mute.load(Ordering::SeqCst) {
            return away();
        }
        self.calls.make("thread_with_running").await?;
        self.inner.thread_with_running(scope, thread).await
    }
    async fn last_turn(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<TurnRecord>> {
        self.inner.last_turn(scope, thread).await
    }
    async fn turn_of_key(&self, scope: &Scope, key: &[u8; 32]) -> Result<Option<TurnRecord>> {
        self.calls.make("turn_of_key").await?;
        self.inner.turn_of_key(scope, key).await
    }
    async fn ask_to_stop(&self, scope: &Scope, turn: &TurnId) -> Result<bool> {
        self.calls.make("ask_to_stop").await?;
        self.inner.ask_to_stop(scope, turn).await
    }
    async fn read_elsewhere(&self, scope: &Scope, turn: &TurnId, length: Duration) -> Result<bool> {
        self.inner.read_elsewhere(scope, turn, length).await
    }
    async fn turn_log(
        &self,
        scope: &Scope,
        id: &TurnId,
        after: Option<EventId>,
    ) -> Result<Vec<LogBatch>> {
        self.calls.make("turn_log").await?;
        self.inner.turn_log(scope, id, after).await
    }
}

pub(crate) fn desk(store: &Arc<Faulty>, responder: Arc<Answering>) -> Desk {
    Desk::over(store.clone(), store.clone(), responder, OnDisconnect::Auto)
}

#[tokio::test]
async fn nothing_is_shown_as_done_before_it_is_stored() {
    let store = Faulty::new(0);
    let desk = desk(&store, answering());
    let (_, mut reader) = desk.begin(create("hi"), &plain()).await;
    let seen = read_until(&mut reader, |event| event["update"]["delta"] == "done").await;
    let thread = crate::desk::thread_of(&seen);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    // The write waits at the gate: so does what it says is done.
    let kinds = kinds(&seen).into_iter();
    let shown = kinds.filter(|kind| kind == "thread.item.done");
    assert_eq!(shown.count(), 1, "only the user's message is done");
    assert!(reader.next().now_or_never().is_none());
    assert_eq!(desk.items(&thread, &plain()).await.len(), 1);
    store.gate.add_permits(1);
    let done = read_until(&mut reader, |event| event["type"] == "thread.item.done").await;
    assert_eq!(
        desk.items(&thread, &plain()).await[1],
        event(&done[0])["item"]
    );
    store.gate.add_permits(10);
    read_all(&mut reader).await;
}

#[tokio::test]
async fn a_stream_always_ends_with_a_message_or_an_error() {
    let panics = Answering::with(|_, _| Box::pin(async { panic!("a fault of the application") }));
    let fails =
        Answering::with(|_, _| Box::pin(async { Err(TurnError::other("at /secret/place")) }));
    for responder in [panics, fails] {
        let desk = Desk::new(responder);
        let (_, mut reader) = desk.begin(create("hi"), &plain()).await;
        let frames = read_all(&mut reader).await;
        let last = event(frames.last().unwrap());
        assert_eq!(
            last,
            json!({"type": "error", "code": "stream.error", "allow_retry": true})
        );
    }
}

#[tokio::test]
async fn a_stop_waits_for_what_is_being_stored() {
    let store = Faulty::new(0);
    let responder = Answering::with(|turn, _| {
        Box::pin(async move {
            let id = crate::desk::begin_message(turn).await?;
            crate::desk::delta(turn, &id, "whole").await?;
            crate::desk::finish_message(turn, id, "whole").await?;
            std::future::pending().await
        })
    });
    let desk = desk(&store, responder);
    let (turn, mut reader) = desk.begin(create("hi"), &resuming()).await;
    let seen = read_until(&mut reader, |event| event["update"]["delta"] == "whole").await;
    let thread = crate::desk::thread_of(&seen);
    let cx = resuming();
    let mut stop = Box::pin(desk.service.stop(&cx, &turn));
    for _ in 0..100 {
        assert!((&mut stop).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    store.gate.add_permits(100);
    stop.await.unwrap();
    let rest = read_all(&mut reader).await;
    assert_eq!(kinds(&rest), ["thread.item.done"]);
    let items = desk.items(&thread, &plain()).await;
    assert_eq!(items[1], event(&rest[0])["item"]);
    // What is stored of the log is what the reader saw.
    let mut late = desk.service.events(&cx, &turn, None).await.unwrap();
    let all: Vec<_> = seen.into_iter().chain(rest).collect();
    assert_eq!(read_all(&mut late).await, all);
}
