//! How much of something one caller may have at once, so that none takes all of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use frontdesk_identity::Scope;

/// Places that are counted for each caller.
#[derive(Debug)]
pub(crate) struct Places {
    each: usize,
    taken: Mutex<HashMap<Scope, usize>>,
}

/// One place; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    caller: Scope,
}

impl Places {
    pub(crate) fn new(each: usize) -> Arc<Self> {
        Arc::new(Self {
            each,
            taken: Mutex::default(),
        })
    }

    /// A place, where the caller hasn't got all that one may have.
    pub(crate) fn take(self: &Arc<Self>, caller: Scope) -> Option<Place> {
        let mut taken = self.taken();
        let count = taken.entry(caller.clone()).or_default();
        if *count >= self.each {
            return None;
        }
        *count = count.saturating_add(1);
        let places = Arc::clone(self);
        Some(Place { places, caller })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Scope, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        let left = taken
            .remove(&self.caller)
            .unwrap_or_default()
            .saturating_sub(1);
        if left > 0 {
            taken.insert(self.caller.clone(), left);
        }
    }
}
