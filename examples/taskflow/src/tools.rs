//! The tools: what each takes, what it gives, and what it says when it can't.

mod input;

use frontdesk_mcp_server::{Caller, Params, State, Structured, Tool, ToolFailure, ToolServer};
use schemars::JsonSchema;
use serde::Serialize;

use crate::store::{Change, Filter, MAX_TASKS, NewTask};
use crate::{Status, Task, TaskId, TaskflowError, Tasks};
use input::{Addition, Listing, One, Update};

/// A page of tasks.
#[derive(Debug, Serialize, JsonSchema)]
struct TaskList {
    /// The tasks, oldest first.
    tasks: Vec<Task>,
    /// Give this as `after` to get the next page; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// How many tasks fit in all.
    total: i64,
}

/// What was deleted.
#[derive(Debug, Serialize, JsonSchema)]
struct Deleted {
    /// The task as it was.
    deleted: Task,
}

type TaskResult = Result<Structured<Task>, ToolFailure>;

/// The TaskFlow server with its tools.
pub fn server(tasks: Tasks) -> ToolServer<Tasks> {
    ToolServer::new("taskflow", env!("CARGO_PKG_VERSION"), tasks)
        .title("TaskFlow")
        .instructions(
            "The user's own tasks. Each task has a number, its id. \
             To act on a task that the user names by its title, list the tasks first to learn its number.",
        )
        .tool(
            Tool::new("add_task", add_task)
                .title("Add a task")
                .description("Adds a task to the user's list and returns it with its number."),
        )
        .tool(
            Tool::new("list_tasks", list_tasks).title("List tasks").read_only().description(
                "Lists the user's tasks, oldest first, a page at a time; by status and by a text in title or notes.",
            ),
        )
        .tool(Tool::new("get_task", get_task).title("Show a task").read_only().description("Returns one task."))
        .tool(
            Tool::new("update_task", update_task)
                .title("Change a task")
                .idempotent()
                .description("Changes a task's title, notes, due day or priority; what isn't given stays."),
        )
        .tool(
            Tool::new("start_task", start_task)
                .title("Start a task")
                .idempotent()
                .description("Marks a task as in progress."),
        )
        .tool(
            Tool::new("complete_task", complete_task)
                .title("Complete a task")
                .idempotent()
                .description("Marks a task as done."),
        )
        .tool(
            Tool::new("reopen_task", reopen_task)
                .title("Reopen a task")
                .idempotent()
                .description("Marks a task as open again."),
        )
        .tool(
            Tool::new("delete_task", delete_task)
                .title("Delete a task")
                .destructive()
                .description("Deletes a task for good. Completing it keeps it; delete only what the user wants gone."),
        )
}

async fn add_task(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(new): Params<Addition>,
) -> TaskResult {
    let new = NewTask {
        title: input::title(&new.title)?,
        notes: input::notes(new.notes.as_deref().unwrap_or_default())?,
        priority: new.priority.unwrap_or_default(),
        due: input::due(new.due.as_deref().unwrap_or_default())?,
    };
    match tasks.add(&caller.scope(), &new).await {
        Err(TaskflowError::Full(_)) => Err(ToolFailure::new(format!(
            "the list is full: {MAX_TASKS} tasks; delete some first"
        ))),
        added => Ok(Structured(added?)),
    }
}

async fn list_tasks(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(listing): Params<Listing>,
) -> Result<Structured<TaskList>, ToolFailure> {
    let owner = caller.scope();
    let limit = input::limit(listing.limit)?;
    let after = input::after(listing.after.as_deref())?;
    let filter = Filter {
        status: listing.status.map(input::StatusFilter::as_str),
        search: listing
            .search
            .filter(|text| !text.trim().is_empty())
            .map(|text| input::search(&text))
            .transpose()?,
    };
    let mut page = tasks
        .list(&owner, &filter, after, limit.saturating_add(1))
        .await?;
    let limit = usize::try_from(limit)?;
    let more = page.len() > limit;
    page.truncate(limit);
    let next = if more {
        page.last().map(|task| task.id.to_string())
    } else {
        None
    };
    Ok(Structured(TaskList {
        total: tasks.count(&owner, &filter).await?,
        tasks: page,
        next,
    }))
}

async fn get_task(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(One { id }): Params<One>,
) -> TaskResult {
    found(id, tasks.get(&caller.scope(), id).await?)
}

async fn update_task(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(update): Params<Update>,
) -> TaskResult {
    let change = Change {
        title: update.title.as_deref().map(input::title).transpose()?,
        notes: update.notes.as_deref().map(input::notes).transpose()?,
        priority: update.priority,
        due: update
            .due
            .as_deref()
            .map(input::due)
            .transpose()?
            .map(Option::unwrap_or_default),
        status: None,
    };
    found(
        update.id,
        tasks.change(&caller.scope(), update.id, &change).await?,
    )
}

async fn start_task(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(One { id }): Params<One>,
) -> TaskResult {
    let change = Change {
        status: Some(Status::InProgress),
        ..Change::default()
    };
    found(id, tasks.change(&caller.scope(), id, &change).await?)
}

async fn complete_task(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(One { id }): Params<One>,
) -> TaskResult {
    let change = Change {
        status: Some(Status::Done),
        ..Change::default()
    };
    found(id, tasks.change(&caller.scope(), id, &change).await?)
}

async fn reopen_task(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(One { id }): Params<One>,
) -> TaskResult {
    let change = Change {
        status: Some(Status::Open),
        ..Change::default()
    };
    found(id, tasks.change(&caller.scope(), id, &change).await?)
}

async fn delete_task(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(One { id }): Params<One>,
) -> Result<Structured<Deleted>, ToolFailure> {
    let Structured(deleted) = found(id, tasks.delete(&caller.scope(), id).await?)?;
    Ok(Structured(Deleted { deleted }))
}

fn found(id: TaskId, task: Option<Task>) -> TaskResult {
    task.map(Structured)
        .ok_or_else(|| ToolFailure::new(format!("there is no task {id}")))
}
