//! When a server that fails is tried again: pauses that grow, then none at all for a while.
//!
//! What counts is only whether the server is reached. A refused sign-in is an answer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How a server is tried again after failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconnecting {
    /// The pause after the first failure; it doubles with each further one.
    pub base: Duration,
    /// The longest pause.
    pub cap: Duration,
    /// After so many failures in a row calls fail at once, without being tried.
    pub give_up_after: u32,
    /// How long they do; then one call tries. It doubles with each failed trial, up to `cap`.
    pub rest: Duration,
    /// Failures that are further apart than this don't count as in a row.
    pub window: Duration,
}

impl Default for Reconnecting {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(200),
            cap: Duration::from_secs(30),
            give_up_after: 5,
            rest: Duration::from_secs(5),
            window: Duration::from_mins(2),
        }
    }
}

/// What a call may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Go.
    Open,
    /// Wait this long and go.
    After(Duration),
    /// Fail: nothing is tried for this long.
    Closed(Duration),
}

/// What is known of a server's failures.
#[derive(Debug)]
pub(crate) struct Breaker {
    rules: Reconnecting,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    failures: u32,
    last: Option<Instant>,
    /// Since when somebody tries after a rest.
    trial: Option<Instant>,
}

impl Breaker {
    pub(crate) fn new(rules: Reconnecting) -> Self {
        Self {
            rules,
            state: Mutex::default(),
        }
    }

    /// Asks before anything is sent.
    pub(crate) fn gate(&self, now: Instant) -> Gate {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = state.last else {
            return Gate::Open;
        };
        let passed = now.saturating_duration_since(last);
        if state.failures < self.rules.give_up_after {
            let left = self.pause(state.failures).saturating_sub(passed);
            return if left.is_zero() {
                Gate::Open
            } else {
                Gate::After(left)
            };
        }
        let left = self.rest(state.failures).saturating_sub(passed);
        if !left.is_zero() {
            return Gate::Closed(left);
        }
        // A trial that never says how it went, because its caller left, is forgotten after as long as a rest.
        let abandoned = state
            .trial
            .is_none_or(|since| now.saturating_duration_since(since) >= self.rules.rest);
        if abandoned {
            state.trial = Some(now);
            return Gate::Open;
        }
        Gate::Closed(self.rules.rest)
    }

    /// The server was reached.
    pub(crate) fn reached(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// It wasn't, in an attempt that was begun then. Attempts that were under way when an earlier one failed are the
    /// same failure. `true` for the one with which calls begin to fail at once.
    pub(crate) fn failed(&self, begun: Instant, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| begun < last) {
            return false;
        }
        let apart = state
            .last
            .is_some_and(|last| now.saturating_duration_since(last) > self.rules.window);
        let failures = if apart { 0 } else { state.failures };
        *state = State {
            failures: failures.saturating_add(1),
            last: Some(now),
            trial: None,
        };
        state.failures == self.rules.give_up_after
    }

    /// How long nothing is tried; `None` while calls are.
    pub(crate) fn resting(&self, now: Instant) -> Option<Duration> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let last = state.last?;
        if state.failures < self.rules.give_up_after {
            return None;
        }
        Some(
            self.rest(state.failures)
                .saturating_sub(now.saturating_duration_since(last)),
        )
    }

    fn pause(&self, failures: u32) -> Duration {
        doubled(self.rules.base, failures.saturating_sub(1)).min(self.rules.cap)
    }

    fn rest(&self, failures: u32) -> Duration {
        let trials = failures.saturating_sub(self.rules.give_up_after);
        doubled(self.rules.rest, trials).min(self.rules.cap.max(self.rules.rest))
    }
}

fn doubled(duration: Duration, times: u32) -> Duration {
    duration.saturating_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(Reconnecting {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
            give_up_after: 3,
            rest: Duration::from_secs(10),
            window: Duration::from_mins(2),
        })
    }

    #[test]
    fn pauses_grow_and_then_calls_fail_at_once_until_one_trial() {
        let (breaker, start) = (breaker(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let after = |seconds| Gate::After(Duration::from_secs(seconds));
        let closed = |seconds| Gate::Closed(Duration::from_secs(seconds));
        assert_eq!(breaker.gate(at(0)), Gate::Open);
        assert!(!breaker.failed(at(0), at(0)));
        assert_eq!(breaker.gate(at(0)), after(1));
        assert_eq!(breaker.gate(at(1)), Gate::Open);
        assert!(!breaker.failed(at(1), at(1)));
        assert_eq!(breaker.gate(at(1)), after(2));
        assert_eq!(breaker.resting(at(1)), None);
        assert!(breaker.failed(at(2), at(3)));
        assert!(!breaker.failed(at(2), at(3)), "it was under way already");
        assert_eq!(breaker.gate(at(3)), closed(10));
        assert_eq!(breaker.resting(at(4)), Some(Duration::from_secs(9)));
        assert_eq!(
            (breaker.gate(at(13)), breaker.gate(at(13))),
            (Gate::Open, closed(10))
        );
        assert!(!breaker.failed(at(14), at(14)));
        assert_eq!(breaker.gate(at(14)), closed(20));
        assert_eq!(breaker.gate(at(34)), Gate::Open);
        assert_eq!(
            breaker.gate(at(44)),
            Gate::Open,
            "a trial whose caller left is made again"
        );
        breaker.reached();
        assert_eq!(
            (breaker.gate(at(44)), breaker.resting(at(44))),
            (Gate::Open, None)
        );
    }

    #[test]
    fn failures_far_apart_are_not_in_a_row() {
        let (breaker, start) = (breaker(), Instant::now());
        for minute in [0, 3, 6, 9] {
            let at = start + Duration::from_mins(minute);
            assert!(!breaker.failed(at, at));
        }
    }

    #[test]
    fn many_failures_do_not_overflow() {
        let (breaker, start) = (breaker(), Instant::now());
        for _ in 0..100 {
            breaker.failed(start, start);
        }
        assert_eq!(breaker.gate(start), Gate::Closed(Duration::from_secs(30)));
    }
}
