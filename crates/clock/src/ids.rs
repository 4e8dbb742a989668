//! Ids of our own making: a prefix that tells the kind, and a `UUIDv7` that sorts by time.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// Makes ids.
pub trait Ids: fmt::Debug + Send + Sync {
    /// A new id: the prefix, an underscore and something that was never given out before.
    fn next(&self, prefix: &str) -> String;
}

/// Ids with a `UUIDv7` ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562)) in 32 hex digits.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn next(&self, prefix: &str) -> String {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that makes ids"
        )]
        let uuid = Uuid::now_v7();
        format!("{prefix}_{}", uuid.simple())
    }
}

/// Ids that count from 1, for tests.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl Ids for SequentialIds {
    fn next(&self, prefix: &str) -> String {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        format!("{prefix}_{number:08}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_differ_and_sort_by_time() {
        let ids: Vec<String> = (0..100).map(|_| RandomIds.next("msg")).collect();
        let mut sorted = ids.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted, ids);
        assert!(
            ids.iter()
                .all(|id| id.starts_with("msg_") && id.len() == 36)
        );
    }
}
