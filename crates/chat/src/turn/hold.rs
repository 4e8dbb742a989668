//! What a process knows of its own hold on a turn: until when its lease lasts, and who else wants something of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

/// A process's hold on one turn. A turn without a lease isn't in the store yet, or was given away.
#[derive(Debug, Default)]
pub(crate) struct Hold {
    until: Mutex<Option<Instant>>,
    is_ending: AtomicBool,
    has_ended: AtomicBool,
    is_read_elsewhere: AtomicBool,
    is_wanted: AtomicBool,
    /// Other processes were told of the events before this one.
    told: AtomicU64,
    /// Asks for the log to be stored at once.
    hurry: OnceLock<Arc<Notify>>,
}

impl Hold {
    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until when the lease lasts, by this process's own clock, which began before the store's.
    pub(crate) fn until(&self) -> Option<Instant> {
        *self.lock()
    }

    /// The store has renewed the lease. What was given away meanwhile stays so.
    pub(crate) fn renew(&self, until: Instant) {
        if let Some(held) = self.lock().as_mut() {
            *held = until;
        }
    }

    /// The store has given the lease.
    pub(crate) fn lease(&self, until: Instant) {
        *self.lock() = Some(until);
    }

    /// The turn is given away.
    pub(crate) fn give_away(&self) {
        *self.lock() = None;
    }

    /// The turn's end is about to be stored.
    pub(crate) fn begin_end(&self) {
        self.is_ending.store(true, Ordering::Release);
    }

    /// Whether the store may have the turn's end by now.
    pub(crate) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Acquire)
    }

    /// The turn's end is stored.
    pub(crate) fn end(&self) {
        self.has_ended.store(true, Ordering::Release);
    }

    /// Whether the turn's end is stored.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Sets whom to ask for the log to be stored at once.
    pub(crate) fn hurried_by(&self, hurry: Arc<Notify>) {
        self.hurry.get_or_init(|| hurry);
    }

    /// Another process reads the turn.
    pub(crate) fn read_elsewhere(&self) {
        self.want();
        if !self.is_read_elsewhere.swap(true, Ordering::SeqCst) {
            self.hurry();
        }
    }

    /// No other process reads it any more. Answers whether one did.
    pub(crate) fn unread_elsewhere(&self) -> bool {
        self.is_read_elsewhere.swap(false, Ordering::SeqCst)
    }

    /// Whether another process reads the turn.
    pub(crate) fn is_read_elsewhere(&self) -> bool {
        self.is_read_elsewhere.load(Ordering::SeqCst)
    }

    /// Another process waits for the turn's end.
    pub(crate) fn want(&self) {
        self.is_wanted.store(true, Ordering::Release);
    }

    /// Whether another process has read the turn or asked to stop it.
    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Acquire)
    }

    /// Something was shown: it is stored at once where another process reads.
    pub(crate) fn shown(&self) {
        if self.is_read_elsewhere() {
            self.hurry();
        }
    }

    fn hurry(&self) {
        if let Some(hurry) = self.hurry.get() {
            hurry.notify_one();
        }
    }

    /// Whether the events before this one, all stored, are news to the processes that read.
    pub(crate) fn tells(&self, stored: u64) -> bool {
        self.is_read_elsewhere() && self.told.fetch_max(stored, Ordering::AcqRel) < stored
    }
}
