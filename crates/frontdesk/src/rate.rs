//! How often something may happen per minute, counted by key: by user, by address.
//!
//! A key may use a minute's worth at once and then goes on at the even pace
//! ([the generic cell rate algorithm](https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm)), so all that is kept
//! of a key is one time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many keys are kept; further ones share one count until old ones have run out.
const MAX_KEYS: usize = 65_536;
/// How often keys that have run out are looked for when there is no room, in microseconds.
const SWEEP_PAUSE: i64 = 1_000_000;
/// In microseconds.
const MINUTE: i64 = 60_000_000;

/// A rate, and what each key has used of it.
#[derive(Debug)]
pub(crate) struct Rate<K> {
    /// Microseconds between two requests at the even pace.
    pace: i64,
    used: Mutex<Used<K>>,
}

#[derive(Debug)]
struct Used<K> {
    /// When each key has its whole minute's worth again, in microseconds since the epoch.
    whole_again: HashMap<K, i64>,
    /// The same for all keys that found no room.
    crowd: i64,
    swept: i64,
}

impl<K: Eq + Hash> Rate<K> {
    /// So many per minute and key.
    pub(crate) fn per_minute(requests: u32) -> Self {
        Self {
            pace: (MINUTE / i64::from(requests.max(1))).max(1),
            used: Mutex::new(Used {
                whole_again: HashMap::new(),
                crowd: 0,
                swept: 0,
            }),
        }
    }

    /// Counts one, or says how long to wait. What is refused doesn't count. `now` is in microseconds since the epoch.
    pub(crate) fn take(&self, key: K, now: i64) -> Result<(), Duration> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let before = used.slot(key, now);
        // A clock that was set back must not lock anybody out for longer than a minute.
        let whole_again = (*before).clamp(now, now.saturating_add(MINUTE));
        let next = whole_again.saturating_add(self.pace);
        let too_early = next.saturating_sub(now.saturating_add(MINUTE));
        if too_early > 0 {
            *before = whole_again;
            return Err(Duration::from_micros(too_early.unsigned_abs()));
        }
        *before = next;
        Ok(())
    }
}

impl<K: Eq + Hash> Used<K> {
    fn slot(&mut self, key: K, now: i64) -> &mut i64 {
        let is_full = self.whole_again.len() >= MAX_KEYS;
        if is_full && now.saturating_sub(self.swept).abs() >= SWEEP_PAUSE {
            self.swept = now;
            self.whole_again.retain(|_, whole_again| *whole_again > now);
        }
        if self.whole_again.len() >= MAX_KEYS && !self.whole_again.contains_key(&key) {
            return &mut self.crowd;
        }
        self.whole_again.entry(key).or_insert(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_minutes_worth_at_once_and_then_the_even_pace() {
        let rate = Rate::per_minute(60);
        for _ in 0..60 {
            assert_eq!(rate.take("ann", 0), Ok(()));
        }
        assert_eq!(rate.take("ann", 0), Err(Duration::from_secs(1)));
        assert_eq!(rate.take("bob", 0), Ok(()), "others have their own");
        assert_eq!(
            rate.take("ann", SECOND / 4),
            Err(Duration::from_millis(750))
        );
        assert_eq!(rate.take("ann", SECOND), Ok(()));
        assert_eq!(rate.take("ann", SECOND), Err(Duration::from_secs(1)));
    }

    #[test]
    fn one_per_minute_is_one_per_minute() {
        let rate = Rate::per_minute(1);
        assert_eq!(rate.take((), 0), Ok(()));
        assert_eq!(rate.take((), 59 * SECOND), Err(Duration::from_secs(1)));
        assert_eq!(rate.take((), 60 * SECOND), Ok(()));
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let rate = Rate::per_minute(1);
        assert_eq!(rate.take((), 10_000 * SECOND), Ok(()));
        assert_eq!(rate.take((), 0), Err(Duration::from_mins(1)));
        assert_eq!(rate.take((), 60 * SECOND), Ok(()));
    }

    #[test]
    fn keys_are_bounded_and_those_without_room_share_one_count() {
        let rate = Rate::per_minute(1);
        let keys = u32::try_from(MAX_KEYS).unwrap();
        for key in 0..keys {
            assert_eq!(rate.take(key, SECOND), Ok(()));
        }
        assert_eq!(rate.take(keys, SECOND), Ok(()));
        assert!(rate.take(keys + 1, SECOND).is_err(), "the crowd's is used");
        assert_eq!(rate.used.lock().unwrap().whole_again.len(), MAX_KEYS);
        assert_eq!(rate.take(keys + 1, 62 * SECOND), Ok(()), "there is room");
        assert_eq!(rate.used.lock().unwrap().whole_again.len(), 1);
    }
}
