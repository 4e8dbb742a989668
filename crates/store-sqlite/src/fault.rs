//! What a failure of SQLite means to a caller.

use frontdesk_store::StoreError;
use sqlx::error::DatabaseError;

/// The primary codes of [SQLite's results](https://www.sqlite.org/rescode.html) that mean something to us.
mod code {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const READ_ONLY: i32 = 8;
    pub(super) const IO: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANT_OPEN: i32 = 14;
    pub(super) const PROTOCOL: i32 = 15;
    pub(super) const CONSTRAINT: i32 = 19;
    pub(super) const NOT_A_DATABASE: i32 = 26;
}

pub(crate) fn fault(error: sqlx::Error) -> StoreError {
    let detail = error.to_string();
    match error {
        sqlx::Error::Database(error) => match primary_code(&*error) {
            Some(
                code::BUSY
                | code::LOCKED
                | code::READ_ONLY
                | code::IO
                | code::FULL
                | code::CANT_OPEN
                | code::PROTOCOL,
            ) => StoreError::Unavailable { detail },
            Some(code::CORRUPT | code::NOT_A_DATABASE) => StoreError::Corrupt { detail },
            _ => StoreError::Failed { detail },
        },
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => StoreError::Unavailable { detail },
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Corrupt { detail },
        _ => StoreError::Failed { detail },
    }
}

/// Whether another connection holds the lock.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(primary_code);
    matches!(code, Some(code::BUSY | code::LOCKED))
}

/// Whether a constraint of the schema failed.
pub(crate) fn is_constraint(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(primary_code);
    code == Some(code::CONSTRAINT)
}

fn primary_code(error: &dyn DatabaseError) -> Option<i32> {
    let extended: i32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
}
