//! The time in a thread: a process's clock, held so that it never goes back behind what the thread has.
//!
//! Threads are read and cut off in the order of their items' times, and processes' clocks differ.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use frontdesk_clock::{Clock, Timestamp};

/// Tells the time in one thread.
#[derive(Debug)]
pub(crate) struct ThreadTime {
    clock: Arc<dyn Clock>,
    /// The latest time that the thread has, in microseconds.
    latest: AtomicI64,
}

impl ThreadTime {
    /// The time in a new thread.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let latest = AtomicI64::new(i64::MIN);
        Self { clock, latest }
    }

    /// The time in a thread that has something of this time.
    pub(crate) fn after(clock: Arc<dyn Clock>, newest: Option<Timestamp>) -> Self {
        let time = Self::new(clock);
        if let Some(newest) = newest {
            time.pass(newest);
        }
        time
    }

    /// The time now: later than all that the thread has, and than all that was told before.
    pub(crate) fn now(&self) -> Timestamp {
        let clock = self.clock.now();
        let later = |latest: i64| clock.as_microsecond().max(latest.saturating_add(1));
        let latest = self
            .latest
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |latest| {
                Some(later(latest))
            });
        let latest = later(latest.unwrap_or_else(|latest| latest));
        Timestamp::from_microsecond(latest).unwrap_or(Timestamp::MAX)
    }

    /// Notes that the thread has something of this time.
    pub(crate) fn pass(&self, time: Timestamp) {
        self.latest
            .fetch_max(time.as_microsecond(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use frontdesk_clock::ManualClock;

    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_microsecond(micros).unwrap()
    }

    #[test]
    fn it_is_the_clocks_unless_the_thread_is_ahead() {
        let time = ThreadTime::after(Arc::new(ManualClock::at(at(5))), Some(at(3)));
        assert_eq!([time.now(), time.now()], [at(5), at(6)]);
        time.pass(at(9));
        assert_eq!([time.now(), time.now()], [at(10), at(11)]);
        time.pass(at(4));
        assert_eq!(time.now(), at(12));
        let first = ThreadTime::new(Arc::new(ManualClock::at(at(-5))));
        assert_eq!([first.now(), first.now()], [at(-5), at(-4)]);
    }

    #[test]
    fn it_stands_at_the_end_of_time() {
        let time = ThreadTime::after(Arc::new(ManualClock::at(at(0))), Some(Timestamp::MAX));
        assert_eq!([time.now(), time.now()], [Timestamp::MAX; 2]);
    }
}
