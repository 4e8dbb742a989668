//! Workflows and single tasks, as they stand in a thread.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ItemId, Map, Task, ThreadId, Workflow, tag};

/// Tasks that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "workflow")]
pub struct WorkflowItem {
    /// Its name.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// The tasks.
    pub workflow: Workflow,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A task that stands alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "task")]
pub struct TaskItem {
    /// Its name.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// The task.
    pub task: Task,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}
