//! A project, as tools give it out.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A project: a name that tasks are kept together under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Project {
    /// Its number among the user's projects.
    pub id: ProjectId,
    /// Its name; no two projects of a user have the same.
    pub name: String,
    /// Whether it has been put away; nothing new comes into it then.
    pub archived: bool,
    /// How many of its tasks aren't done.
    pub unfinished: i64,
    /// How many of its tasks are done.
    pub done: i64,
    /// When it was added, in UTC.
    pub created_at: String,
    /// When it was last changed, in UTC.
    pub updated_at: String,
}

/// A project's number among the user's projects: 1, 2, 3 …
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct ProjectId(#[schemars(range(min = 1))] pub i64);

/// The project that a task belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectName {
    /// The project's number.
    pub id: ProjectId,
    /// The project's name.
    pub name: String,
}

impl Project {
    /// How many tasks it has, done or not.
    pub fn tasks(&self) -> i64 {
        self.unfinished.saturating_add(self.done)
    }
}

impl fmt::Display for ProjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
