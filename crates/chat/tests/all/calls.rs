//! Single calls of a store, as a test wants them: counted, slow, waiting at a gate, or failing.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use frontdesk_store::{Result, StoreError};
use tokio::sync::watch;

/// The calls of one store, by their names.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    made: Mutex<HashMap<&'static str, usize>>,
    closed: watch::Sender<HashSet<&'static str>>,
    fails: Mutex<HashMap<&'static str, usize>>,
    lost: Mutex<HashSet<&'static str>>,
    length: Mutex<Duration>,
}

impl Calls {
    /// From now on these calls wait.
    pub(crate) fn close(&self, call: &'static str) {
        self.closed.send_modify(|closed| {
            closed.insert(call);
        });
    }

    /// They don't any more.
    pub(crate) fn open(&self, call: &'static str) {
        self.closed.send_modify(|closed| {
            closed.remove(call);
        });
    }

    /// The call after so many more finds the store away.
    pub(crate) fn fail_after(&self, more: usize, call: &'static str) {
        let number = self.made(call) + more + 1;
        self.fails.lock().unwrap().insert(call, number);
    }

    /// From now on these calls find the store away.
    pub(crate) fn lose(&self, call: &'static str) {
        self.lost.lock().unwrap().insert(call);
    }

    /// They don't any more.
    pub(crate) fn find(&self, call: &'static str) {
        self.lost.lock().unwrap().remove(call);
    }

    /// From now on each call takes so long.
    pub(crate) fn slow_down(&self, length: Duration) {
        *self.length.lock().unwrap() = length;
    }

    /// How many were made so far.
    pub(crate) fn made(&self, call: &'static str) -> usize {
        self.made.lock().unwrap().get(call).copied().unwrap_or(0)
    }

    /// Makes a call as the test wants it.
    pub(crate) async fn make(&self, call: &'static str) -> Result<()> {
        let number = {
            let mut made = self.made.lock().unwrap();
            let made = made.entry(call).or_default();
            *made += 1;
            *made
        };
        let length = *self.length.lock().unwrap();
        if !length.is_zero() {
            tokio::time::sleep(length).await;
        }
        let mut closed = self.closed.subscribe();
        closed
            .wait_for(|closed| !closed.contains(call))
            .await
            .unwrap();
        let is_lost = self.lost.lock().unwrap().contains(call);
        if is_lost || self.fails.lock().unwrap().get(call) == Some(&number) {
            let detail = format!("{call} failed at /secret/place");
            return Err(StoreError::Unavailable { detail });
        }
        Ok(())
    }
}
