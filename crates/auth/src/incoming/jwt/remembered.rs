//! Tokens that were checked already, by their hash, so that a token that is sent again costs no signature check.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};

use super::claims::Verified;
use super::key_set::KeySet;

/// How many tokens are remembered.
const MAX_REMEMBERED: usize = 4_096;

#[derive(Default)]
pub(super) struct Remembered(Mutex<HashMap<Vec<u8>, Checked>>);

struct Checked {
    /// With these keys it was checked; with others it has to be checked again.
    keys: Arc<KeySet>,
    verified: Arc<Verified>,
}

/// What a token is remembered by.
pub(super) fn hash(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}

impl Remembered {
    pub(super) fn get(&self, hash: &[u8], keys: &KeySet) -> Option<Arc<Verified>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let checked = known.get(hash)?;
        (checked.keys.version == keys.version).then(|| Arc::clone(&checked.verified))
    }

    pub(super) fn put(&self, hash: Vec<u8>, keys: Arc<KeySet>, verified: Arc<Verified>, now: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.retain(|_, checked| checked.verified.check_time(now).is_ok());
        }
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert(hash, Checked { keys, verified });
    }
}
