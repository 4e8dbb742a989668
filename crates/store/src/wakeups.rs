//! How the processes on one store wake each other.

use std::fmt;

use async_trait::async_trait;
use tokio::sync::broadcast;

use crate::{Result, TurnId};

/// Turns about which another process may find something new in the store: their log has grown, they have ended,
/// somebody reads them or asked to stop them, or nobody runs them any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wakeup {
    /// These turns.
    Turns(Vec<TurnId>),
    /// Any turn: some wake-ups may have been lost.
    Any,
}

/// Wakes other processes. It is a way to be quick, not to be right: who waits for something also looks by itself from
/// time to time.
#[async_trait]
pub trait Wakeups: Send + Sync + fmt::Debug {
    /// Wakes all processes on the store, perhaps this one, too: once for all of these turns.
    async fn wake(&self, turns: &[TurnId]) -> Result<()>;

    /// What others wake this process for, from now on. A receiver that lags has lost some.
    fn listen(&self) -> broadcast::Receiver<Wakeup>;
}
