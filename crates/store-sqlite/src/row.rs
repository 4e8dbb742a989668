//! How values lie in columns: times as microseconds, numbers as 64-bit integers, records as JSON.

use frontdesk_protocol::{Map, Page, Timestamp};
use frontdesk_store::{Result, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) fn time(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|error| corrupt("time", error))
}

pub(crate) fn number<N: TryFrom<i64>>(stored: i64) -> Result<N> {
    N::try_from(stored).map_err(|_| corrupt("number", stored))
}

/// A number that was checked to fit.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn record<T: DeserializeOwned>(kind: &str, json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| corrupt(kind, error))
}

pub(crate) fn json<T: Serialize>(kind: &str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Failed {
        detail: format!("{kind} is no JSON: {error}"),
    })
}

pub(crate) fn corrupt(kind: &str, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt {
        detail: format!("{kind}: {reason}"),
    }
}

/// The cursor before the first row.
pub(crate) fn outermost(descending: bool) -> (i64, &'static str) {
    if descending {
        (i64::MAX, "")
    } else {
        (i64::MIN, "")
    }
}

/// A page of at most `limit` of the rows, of which there is one more where there are more.
pub(crate) fn page<T>(mut rows: Vec<T>, limit: u32, id: impl Fn(&T) -> &str) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let after = rows
        .last()
        .filter(|_| has_more)
        .map(|row| id(row).to_owned());
    Page {
        data: rows,
        has_more,
        after,
        extra: Map::new(),
    }
}

/// A length of time in microseconds.
pub(crate) fn length(length: std::time::Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX / 2)
}
