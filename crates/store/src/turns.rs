//! Turns and their logs.

use std::time::Duration;

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::ThreadId;

use crate::{
    Began, BeginTurn, Entered, EventId, LogBatch, Result, TurnId, TurnKey, TurnRecord, TurnWrite,
    Written,
};

/// The turns of an owner. At most one runs in a thread.
#[async_trait]
pub trait Turns: Send + Sync {
    /// Begins a turn, in one transaction. What refuses it is looked for by the statements that store it, not before:
    /// also whether the thread's newest turn is still [the one that was seen](crate::After).
    async fn begin_turn(&self, scope: &Scope, begin: BeginTurn) -> Result<Began>;

    /// Writes on behalf of a running turn, in one transaction, if it still runs under the key's attempt.
    async fn write_turn(&self, scope: &Scope, key: &TurnKey, write: TurnWrite) -> Result<Written>;

    /// A turn.
    async fn turn(&self, scope: &Scope, turn: &TurnId) -> Result<Option<TurnRecord>>;

    /// The turn that runs in a thread.
    async fn running_turn(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<TurnId>>;

    /// A thread with the turn that runs in it, its latest time and its newest turn, as of one moment.
    async fn thread_with_running(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Result<Option<Entered>>;

    /// The newest turn of a thread, by (time of making, id).
    async fn last_turn(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<TurnRecord>>;

    /// The turn that a request with this key began.
    async fn turn_of_key(&self, scope: &Scope, key: &[u8; 32]) -> Result<Option<TurnRecord>>;

    /// Asks the process that runs a turn to stop it. `false` if the turn doesn't run.
    async fn ask_to_stop(&self, scope: &Scope, turn: &TurnId) -> Result<bool>;

    /// Notes that a process which doesn't run the turn reads it, from now on for this long by the store's clock.
    /// `false` if the turn doesn't run.
    async fn read_elsewhere(&self, scope: &Scope, turn: &TurnId, length: Duration) -> Result<bool>;

    /// The next batches of a turn's log that hold anything later than `after`, in order: a page of at most
    /// [`LOG_PAGE_BATCHES`](crate::limit::LOG_PAGE_BATCHES), which takes no further one when it has
    /// [`LOG_PAGE_BYTES`](crate::limit::LOG_PAGE_BYTES). Only behind a
    /// [full](crate::limit::is_full_log_page) page there may be more, after its last event.
    async fn turn_log(
        &self,
        scope: &Scope,
        turn: &TurnId,
        after: Option<EventId>,
    ) -> Result<Vec<LogBatch>>;
}
