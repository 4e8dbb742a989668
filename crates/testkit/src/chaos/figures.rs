//! What is counted while chaos reigns, and what went wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::delays::Delays;

/// How many complaints are kept.
const MOST_COMPLAINTS: usize = 200;
/// How much of one is kept, in letters.
const COMPLAINT: usize = 1_500;

/// The counts and the complaints of one run.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) delays: Delays,
    counts: Mutex<BTreeMap<&'static str, u64>>,
    longest_end_ms: AtomicU64,
    complaints: Mutex<Vec<String>>,
    notes: Mutex<Vec<String>>,
}

impl Figures {
    pub(super) fn count(&self, what: &'static str) {
        self.add(what, 1);
    }

    pub(super) fn add(&self, what: &'static str, number: u64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(what).or_default() += number;
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

    /// Something to be seen by whoever looks for a cause.
    pub(super) fn note(&self, note: &str) {
        let note: String = note.chars().take(COMPLAINT).collect();
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() < MOST_COMPLAINTS {
            notes.push(note);
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
        let millis = self.longest_end_ms.load(Ordering::Relaxed);
        let longest = format!("{}.{:01} s", millis / 1_000, millis % 1_000 / 100);
        writeln!(f, "{:<34} {longest:>9}", "longest from SIGTERM to end")?;
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.iter().try_for_each(|note| writeln!(f, "  {note}"))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
