//! Who in this process waits for news of a turn, and the one task that passes on what other processes wake it for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use frontdesk_store::{TurnId, Wakeup};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

/// The turns of which somebody in this process awaits news.
#[derive(Debug, Default)]
pub(crate) struct Bells(Mutex<HashMap<TurnId, Rope>>);

/// What rings all bells of a turn.
#[derive(Debug, Default)]
struct Rope {
    rung: watch::Sender<()>,
    bells: usize,
}

/// One who awaits news of a turn.
#[derive(Debug)]
pub(crate) struct Bell {
    bells: Arc<Bells>,
    turn: TurnId,
    rung: watch::Receiver<()>,
}

impl Bells {
    fn turns(&self) -> MutexGuard<'_, HashMap<TurnId, Rope>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bell of a turn: it rings for all news from now on.
    pub(crate) fn of(self: &Arc<Self>, turn: &TurnId) -> Bell {
        let mut turns = self.turns();
        let rope = turns.entry(turn.clone()).or_default();
        rope.bells += 1;
        let rung = rope.rung.subscribe();
        drop(turns);
        Bell {
            bells: Arc::clone(self),
            turn: turn.clone(),
            rung,
        }
    }

    /// Rings for who awaits news of these turns.
    pub(crate) fn ring(&self, turns: &[TurnId]) {
        let bells = self.turns();
        let bells = turns.iter().filter_map(|turn| bells.get(turn));
        bells.for_each(|rope| rope.rung.send_replace(()));
    }

    fn ring_all(&self) {
        let bells = self.turns();
        bells.values().for_each(|rope| rope.rung.send_replace(()));
    }

    /// Passes wake-ups on until the token is cancelled. Where some were lost, everybody looks.
    pub(crate) async fn pass_on(
        self: Arc<Self>,
        mut wakeups: broadcast::Receiver<Wakeup>,
        closing: CancellationToken,
    ) {
        loop {
            let next = tokio::select! {
                () = closing.cancelled() => return,
                next = wakeups.recv() => next,
            };
            match next {
                Ok(Wakeup::Turns(turns)) => self.ring(&turns),
                Ok(Wakeup::Any) | Err(RecvError::Lagged(_)) => self.ring_all(),
                // From here on whoever waits looks by itself from time to time.
                Err(RecvError::Closed) => return,
            }
        }
    }
}

impl Bell {
    /// Waits for news that came since the last wait, at most this long.
    pub(crate) async fn wait(&mut self, longest: Duration) {
        let _ = tokio::time::timeout(longest, self.rung.changed()).await;
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        let mut turns = self.bells.turns();
        if let Entry::Occupied(mut entry) = turns.entry(self.turn.clone()) {
            entry.get_mut().bells -= 1;
            if entry.get().bells == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use frontdesk_store::Wakeups;
    use frontdesk_store::memory::MemoryStore;
    use futures_util::FutureExt;
    use tokio_util::task::TaskTracker;

    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test(start_paused = true)]
    async fn a_bell_rings_for_its_turn_and_when_something_was_lost() {
        let (store, bells) = (MemoryStore::new(), Arc::new(Bells::default()));
        let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(Arc::clone(&bells).pass_on(store.listen(), closing.clone()));
        let (one, two) = (TurnId::new("turn_1"), TurnId::new("turn_2"));
        let (mut first, mut other) = (bells.of(&one), bells.of(&two));
        store.wake(std::slice::from_ref(&one)).await.unwrap();
        first.wait(LONG).await;
        assert!(other.wait(LONG).now_or_never().is_none());
        assert!(first.wait(LONG).now_or_never().is_none());
        for _ in 0..5_000 {
            store.wake(&[]).await.unwrap();
        }
        first.wait(LONG).await;
        other.wait(LONG).await;
        drop(first);
        assert_eq!(bells.turns().len(), 1);
        drop(other);
        assert!(bells.turns().is_empty());
        closing.cancel();
        tasks.close();
        tasks.wait().await;
    }

    #[test]
    fn bells_that_are_dropped_at_once_leave_nothing_behind() {
        let (bells, turn) = (Arc::new(Bells::default()), TurnId::new("turn_1"));
        let (first, other) = (bells.of(&turn), bells.of(&turn));
        // What listens goes after the lock: of two, each may still be there when the other one is counted.
        let listening = (first.rung.clone(), other.rung.clone());
        drop(first);
        assert_eq!(bells.turns().len(), 1);
        drop(other);
        assert!(bells.turns().is_empty());
        drop(listening);
    }
}
