//! How large things may be. Stores refuse what is larger, and clamp pages.

use crate::{LogBatch, Result, StoreError};

/// The largest item, as JSON, in bytes.
pub const MAX_ITEM_BYTES: usize = 4 * 1024 * 1024;
/// The largest step, in bytes.
pub const MAX_STEP_BYTES: usize = 16 * 1024 * 1024;
/// The largest batch of a turn's log, in bytes.
pub const MAX_LOG_BATCH_BYTES: usize = 16 * 1024 * 1024;
/// The most batches of a page of a turn's log.
pub const LOG_PAGE_BATCHES: u32 = 256;
/// With so many bytes of events, a page of a turn's log takes no further batch: it has at most one batch more.
pub const LOG_PAGE_BYTES: usize = 1024 * 1024;
/// The largest thread (without its items) or attachment record, as JSON, in bytes.
pub const MAX_RECORD_BYTES: usize = 1024 * 1024;
/// The largest sealed value of a connection, in bytes.
pub const MAX_SEALED_BYTES: usize = 64 * 1024;
/// The longest name of a tool server, or label of a key, in bytes.
pub const MAX_NAME_BYTES: usize = 256;
/// The most unfinished connections of one owner.
pub const MAX_CONNECTING: usize = 16;
/// The most tokens that count for one turn; a provider that claims more isn't believed.
pub const MAX_TURN_TOKENS: u64 = 1_000_000_000;
/// How many days use is remembered, today included.
pub const USAGE_DAYS: u32 = 40;
/// The most rows of a page.
pub const MAX_PAGE: u32 = 500;

/// The number of rows that a page of this limit has: 1 to [`MAX_PAGE`].
pub fn page_limit(limit: u32) -> u32 {
    limit.clamp(1, MAX_PAGE)
}

/// Whether a page of a turn's log is full: only then there may be more behind it.
pub fn is_full_log_page(batches: &[LogBatch]) -> bool {
    let bytes: usize = batches.iter().map(|batch| batch.events.len()).sum();
    let most = usize::try_from(LOG_PAGE_BATCHES).unwrap_or(usize::MAX);
    batches.len() >= most || bytes >= LOG_PAGE_BYTES
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
