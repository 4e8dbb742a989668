//! Wake-ups between those who share a store in memory.

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::MemoryStore;
use crate::{Result, TurnId, Wakeup, Wakeups};

#[async_trait]
impl Wakeups for MemoryStore {
    async fn wake(&self, turns: &[TurnId]) -> Result<()> {
        // Nobody listening is no failure.
        drop(self.wakeups.send(Wakeup::Turns(turns.to_vec())));
        Ok(())
    }

    fn listen(&self) -> broadcast::Receiver<Wakeup> {
        self.wakeups.subscribe()
    }
}
