//! How values lie in columns: times as microseconds, numbers as 64-bit integers, records as JSON.

use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{Map, Page, Timestamp};
use frontdesk_store::{Result, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row, Type};

use crate::fault::Fault;
use crate::text;

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

/// A length of time in microseconds, at most a century: the database can add no age of the world to its time.
pub(crate) fn length(length: std::time::Duration) -> i64 {
    i64::try_from(length.as_micros()).map_or(CENTURY, |micros| micros.min(CENTURY))
}

const CENTURY: i64 = 100 * 366 * 24 * 60 * 60 * 1_000_000;

/// A column of a row.
pub(crate) fn column<'r, T>(row: &'r PgRow, name: &str) -> Result<T>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    row.try_get(name).map_err(|error| Fault::from(error).into())
}

/// A text column of a row, as it was before it was stored.
pub(crate) fn text(row: &PgRow, name: &str) -> Result<String> {
    column(row, name).map(text::read)
}

/// The owner that a row names.
pub(crate) fn scope(row: &PgRow) -> Result<Scope> {
    let corrupt = |error| corrupt("owner", error);
    Ok(Scope {
        tenant: TenantId::new(column::<String>(row, "tenant_id")?).map_err(corrupt)?,
        user: UserId::new(column::<String>(row, "user_id")?).map_err(corrupt)?,
    })
}
