//! One request in flight per key: whoever asks meanwhile waits for it and takes what it brought.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as Turn;

use super::OutgoingError;

/// What was fetched for each key, and whether something is under way.
pub(super) struct Flights<K, T> {
    slots: Mutex<HashMap<K, Arc<Slot<T>>>>,
    most: usize,
}

struct Slot<T> {
    landed: AtomicU64,
    last: Turn<Option<Outcome<T>>>,
}

type Outcome<T> = Result<T, OutgoingError>;

impl<K: Eq + Hash + Clone, T: Clone> Flights<K, T> {
    /// Remembers what was fetched for at most so many keys.
    pub(super) fn new(most: usize) -> Self {
        Self {
            slots: Mutex::default(),
            most,
        }
    }

    /// What is remembered where it is `usable`, else what `fetch` brings. A failure is shared by those who waited for
    /// it and remembered for nobody else.
    pub(super) async fn get(
        &self,
        key: K,
        usable: impl Fn(&T) -> bool,
        fetch: impl Future<Output = Outcome<T>>,
    ) -> Outcome<T> {
        let slot = self.slot(key, &usable);
        let seen = slot.landed.load(Ordering::SeqCst);
        let mut last = slot.last.lock().await;
        let waited = slot.landed.load(Ordering::SeqCst) != seen;
        match last.as_ref() {
            Some(Ok(value)) if usable(value) || waited => return Ok(value.clone()),
            Some(Err(error)) if waited => return Err(error.clone()),
            _ => {}
        }
        let outcome = fetch.await;
        slot.landed.fetch_add(1, Ordering::SeqCst);
        *last = Some(outcome.clone());
        outcome
    }

    /// Does something while nothing is in flight for this key, and forgets what was fetched for it.
    pub(super) async fn alone<R>(&self, key: K, act: impl Future<Output = R>) -> R {
        let slot = self.slot(key, &|_| false);
        let mut last = slot.last.lock().await;
        *last = None;
        act.await
    }

    /// Forgets what was fetched for these keys.
    pub(super) fn forget(&self, which: impl Fn(&K) -> bool) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|key, _| !which(key));
    }

    fn slot(&self, key: K, usable: &impl Fn(&T) -> bool) -> Arc<Slot<T>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= self.most && !slots.contains_key(&key) {
            slots.retain(|_, slot| slot.in_use() || slot.holds(usable));
        }
        if slots.len() >= self.most && !slots.contains_key(&key) {
            // Half of them, so that where there are ever more keys than places not all fetch again at once.
            let mut left = self.most / 2;
            slots.retain(|_, slot| {
                let stays = slot.in_use() || left > 0;
                left = left.saturating_sub(1);
                stays
            });
        }
        let slot = slots.entry(key).or_insert_with(|| {
            Arc::new(Slot {
                landed: AtomicU64::new(0),
                last: Turn::new(None),
            })
        });
        Arc::clone(slot)
    }
}

impl<T> Slot<T> {
    fn in_use(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 1
    }

    fn holds(&self, usable: impl Fn(&T) -> bool) -> bool {
        let last = self.last.try_lock();
        last.is_ok_and(|last| matches!(last.as_ref(), Some(Ok(value)) if usable(value)))
    }
}

impl<K, T> fmt::Debug for Flights<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_remembered_is_bounded_and_the_usable_stays() {
        let flights = Flights::new(2);
        for (key, value) in [(1, 10), (2, 0), (3, 30), (1, 11)] {
            let fetch = async { Ok(value) };
            let got = flights.get(key, |value| *value > 0, fetch).await;
            assert_eq!(got, Ok(if key == 1 { 10 } else { value }));
            assert!(flights.slots.lock().unwrap().len() <= 2);
        }
        for key in 4..100 {
            assert_eq!(flights.get(key, |_| true, async { Ok(key) }).await, Ok(key));
            assert_eq!(flights.slots.lock().unwrap().len(), 2);
        }
    }
}
