//! What is wanted of a store: new tasks and changes, their texts checked.

use crate::{Priority, Project, ProjectId, Status};

/// A task that isn't there yet.
#[derive(Debug, Clone)]
pub(crate) struct NewTask {
    pub(crate) title: String,
    pub(crate) notes: String,
    pub(crate) priority: Priority,
    pub(crate) due: Option<String>,
    pub(crate) project: Option<ProjectId>,
    pub(crate) assignee: Option<String>,
}

/// What changes about a task; `None` stays as it is.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) title: Option<String>,
    pub(crate) notes: Option<String>,
    pub(crate) priority: Option<Priority>,
    /// An empty text removes it.
    pub(crate) due: Option<String>,
    pub(crate) status: Option<Status>,
    pub(crate) place: Place,
    /// An empty text removes it.
    pub(crate) assignee: Option<String>,
}

/// What becomes of the project that a task belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Place {
    #[default]
    Stays,
    MovesTo(ProjectId),
    LeavesItsProject,
}

/// Which project somebody speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    Number(i64),
    Name(String),
}

/// Whether a project is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Active,
    Archived,
}

/// What came of deleting a project.
#[derive(Debug)]
pub(crate) enum Deletion {
    /// The project as it was.
    Deleted(Project),
    /// It has more tasks than was agreed to; nothing was deleted.
    Grown,
    Missing,
}

impl Place {
    /// As the statement takes it: 0 stands for none.
    pub(super) fn number(self) -> Option<i64> {
        match self {
            Self::Stays => None,
            Self::MovesTo(project) => Some(project.0),
            Self::LeavesItsProject => Some(0),
        }
    }
}

impl Named {
    /// The number and the key of the name, of which one is there.
    pub(super) fn number_and_key(&self) -> (Option<i64>, Option<String>) {
        match self {
            Self::Number(number) => (Some(*number), None),
            Self::Name(name) => (None, Some(key(name))),
        }
    }
}

/// What two names must differ by.
pub(super) fn key(name: &str) -> String {
    name.to_lowercase()
}
