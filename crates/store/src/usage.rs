//! What users have used.

use async_trait::async_trait;
use frontdesk_identity::Scope;

use crate::{Result, UtcDay};

/// The use of an owner. It is added to by the end of each turn, see [`TurnEnd::tokens`](crate::TurnEnd).
#[async_trait]
pub trait Usage: Send + Sync {
    /// The tokens of all turns of the owner that ended on this day.
    async fn tokens_used(&self, scope: &Scope, day: UtcDay) -> Result<u64>;

    /// Adds the tokens of a turn whose end can't be stored, because its thread was deleted meanwhile.
    async fn add_tokens(&self, scope: &Scope, day: UtcDay, tokens: u64) -> Result<()>;
}
