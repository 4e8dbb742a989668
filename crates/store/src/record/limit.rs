//! How large things may be. Stores refuse what is larger, and clamp pages.

use crate::{Result, StoreError};

/// The largest item, as JSON, in bytes.
pub const MAX_ITEM_BYTES: usize = 4 * 1024 * 1024;
/// The largest step, in bytes.
pub const MAX_STEP_BYTES: usize = 16 * 1024 * 1024;
/// The largest batch of a turn's log, in bytes.
pub const MAX_LOG_BATCH_BYTES: usize = 16 * 1024 * 1024;
/// The largest thread (without its items) or attachment record, as JSON, in bytes.
pub const MAX_RECORD_BYTES: usize = 1024 * 1024;
/// The most rows of a page.
pub const MAX_PAGE: u32 = 500;

/// The number of rows that a page of this limit has: 1 to [`MAX_PAGE`].
pub fn page_limit(limit: u32) -> u32 {
    limit.clamp(1, MAX_PAGE)
}

/// Refuses what is larger than the limit.
pub fn check(kind: &str, id: &str, bytes: usize, limit: usize) -> Result<()> {
    if bytes <= limit {
        return Ok(());
    }
    Err(StoreError::TooLarge {
        what: format!("{kind} {id}"),
        bytes,
        limit,
    })
}
