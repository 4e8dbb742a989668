//! What a failure of PostgreSQL means to a caller.

use frontdesk_store::{StoreError, form};
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// How often something is tried that another transaction got in the way of.
const ATTEMPTS: u32 = 5;

/// The codes of [PostgreSQL's errors](https://www.postgresql.org/docs/current/errcodes-appendix.html) that mean
/// something to us.
mod code {
    pub(super) const NOT_NULL: &str = "23502";
    pub(super) const FOREIGN_KEY: &str = "23503";
    pub(super) const UNIQUE: &str = "23505";
    pub(super) const READ_ONLY: &str = "25006";
    pub(super) const IDLE_IN_TRANSACTION: &str = "25P03";
    pub(super) const SERIALIZATION: &str = "40001";
    pub(super) const DEADLOCK: &str = "40P01";
    pub(super) const LOCK_NOT_AVAILABLE: &str = "55P03";
    pub(super) const CANNOT_CONNECT_NOW: &str = "57P03";
    pub(super) const DATA_CORRUPTED: &str = "XX001";
    pub(super) const INDEX_CORRUPTED: &str = "XX002";
    /// The classes of what passes: connection, sign-in, no such database, resources, intervention, system.
    pub(super) const PASSING: [&str; 6] = ["08", "28", "3D", "53", "57", "58"];
    /// The classes whose messages quote values that were sent.
    pub(super) const QUOTING: [&str; 3] = ["22", "42", "54"];
}

/// The unique indexes on which those meet that do the same at once; whoever tries again finds what the other one did.
const MEETING: [&str; 3] = ["turns_running", "turns_by_request", "files_pkey"];

/// The outcome of something that was tried in the database.
pub(crate) type Tried<T> = Result<T, Fault>;

/// A failure to do something in the database.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The store was closed.
    Closed,
    /// All connections are in use.
    Exhausted,
    /// No connection came about in time.
    Unreached,
    /// The database did not answer in time.
    Silent,
    /// The database, or the way to it.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl Fault {
    /// Whether the connection waits for its next statement.
    pub(crate) fn leaves_ready(&self) -> bool {
        self.answer().is_some_and(|answer| {
            !matches!(answer.severity(), PgSeverity::Fatal | PgSeverity::Panic)
        })
    }

    /// Whether the database hung up.
    pub(crate) fn is_loss(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Io(_)) => true,
            other => other.answer().is_some() && !other.leaves_ready(),
        }
    }

    /// Whether the database is about to be there.
    pub(crate) fn is_starting(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Io(error)) => {
                error.kind() == std::io::ErrorKind::ConnectionRefused
            }
            other => other.code() == Some(code::CANNOT_CONNECT_NOW),
        }
    }

    /// Whether another transaction was in the way, and it may be tried once more after that many attempts.
    pub(crate) fn may_pass(&self, attempts: u32) -> bool {
        let in_the_way = match self.code() {
            Some(code::SERIALIZATION | code::DEADLOCK) => true,
            Some(code::UNIQUE) => self.constraint().is_some_and(|it| MEETING.contains(&it)),
            _ => false,
        };
        in_the_way && attempts < ATTEMPTS
    }

    /// Whether others held what it needs, for longer than it waited.
    pub(crate) fn is_locked_out(&self) -> bool {
        matches!(self.code(), Some(code::LOCK_NOT_AVAILABLE | code::DEADLOCK))
    }

    /// The name of the constraint that failed.
    pub(crate) fn constraint(&self) -> Option<&str> {
        self.answer()?.constraint()
    }

    /// The table whose column would have been left without a value, which is how a statement refuses to do
    /// something.
    pub(crate) fn refused_by(&self) -> Option<&str> {
        let answer = self.answer().filter(|it| it.code() == code::NOT_NULL)?;
        answer.table()
    }

    /// The failure of a write: if one of its constraints failed, the named id is taken.
    pub(crate) fn of_write(self, kind: &str, id: &str) -> StoreError {
        match self.code() {
            Some(code::NOT_NULL | code::FOREIGN_KEY | code::UNIQUE) => form::taken(kind, id),
            _ => self.into(),
        }
    }

    fn answer(&self) -> Option<&PgDatabaseError> {
        match self {
            Self::Database(sqlx::Error::Database(answer)) => answer.try_downcast_ref(),
            _ => None,
        }
    }

    fn code(&self) -> Option<&str> {
        self.answer().map(PgDatabaseError::code)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        let error = match fault {
            Fault::Closed => return unavailable("closed"),
            Fault::Exhausted => return unavailable("all connections are in use"),
            Fault::Unreached => return unavailable("the database can't be reached in time"),
            Fault::Silent => return unavailable("the database does not answer in time"),
            Fault::Database(error) => error,
        };
        match error {
            sqlx::Error::Database(answer) => match answer.try_downcast_ref::<PgDatabaseError>() {
                Some(answer) => of_answer(answer),
                None => StoreError::Failed {
                    detail: "another database answered".to_owned(),
                },
            },
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => {
                unavailable(&error.to_string())
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Corrupt {
                detail: error.to_string(),
            },
            other => StoreError::Failed {
                detail: other.to_string(),
            },
        }
    }
}

fn of_answer(answer: &PgDatabaseError) -> StoreError {
    let code = answer.code();
    let class = code.get(..2).unwrap_or_default();
    let detail = if code::QUOTING.contains(&class) {
        format!("PostgreSQL refused it with {code}")
    } else {
        format!("{} ({code})", answer.message())
    };
    match code {
        code::NOT_NULL | code::FOREIGN_KEY | code::UNIQUE => StoreError::Conflict {
            what: answer.constraint().unwrap_or("a record").to_owned(),
        },
        code::READ_ONLY
        | code::IDLE_IN_TRANSACTION
        | code::SERIALIZATION
        | code::DEADLOCK
        | code::LOCK_NOT_AVAILABLE => StoreError::Unavailable { detail },
        code::DATA_CORRUPTED | code::INDEX_CORRUPTED => StoreError::Corrupt { detail },
        _ if code::PASSING.contains(&class) => StoreError::Unavailable { detail },
        _ => StoreError::Failed { detail },
    }
}

fn unavailable(detail: &str) -> StoreError {
    StoreError::Unavailable {
        detail: detail.to_owned(),
    }
}
