//! What is counted while chaos reigns, and what went wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many complaints are kept.
const MOST_COMPLAINTS: usize = 200;
/// How much of one is kept, in letters.
const COMPLAINT: usize = 1_500;

/// The counts and the complaints of one run.
#[derive(Debug, Default)]
pub(super) struct Figures {
    counts: Mutex<BTreeMap<&'static str, u64>>,
    longest_gap_ms: AtomicU64,
    longest_stop_ms: AtomicU64,
    longest_end_ms: AtomicU64,
    complaints: Mutex<Vec<String>>,
}

impl Figures {
    pub(super) fn count(&self, what: &'static str) {
        self.add(what, 1);
    }

    pub(super) fn add(&self, what: &'static str, number: u64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(what).or_default() += number;
    }

    /// Time without news in a turn that goes on, as its client sees it.
    pub(super) fn gap(&self, gap: Duration) {
        self.longest_gap_ms
            .fetch_max(millis(gap), Ordering::Relaxed);
    }

    /// Time from a user's stop to the end of the turn.
    pub(super) fn stop(&self, took: Duration) {
        self.longest_stop_ms
            .fetch_max(millis(took), Ordering::Relaxed);
    }

    /// Time from SIGTERM to the end of a replica.
    pub(super) fn end(&self, took: Duration) {
        self.longest_end_ms
            .fetch_max(millis(took), Ordering::Relaxed);
    }

    /// Something that must not be.
    pub(super) fn complain(&self, complaint: &str) {
        let complaint: String = complaint.chars().take(COMPLAINT).collect();
        let mut complaints = self
            .complaints
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if complaints.len() < MOST_COMPLAINTS {
            complaints.push(complaint);
        }
    }

    pub(super) fn complaints(&self) -> Vec<String> {
        let complaints = self
            .complaints
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        complaints.clone()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for (what, count) in counts.iter() {
            writeln!(f, "{what:<34} {count:>9}")?;
        }
        let seconds = |millis: &AtomicU64| {
            let millis = millis.load(Ordering::Relaxed);
            format!("{}.{:01} s", millis / 1_000, millis % 1_000 / 100)
        };
        for (what, longest) in [
            ("longest gap in a turn", &self.longest_gap_ms),
            ("longest from stop to end", &self.longest_stop_ms),
            ("longest from SIGTERM to end", &self.longest_end_ms),
        ] {
            writeln!(f, "{what:<34} {:>9}", seconds(longest))?;
        }
        Ok(())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
