//! Tools that say who does a task. A person is a name in the user's own list, not an account: naming somebody shows
//! them nothing.

use frontdesk_identity::Principal;
use frontdesk_mcp_server::{Params, Structured, Tool, ToolFailure, ToolServer};
use schemars::JsonSchema;
use serde::Deserialize;

use super::input::{self, One};
use super::tasks::changed;
use crate::desk::Desk;
use crate::store::Change;
use crate::{Task, TaskId, Tasks, WRITE};

const MAX_PERSON_CHARS: usize = 100;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Assignment {
    /// The task's number.
    id: TaskId,
    /// The name of whoever does it; `me` for the user.
    #[schemars(length(min = 1, max = 100))]
    assignee: String,
}

pub(super) fn tools(server: ToolServer<Tasks>) -> ToolServer<Tasks> {
    server
        .tool(
            Tool::new("assign_task", assign_task)
                .scope(WRITE)
                .title("Assign a task")
                .idempotent()
                .description("Notes by name who does a task, in place of whoever did it."),
        )
        .tool(
            Tool::new("unassign_task", unassign_task)
                .scope(WRITE)
                .title("Unassign a task")
                .idempotent()
                .description("Notes that nobody does a task."),
        )
}

async fn assign_task(
    desk: Desk,
    Params(Assignment { id, assignee }): Params<Assignment>,
) -> Result<Structured<Task>, ToolFailure> {
    let person = person(&assignee, &desk.caller)?
        .ok_or_else(|| ToolFailure::new("assignee must not be empty"))?;
    let change = Change {
        assignee: Some(person),
        ..Change::default()
    };
    changed(&desk, id, &change).await
}

async fn unassign_task(
    desk: Desk,
    Params(One { id }): Params<One>,
) -> Result<Structured<Task>, ToolFailure> {
    let change = Change {
        assignee: Some(String::new()),
        ..Change::default()
    };
    changed(&desk, id, &change).await
}

/// Whom a text names: `me` is the caller, an empty text nobody.
pub(super) fn person(text: &str, caller: &Principal) -> Result<Option<String>, ToolFailure> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.eq_ignore_ascii_case("me") {
        let name = caller.name.as_deref().unwrap_or(caller.user.as_str());
        return Ok(Some(name.trim().chars().take(MAX_PERSON_CHARS).collect()));
    }
    input::line("assignee", text, MAX_PERSON_CHARS).map(Some)
}
