//! How values lie in columns, and how they are read from rows.

use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_store::Result;
pub(crate) use frontdesk_store::column::{
    behind, continuation, corrupt, integer, json, number, outermost, page, record, time,
};
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row, Type};

use crate::fault::Fault;
use crate::text;

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
