//! A task, as tools give it out.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::ProjectName;

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Its number among the user's tasks.
    pub id: TaskId,
    /// What is to be done.
    pub title: String,
    /// More about it; may be empty.
    pub notes: String,
    /// How far it is.
    pub status: Status,
    /// How much it matters.
    pub priority: Priority,
    /// The day on which it is due, such as 2026-11-30.
    pub due: Option<String>,
    /// The project that it belongs to.
    pub project: Option<ProjectName>,
    /// The name of whoever does it.
    pub assignee: Option<String>,
    /// When it was added, in UTC.
    pub created_at: String,
    /// When it was last changed, in UTC.
    pub updated_at: String,
}

/// A task's number among the user's tasks: 1, 2, 3 …
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct TaskId(#[schemars(range(min = 1))] pub i64);

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not begun.
    Open,
    /// Begun.
    InProgress,
    /// Completed.
    Done,
}

/// How much a task matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Less than others.
    Low,
    /// As much as others.
    #[default]
    Normal,
    /// More than others.
    High,
}

impl Status {
    /// The word for it, in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InProgress => "in_progress",
            Self::Done => "done",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Open, Self::InProgress, Self::Done]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

impl Priority {
    /// The word for it, in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Low, Self::Normal, Self::High]
            .into_iter()
            .find(|priority| priority.as_str() == word)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Models write a number as a text now and then; both are taken.
impl<'de> Deserialize<'de> for TaskId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(i64),
            Text(String),
        }
        let refuse = || serde::de::Error::custom("expected a task's number");
        let number = match Written::deserialize(deserializer).map_err(|_| refuse())? {
            Written::Number(number) => number,
            Written::Text(text) => text
                .trim()
                .trim_start_matches('#')
                .parse()
                .map_err(|_| refuse())?,
        };
        Ok(Self(number))
    }
}
