//! What the process does for all owners; never for a request.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::Timestamp;

use crate::{LogBatch, Result, TurnId, TurnRecord};

/// The upkeep of a store, across owners.
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// Appends to the logs of any number of turns at once. A batch is left out when its turn is gone or is
    /// under another attempt, or when as much is there already; one with more events from the same first takes its place.
    async fn append_logs(&self, batches: &[LogBatch]) -> Result<()>;

    /// All running turns with their owners, oldest first.
    async fn running_turns(&self) -> Result<Vec<(Scope, TurnRecord)>>;

    /// Raises the attempt of a turn by one, if it still runs under `from_attempt`. `false` if it doesn't.
    async fn take_over(&self, scope: &Scope, turn: &TurnId, from_attempt: u32) -> Result<bool>;

    /// Deletes the logs of turns that ended before this time, and says how many turns had one.
    async fn drop_logs(&self, ended_before: Timestamp) -> Result<u64>;

    /// Deletes what has run out: use of more than [`USAGE_DAYS`](crate::limit::USAGE_DAYS) ago, and ways to an
    /// authorization server from which nobody came back in time.
    async fn sweep(&self, now: Timestamp) -> Result<()>;

    /// Succeeds if the store can be read.
    async fn ping(&self) -> Result<()>;
}
