//! Workflows: tasks that belong together, with a summary once they are done.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Icon, Map, Task, open::open_enum, tag};

/// Tasks that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// What the tasks are.
    #[serde(rename = "type")]
    pub kind: WorkflowKind,
    /// The tasks in the order they began.
    pub tasks: Vec<Task>,
    /// What stands for all of them once they are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<WorkflowSummary>,
    /// Whether the tasks are shown below the summary.
    #[serde(default)]
    pub expanded: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

open_enum! {
    /// What the tasks of a workflow are.
    WorkflowKind {
        /// Steps such as tool calls.
        Custom = "custom",
        /// Thoughts.
        Reasoning = "reasoning",
    }
}

/// What stands for a workflow once it is done.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum WorkflowSummary {
    /// A text.
    Custom(CustomSummary),
    /// How long it took.
    Duration(DurationSummary),
    /// A form that this version doesn't know.
    Other(Map),
}

/// A summary in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CustomSummary {
    /// The text.
    pub title: String,
    /// The icon beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<Icon>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// A summary by time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DurationSummary {
    /// In seconds.
    pub duration: i64,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

impl<'de> Deserialize<'de> for WorkflowSummary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Map::deserialize(deserializer)?;
        if map.contains_key("title") {
            tag::read(map).map(Self::Custom)
        } else if map.contains_key("duration") {
            tag::read(map).map(Self::Duration)
        } else {
            Ok(Self::Other(map))
        }
    }
}
