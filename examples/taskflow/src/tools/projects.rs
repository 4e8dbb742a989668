//! Tools for projects.

use frontdesk_identity::Scope;
use frontdesk_mcp_server::{Caller, Params, State, Structured, Tool, ToolFailure, ToolServer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{self, ProjectKey, StateFilter};
use super::told;
use crate::store::{self, Deletion};
use crate::{Project, ProjectId, Tasks};

const MAX_NAME_CHARS: usize = 100;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Addition {
    /// The project's name; not a number.
    #[schemars(length(min = 1, max = 100))]
    name: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// Only projects in this state; active ones where nothing is said.
    state: Option<StateFilter>,
    /// How many at most; 20 where nothing is said.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct One {
    /// The project's name or number.
    project: ProjectKey,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Renaming {
    /// The project's name or number.
    project: ProjectKey,
    /// The new name; not a number.
    #[schemars(length(min = 1, max = 100))]
    name: String,
}

/// A page of projects.
#[derive(Debug, Serialize, JsonSchema)]
struct ProjectList {
    /// The projects, oldest first.
    projects: Vec<Project>,
    /// Give this as `after` to get the next page; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// How many projects there are in this state.
    total: i64,
}

/// What was deleted.
#[derive(Debug, Serialize, JsonSchema)]
struct Deleted {
    /// The project as it was.
    deleted: Project,
}

type ProjectResult = Result<Structured<Project>, ToolFailure>;

pub(super) fn tools(server: ToolServer<Tasks>) -> ToolServer<Tasks> {
    server
        .tool(Tool::new("add_project", add_project).title("Add a project").description(
            "Adds a project, under which tasks are kept together; its name must be new.",
        ))
        .tool(
            Tool::new("list_projects", list_projects)
                .title("List projects")
                .read_only()
                .description("Lists the user's projects, oldest first, a page at a time, with how many tasks they have."),
        )
        .tool(
            Tool::new("rename_project", rename_project)
                .title("Rename a project")
                .idempotent()
                .description("Gives a project another name; its tasks stay in it."),
        )
        .tool(Tool::new("archive_project", archive_project).title("Archive a project").idempotent().description(
            "Puts a project away: its tasks are kept but not listed unless asked for, and nothing new comes into it.",
        ))
        .tool(
            Tool::new("restore_project", restore_project)
                .title("Restore a project")
                .idempotent()
                .description("Takes an archived project back into use."),
        )
        .tool(Tool::new("delete_project", delete_project).title("Delete a project").destructive().description(
            "Deletes a project and all its tasks for good. Archiving keeps them; delete only what the user wants gone.",
        ))
}

async fn add_project(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(Addition { name }): Params<Addition>,
) -> ProjectResult {
    let project = tasks.add_project(&caller.scope(), &name_of(&name)?).await;
    Ok(Structured(project.map_err(told)?))
}

async fn list_projects(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(listing): Params<Listing>,
) -> Result<Structured<ProjectList>, ToolFailure> {
    let owner = caller.scope();
    let limit = input::limit(listing.limit)?;
    let after = match listing.after.as_deref().map(str::trim) {
        None | Some("") => 0,
        Some(cursor) => cursor.parse().map_err(|_| input::not_a_cursor())?,
    };
    let state = listing.state.unwrap_or_default().state();
    let mut page = tasks
        .list_projects(&owner, state, after, limit.saturating_add(1))
        .await?;
    let next = if input::cut(&mut page, limit)? {
        page.last().map(|project| project.id.to_string())
    } else {
        None
    };
    Ok(Structured(ProjectList {
        total: tasks.count_projects(&owner, state).await?,
        projects: page,
        next,
    }))
}

async fn rename_project(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(Renaming { project, name }): Params<Renaming>,
) -> ProjectResult {
    let owner = caller.scope();
    let id = required(&tasks, &owner, &project).await?.id;
    let renamed = tasks
        .rename_project(&owner, id, &name_of(&name)?)
        .await
        .map_err(told)?;
    found(id, renamed)
}

async fn archive_project(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(One { project }): Params<One>,
) -> ProjectResult {
    placed(&tasks, &caller.scope(), &project, store::State::Archived).await
}

async fn restore_project(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(One { project }): Params<One>,
) -> ProjectResult {
    placed(&tasks, &caller.scope(), &project, store::State::Active).await
}

async fn delete_project(
    Caller(caller): Caller,
    State(tasks): State<Tasks>,
    Params(One { project }): Params<One>,
) -> Result<Structured<Deleted>, ToolFailure> {
    let owner = caller.scope();
    let project = required(&tasks, &owner, &project).await?;
    match tasks
        .delete_project(&owner, project.id, project.tasks())
        .await?
    {
        Deletion::Deleted(deleted) => Ok(Structured(Deleted { deleted })),
        Deletion::Missing => Err(no_project(&project.id.to_string())),
        Deletion::Grown => Err(ToolFailure::new(
            "tasks came into the project meanwhile; nothing was deleted",
        )),
    }
}

async fn placed(
    tasks: &Tasks,
    owner: &Scope,
    project: &ProjectKey,
    state: store::State,
) -> ProjectResult {
    let id = required(tasks, owner, project).await?.id;
    found(id, tasks.place_project(owner, id, state).await?)
}

/// The number of the project that a key names; `None` for an empty one.
pub(super) async fn named(
    tasks: &Tasks,
    owner: &Scope,
    key: &ProjectKey,
) -> Result<Option<ProjectId>, ToolFailure> {
    if key.is_empty() {
        return Ok(None);
    }
    Ok(Some(required(tasks, owner, key).await?.id))
}

/// The project that a key names.
pub(super) async fn required(
    tasks: &Tasks,
    owner: &Scope,
    key: &ProjectKey,
) -> Result<Project, ToolFailure> {
    let project = tasks.project(owner, &key.named()).await?;
    project.ok_or_else(|| no_project(key.text()))
}

/// A project's name. One that reads as a number could not be told from another project's number.
fn name_of(text: &str) -> Result<String, ToolFailure> {
    let name = input::line("name", text, MAX_NAME_CHARS)?;
    if input::number(&name).is_some() {
        return Err(ToolFailure::new("name must not be a number"));
    }
    Ok(name)
}

fn found(id: ProjectId, project: Option<Project>) -> ProjectResult {
    project
        .map(Structured)
        .ok_or_else(|| no_project(&id.to_string()))
}

fn no_project(named: &str) -> ToolFailure {
    ToolFailure::new(format!("there is no project {named}"))
}
