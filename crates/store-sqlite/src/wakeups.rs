//! Wake-ups between those who share a store of this process. Another process on the same file finds out by looking.

use async_trait::async_trait;
use frontdesk_store::{Result, TurnId, Wakeup, Wakeups};
use tokio::sync::broadcast;

use crate::SqliteStore;

/// Wake-ups that a receiver may be behind.
pub(crate) const WAKEUPS_KEPT: usize = 1_024;

#[async_trait]
impl Wakeups for SqliteStore {
    async fn wake(&self, turns: &[TurnId]) -> Result<()> {
        // Nobody listening is no failure.
        drop(self.wakeups.send(Wakeup::Turns(turns.to_vec())));
        Ok(())
    }

    fn listen(&self) -> broadcast::Receiver<Wakeup> {
        self.wakeups.subscribe()
    }
}
