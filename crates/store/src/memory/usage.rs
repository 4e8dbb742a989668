//! What users have used, in memory.

use async_trait::async_trait;
use frontdesk_identity::Scope;

use super::MemoryStore;
use super::owner::Owner;
use crate::{Result, Usage, UtcDay, form};

#[async_trait]
impl Usage for MemoryStore {
    async fn tokens_used(&self, scope: &Scope, day: UtcDay) -> Result<u64> {
        Ok(self.read(scope, |owner| owner.tokens.get(&day).copied().unwrap_or(0)))
    }

    async fn add_tokens(&self, scope: &Scope, day: UtcDay, tokens: u64) -> Result<()> {
        self.write(scope, |owner| owner.count(day, tokens));
        Ok(())
    }
}

impl Owner {
    /// Adds the tokens of a turn.
    pub(super) fn count(&mut self, day: UtcDay, tokens: u64) {
        if tokens == 0 {
            return;
        }
        let of_day = self.tokens.entry(day).or_default();
        *of_day = of_day.saturating_add(form::counted_tokens(tokens));
    }
}
