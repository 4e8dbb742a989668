//! What the process does for all owners; never for a request.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::Timestamp;

use crate::{
    Held, Idle, Lease, LogBatch, ProcessId, Result, TakenOver, TurnId, TurnKey, TurnRecord,
};

/// The upkeep of a store, across owners.
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// Appends to the logs of any number of turns at once. A batch is left out when its turn is gone or is
    /// under another attempt, or when as much is there already; one with more events from the same first takes its place.
    async fn append_logs(&self, batches: &[(Scope, LogBatch)]) -> Result<()>;

    /// All running turns with their owners, oldest first.
    async fn running_turns(&self) -> Result<Vec<(Scope, TurnRecord)>>;

    /// Running turns whose lease has run out, the one that ran out first at the beginning; at most `limit`.
    async fn abandoned_turns(&self, limit: u32) -> Result<Vec<(Scope, TurnRecord)>>;

    /// Gives a turn whose lease has run out to another process and raises its attempt by one, if it still runs under
    /// `from_attempt`; `None` if it doesn't, or if its lease holds.
    async fn take_over(
        &self,
        scope: &Scope,
        turn: &TurnId,
        from_attempt: u32,
        lease: &Lease,
    ) -> Result<Option<TakenOver>>;

    /// Renews the lease of those of these turns that still run under their attempt and are held by the lease's
    /// process, and answers with them: any other is this process's no more.
    async fn renew_leases(&self, lease: &Lease, turns: &[(Scope, TurnKey)]) -> Result<Vec<Held>>;

    /// Those of the process's running turns about which it has to know something.
    async fn wanted_turns(&self, holder: &ProcessId) -> Result<Vec<Held>>;

    /// Ends the lease of a running turn of this process at once, so that another one can take it over. `false` if the
    /// process doesn't hold it any more.
    async fn release_turn(&self, scope: &Scope, key: &TurnKey, holder: &ProcessId) -> Result<bool>;

    /// Ends all leases at once: to be called by a process that knows itself to be the only one.
    async fn release_all(&self) -> Result<()>;

    /// Deletes the logs of turns that ended before this time, and says how many turns had one.
    async fn drop_logs(&self, ended_before: Timestamp) -> Result<u64>;

    /// Deletes what has run out: use of more than [`USAGE_DAYS`](crate::limit::USAGE_DAYS) ago, and ways to an
    /// authorization server from which nobody came back in time.
    async fn sweep(&self, now: Timestamp) -> Result<()>;

    /// Deletes idle threads with all that belongs to them, at most `limit`, and says how many.
    async fn delete_idle_threads(&self, idle: &Idle, limit: u32) -> Result<u64>;

    /// Makes at most so many threads and as many items findable that an earlier version stored, and says how many they
    /// were: none when there are no more.
    async fn index_older(&self, limit: u32) -> Result<u64>;

    /// Succeeds if the store can be read.
    async fn ping(&self) -> Result<()>;
}
