//! What can go wrong with tasks and projects.

use crate::ProjectId;

/// Why nothing came of an operation on tasks and projects.
#[derive(Debug, thiserror::Error)]
pub enum TaskflowError {
    /// The user has as many of these as a user can have.
    #[error("the list is full: {most} {what}; delete some first")]
    Full {
        /// What there are too many of.
        what: &'static str,
        /// How many there can be.
        most: u32,
    },
    /// The project isn't there, or isn't any more.
    #[error("there is no project {0}")]
    NoProject(ProjectId),
    /// The project is archived, so nothing new comes into it.
    #[error("the project is archived: {0}; restore it first")]
    Archived(String),
    /// Another project of the user has the name.
    #[error("there is a project of this name already: {0}")]
    NameTaken(String),
    /// Something stored can't be read.
    #[error("something stored can't be read: {0}")]
    Corrupt(String),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The database couldn't be brought up to date.
    #[error("the database couldn't be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
}
