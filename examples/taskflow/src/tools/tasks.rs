//! Tools for single tasks and for lists of them.

use frontdesk_mcp_server::{Params, Structured, Tool, ToolFailure, ToolServer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{self, One, ProjectKey, SortBy, StatusFilter};
use super::{assignment, no_task, projects, told};
use crate::desk::Desk;
use crate::store::{After, Change, Filter, NewTask, Place};
use crate::{Priority, READ, Status, Task, TaskId, Tasks, WRITE};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Addition {
    /// What is to be done, in a few words.
    #[schemars(length(min = 1, max = 200))]
    title: String,
    /// More about it.
    #[schemars(length(max = 4000))]
    notes: Option<String>,
    /// The day on which it is due, such as 2026-11-30.
    due: Option<String>,
    /// How much it matters; normal where nothing is said.
    priority: Option<Priority>,
    /// The name or number of the project that it belongs to.
    project: Option<ProjectKey>,
    /// The name of whoever does it; `me` for the user.
    #[schemars(length(max = 100))]
    assignee: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// Only tasks that are this far; all where nothing is said.
    status: Option<StatusFilter>,
    /// Only tasks with this text in their title or notes.
    #[schemars(length(max = 200))]
    search: Option<String>,
    /// Only tasks of the project of this name or number; where nothing is said, all but those of archived projects.
    project: Option<ProjectKey>,
    /// Only tasks that this person does; `me` for the user, `nobody` for tasks that are assigned to nobody.
    #[schemars(length(max = 100))]
    assignee: Option<String>,
    /// Only tasks that are due on this day or before, such as 2026-11-30.
    due_by: Option<String>,
    /// In which order; the oldest first where nothing is said.
    sort: Option<SortBy>,
    /// How many at most; 20 where nothing is said.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// The `next` of the page before, for the same sort.
    after: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Update {
    /// The task's number.
    id: TaskId,
    /// The new title.
    #[schemars(length(min = 1, max = 200))]
    title: Option<String>,
    /// The new notes; an empty text removes them.
    #[schemars(length(max = 4000))]
    notes: Option<String>,
    /// The new due day, such as 2026-11-30; an empty text removes it.
    due: Option<String>,
    /// The new priority.
    priority: Option<Priority>,
    /// The name or number of the project that it moves to; an empty text takes it out of its project.
    project: Option<ProjectKey>,
}

/// A page of tasks.
#[derive(Debug, Serialize, JsonSchema)]
struct TaskList {
    /// The tasks.
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

pub(super) fn tools(server: ToolServer<Tasks>) -> ToolServer<Tasks> {
    server
        .tool(
            Tool::new("add_task", add_task)
                .scope(WRITE)
                .title("Add a task")
                .description("Adds a task to the user's list and returns it with its number."),
        )
        .tool(
            Tool::new("list_tasks", list_tasks)
                .scope(READ)
                .title("List tasks")
                .read_only()
                .description(
                    "Lists the user's tasks a page at a time; by status, project, \
                     assignee, due day and by a text in title or notes.",
                ),
        )
        .tool(
            Tool::new("get_task", get_task)
                .scope(READ)
                .title("Show a task")
                .read_only()
                .description("Returns one task."),
        )
        .tool(
            Tool::new("update_task", update_task)
                .scope(WRITE)
                .title("Change a task")
                .idempotent()
                .description(
                    "Changes a task's title, notes, due day, priority or project; what \
                     isn't given stays.",
                ),
        )
        .tool(
            Tool::new("start_task", start_task)
                .scope(WRITE)
                .title("Start a task")
                .idempotent()
                .description("Marks a task as in progress."),
        )
        .tool(
            Tool::new("complete_task", complete_task)
                .scope(WRITE)
                .title("Complete a task")
                .idempotent()
                .description("Marks a task as done."),
        )
        .tool(
            Tool::new("reopen_task", reopen_task)
                .scope(WRITE)
                .title("Reopen a task")
                .idempotent()
                .description("Marks a task as open again."),
        )
        .tool(
            Tool::new("delete_task", delete_task)
                .scope(WRITE)
                .title("Delete a task")
                .destructive()
                .description(
                    "Deletes a task for good. Completing it keeps it; delete only what \
                     the user wants gone.",
                ),
        )
}

async fn add_task(desk: Desk, Params(new): Params<Addition>) -> TaskResult {
    let assignee = new.assignee.as_deref().unwrap_or_default();
    let new = NewTask {
        title: input::title(&new.title)?,
        notes: input::notes(new.notes.as_deref().unwrap_or_default())?,
        priority: new.priority.unwrap_or_default(),
        due: input::due(new.due.as_deref().unwrap_or_default())?,
        project: match &new.project {
            Some(key) => projects::named(&desk, key).await?,
            None => None,
        },
        assignee: assignment::person(assignee, &desk.caller)?,
    };
    let added = desk.tasks.add(&desk.owner, &[new]).await.map_err(told)?;
    let task = added
        .into_iter()
        .next()
        .ok_or_else(|| ToolFailure::internal("nothing was added"))?;
    desk.task_changed(&task);
    Ok(Structured(task))
}

async fn list_tasks(
    desk: Desk,
    Params(listing): Params<Listing>,
) -> Result<Structured<TaskList>, ToolFailure> {
    let limit = input::limit(listing.limit)?;
    let order = listing.sort.unwrap_or_default().order();
    let after = match listing.after.as_deref().map(str::trim) {
        None | Some("") => After::start(order),
        Some(cursor) => After::parse(order, cursor).ok_or_else(input::not_a_cursor)?,
    };
    let filter = Filter {
        status: listing.status.map(StatusFilter::as_str),
        search: listing
            .search
            .filter(|text| !text.trim().is_empty())
            .map(|text| input::search(&text))
            .transpose()?,
        project: match &listing.project {
            Some(key) => projects::named(&desk, key).await?,
            None => None,
        },
        assignee: match listing.assignee.as_deref() {
            Some(person) if person.trim().eq_ignore_ascii_case("nobody") => Some(String::new()),
            Some(person) => assignment::person(person, &desk.caller)?,
            None => None,
        },
        due_by: input::day("due_by", listing.due_by.as_deref().unwrap_or_default())?,
    };
    let mut page = desk
        .tasks
        .list(&desk.owner, &filter, &after, limit.saturating_add(1))
        .await?;
    let next = if input::cut(&mut page, limit)? {
        page.last()
            .and_then(|task| After::task(order, task))
            .map(|after| after.cursor())
    } else {
        None
    };
    Ok(Structured(TaskList {
        total: desk.tasks.count(&desk.owner, &filter).await?,
        tasks: page,
        next,
    }))
}

async fn get_task(desk: Desk, Params(One { id }): Params<One>) -> TaskResult {
    found(id, desk.tasks.get(&desk.owner, id).await?)
}

async fn update_task(desk: Desk, Params(update): Params<Update>) -> TaskResult {
    let due = update.due.as_deref().map(input::due).transpose()?;
    let change = Change {
        title: update.title.as_deref().map(input::title).transpose()?,
        notes: update.notes.as_deref().map(input::notes).transpose()?,
        priority: update.priority,
        due: due.map(Option::unwrap_or_default),
        place: match &update.project {
            None => Place::Stays,
            Some(key) => projects::named(&desk, key)
                .await?
                .map_or(Place::LeavesItsProject, Place::MovesTo),
        },
        ..Change::default()
    };
    let before = match change.place {
        Place::Stays => None,
        Place::MovesTo(_) | Place::LeavesItsProject => {
            desk.tasks.get(&desk.owner, update.id).await?
        }
    };
    let changed = changed(&desk, update.id, &change).await?;
    if let Some(left) = before.and_then(|task| task.project) {
        desk.changed([], Some(left.id));
    }
    Ok(changed)
}

async fn start_task(desk: Desk, Params(One { id }): Params<One>) -> TaskResult {
    marked(&desk, id, Status::InProgress).await
}

async fn complete_task(desk: Desk, Params(One { id }): Params<One>) -> TaskResult {
    marked(&desk, id, Status::Done).await
}

async fn reopen_task(desk: Desk, Params(One { id }): Params<One>) -> TaskResult {
    marked(&desk, id, Status::Open).await
}

async fn delete_task(
    desk: Desk,
    Params(One { id }): Params<One>,
) -> Result<Structured<Deleted>, ToolFailure> {
    let Structured(deleted) = found(id, desk.tasks.delete(&desk.owner, id).await?)?;
    desk.task_changed(&deleted);
    Ok(Structured(Deleted { deleted }))
}

async fn marked(desk: &Desk, id: TaskId, status: Status) -> TaskResult {
    let change = Change {
        status: Some(status),
        ..Change::default()
    };
    changed(desk, id, &change).await
}

pub(super) async fn changed(desk: &Desk, id: TaskId, change: &Change) -> TaskResult {
    let changed = desk
        .tasks
        .change(&desk.owner, id, change)
        .await
        .map_err(told)?;
    let Structured(task) = found(id, changed)?;
    desk.task_changed(&task);
    Ok(Structured(task))
}

fn found(id: TaskId, task: Option<Task>) -> TaskResult {
    task.map(Structured).ok_or_else(|| no_task(id))
}
