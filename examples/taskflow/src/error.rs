//! What can go wrong with tasks.

/// Why nothing came of an operation on tasks.
#[derive(Debug, thiserror::Error)]
pub enum TaskflowError {
    /// The user has as many tasks as a user can have.
    #[error("too many tasks: {0}")]
    Full(u32),
    /// A stored task can't be read.
    #[error("a stored task can't be read: {0}")]
    Corrupt(String),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The database couldn't be brought up to date.
    #[error("the database couldn't be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
}
