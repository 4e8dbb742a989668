//! What every tool, resource and prompt works with: the caller's own tasks, and those who want to hear of changes.

use std::sync::Arc;

use frontdesk_identity::{Principal, Scope};
use frontdesk_mcp_server::{Call, Caller, FromCall, Notifier, State, ToolFailure};

use crate::store::Store;
use crate::{Project, ProjectId, Task, TaskId, Tasks};

/// The address of the summary.
pub(crate) const SUMMARY: &str = "taskflow://summary";

/// The desk of one caller.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) caller: Arc<Principal>,
    /// The owner of everything that is read and written here.
    pub(crate) owner: Scope,
    pub(crate) tasks: Arc<dyn Store>,
    pub(crate) flow: Tasks,
    pub(crate) notifier: Notifier,
}

impl FromCall<Tasks> for Desk {
    fn from_call(call: &Call<Tasks>) -> Result<Self, ToolFailure> {
        let Caller(caller) = Caller::from_call(call)?;
        let State(flow): State<Tasks> = State::from_call(call)?;
        Ok(Self {
            owner: caller.scope(),
            caller,
            tasks: flow.store(),
            flow,
            // The caller's own clients alone hear of it.
            notifier: Notifier::from_call(call)?,
        })
    }
}

impl Desk {
    /// Tells the owner's listening clients of a task that was changed, or that is new or gone.
    pub(crate) fn task_changed(&self, task: &Task) {
        let project = task.project.as_ref().map(|project| project.id);
        self.changed([task.id], project);
    }

    pub(crate) fn project_changed(&self, project: &Project) {
        self.changed([], Some(project.id));
    }

    /// Tells of these tasks, of the project that they are in, and of the summary, which is about all of them.
    pub(crate) fn changed(
        &self,
        tasks: impl IntoIterator<Item = TaskId>,
        project: Option<ProjectId>,
    ) {
        for id in tasks {
            self.notifier.resource_updated(&task_uri(id));
        }
        if let Some(id) = project {
            self.notifier.resource_updated(&project_uri(id));
        }
        self.notifier.resource_updated(SUMMARY);
    }

    /// Tells that there are other projects to be listed than before.
    pub(crate) fn listing_changed(&self) {
        self.notifier.resources_changed();
    }
}

pub(crate) fn task_uri(id: TaskId) -> String {
    format!("taskflow://tasks/{id}")
}

pub(crate) fn project_uri(id: ProjectId) -> String {
    format!("taskflow://projects/{id}")
}
