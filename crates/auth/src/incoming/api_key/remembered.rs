//! The keys that were looked up a moment ago.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::ApiKeyRecord;

/// How long a look-up is remembered, in seconds; so long may a revoked key go on working.
const REMEMBERED_SECONDS: i64 = 30;
/// How many look-ups are remembered.
const MAX_REMEMBERED: usize = 1_024;

#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<HashMap<String, (i64, Arc<ApiKeyRecord>)>>);

impl Remembered {
    pub(super) fn get(&self, id: &str, now: i64) -> Option<Arc<ApiKeyRecord>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, record) = known.get(id)?;
        is_fresh(*since, now).then(|| Arc::clone(record))
    }

    pub(super) fn put(&self, record: Arc<ApiKeyRecord>, now: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.retain(|_, (since, _)| is_fresh(*since, now));
        }
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert(record.id.clone(), (now, record));
    }
}

fn is_fresh(since: i64, now: i64) -> bool {
    (0..REMEMBERED_SECONDS).contains(&now.saturating_sub(since))
}
