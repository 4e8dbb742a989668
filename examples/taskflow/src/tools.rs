//! The server and its tools: what each takes, what it gives, and what it says when it can't.

mod assignment;
mod bulk;
mod input;
mod projects;
mod tasks;

use frontdesk_mcp_server::{ToolFailure, ToolServer};

use crate::prompts::prompts;
use crate::resources::resources;
use crate::{TaskId, TaskflowError, Tasks};

/// The TaskFlow server with its tools, resources and prompts.
pub fn server(tasks: Tasks) -> ToolServer<Tasks> {
    let server = ToolServer::new("taskflow", env!("CARGO_PKG_VERSION"), tasks)
        .title("TaskFlow")
        .instructions(
            "The user's own tasks, some of them in projects, some assigned to somebody by name. \
             Each task has a number, its id; a project is named by its name or its number. \
             To act on a task that the user names by its title, list the tasks first to learn its number.",
        );
    let server = bulk::tools(projects::tools(assignment::tools(tasks::tools(server))));
    prompts(resources(server))
}

/// What the model reads about an operation that failed; what went wrong inside goes to the log alone.
fn told(error: TaskflowError) -> ToolFailure {
    match error {
        TaskflowError::Full { .. }
        | TaskflowError::NoProject(_)
        | TaskflowError::Archived(_)
        | TaskflowError::NameTaken(_) => ToolFailure::new(error.to_string()),
        TaskflowError::Corrupt(_) | TaskflowError::Database(_) | TaskflowError::Migration(_) => {
            error.into()
        }
    }
}

fn no_task(id: TaskId) -> ToolFailure {
    ToolFailure::new(format!("there is no task {id}"))
}
