//! How values lie in columns.

pub(crate) use frontdesk_store::column::{
    behind, continuation, corrupt, integer, json, number, outermost, page, record, time,
};

/// A length of time in microseconds.
pub(crate) fn length(length: std::time::Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX / 2)
}
