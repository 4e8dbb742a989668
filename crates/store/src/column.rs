//! How values lie in the columns of a database: times as microseconds, numbers as 64-bit integers, records as JSON.
//! What every database does alike is here, and no SQL.

use frontdesk_protocol::{Map, Page, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{Continuation, Result, StoreError};

/// A time that was stored.
pub fn time(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|error| corrupt("time", error))
}

/// A number that was stored.
pub fn number<N: TryFrom<i64>>(stored: i64) -> Result<N> {
    N::try_from(stored).map_err(|_| corrupt("number", stored))
}

/// A number to store, which was checked to fit.
pub fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A record that was stored.
pub fn record<T: DeserializeOwned>(kind: &str, json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| corrupt(kind, error))
}

/// What was stored to go on with a turn.
pub fn continuation(version: i64, data: String) -> Result<Continuation> {
    let unreadable = |error| corrupt("continuation of a turn", error);
    Ok(Continuation {
        version: number(version)?,
        data: RawValue::from_string(data).map_err(unreadable)?,
    })
}

/// A record to store.
pub fn json<T: Serialize>(kind: &str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Failed {
        detail: format!("{kind} is no JSON: {error}"),
    })
}

/// What is stored isn't what it should be.
pub fn corrupt(kind: &str, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt {
        detail: format!("{kind}: {reason}"),
    }
}

/// The cursor before the first row.
pub fn outermost(descending: bool) -> (i64, &'static str) {
    if descending {
        (i64::MAX, "")
    } else {
        (i64::MIN, "")
    }
}

/// The cursor behind a row, whether it is there or not; before the first one where none is named.
pub fn behind(row: Option<(Timestamp, &str)>) -> (i64, &str) {
    row.map_or(outermost(false), |(time, id)| (time.as_microsecond(), id))
}

/// A page of at most `limit` of the rows, of which there is one more where there are more.
pub fn page<T>(mut rows: Vec<T>, limit: u32, id: impl Fn(&T) -> &str) -> Page<T> {
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
