//! Tools for projects.

use frontdesk_mcp_server::{
    Elicit, Elicited, Params, RequestInfo, Root, Roots, Structured, Tool, ToolFailure, ToolServer,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{self, ProjectKey, StateFilter};
use super::told;
use crate::desk::Desk;
use crate::store::{Deletion, State};
use crate::{Project, ProjectId, READ, TaskflowError, Tasks, WRITE};

const MAX_NAME_CHARS: usize = 100;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Addition {
    /// The project's name; not a number. Without it, the folder that the client works in gives its name.
    #[schemars(length(min = 1, max = 100))]
    name: Option<String>,
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
struct Deletions {
    /// The project as it was; missing where the user didn't agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<Project>,
}

/// What the user says to a deletion.
#[derive(Debug, Deserialize, JsonSchema)]
struct Agreement {
    /// Delete it
    delete: bool,
}

type ProjectResult = Result<Structured<Project>, ToolFailure>;

pub(super) fn tools(server: ToolServer<Tasks>) -> ToolServer<Tasks> {
    server
        .tool(
            Tool::new("add_project", add_project)
                .scope(WRITE)
                .title("Add a project")
                .description(
                    "Adds a project, under which tasks are kept together; its name must \
                     be new.",
                ),
        )
        .tool(
            Tool::new("list_projects", list_projects)
                .scope(READ)
                .title("List projects")
                .read_only()
                .description(
                    "Lists the user's projects, oldest first, a page at a time, with how \
                     many tasks they have.",
                ),
        )
        .tool(
            Tool::new("rename_project", rename_project)
                .scope(WRITE)
                .title("Rename a project")
                .idempotent()
                .description("Gives a project another name; its tasks stay in it."),
        )
        .tool(
            Tool::new("archive_project", archive_project)
                .scope(WRITE)
                .title("Archive a project")
                .idempotent()
                .description(
                    "Puts a project away: its tasks are kept but not listed unless asked \
                     for, and nothing new comes into it.",
                ),
        )
        .tool(
            Tool::new("restore_project", restore_project)
                .scope(WRITE)
                .title("Restore a project")
                .idempotent()
                .description("Takes an archived project back into use."),
        )
        .tool(
            Tool::new("delete_project", delete_project)
                .scope(WRITE)
                .title("Delete a project")
                .destructive()
                .description(
                    "Deletes a project and all its tasks for good. Archiving keeps them; \
                     delete only what the user wants gone.",
                ),
        )
}

async fn add_project(
    desk: Desk,
    Params(Addition { name }): Params<Addition>,
    roots: Roots,
    elicit: Elicit,
) -> ProjectResult {
    let name = match name {
        Some(name) => name,
        None if roots.is_there() => folder(&roots.named("folders").list().await?)?,
        None => return Err(ToolFailure::new("name is missing")),
    };
    let name = name_of(&name)?;
    let added = match desk.tasks.add_project(&desk.owner, &name).await {
        Err(full @ TaskflowError::Full { .. }) => return Err(no_room(&desk, &elicit, full).await?),
        added => added.map_err(told)?,
    };
    desk.project_changed(&added);
    desk.listing_changed();
    Ok(Structured(added))
}

/// The name of the one folder that the client works in.
fn folder(roots: &[Root]) -> Result<String, ToolFailure> {
    let [root] = roots else {
        return Err(ToolFailure::new(format!(
            "name is missing, and the client works in {} folders",
            roots.len()
        )));
    };
    let last = root.uri.trim_end_matches('/').rsplit('/').next();
    let name = root.name.as_deref().or(last).unwrap_or_default();
    Ok(name.to_owned())
}

/// Nothing more can be added. Where there is more room to be had, the user is led there, past the model.
async fn no_room(
    desk: &Desk,
    elicit: &Elicit,
    full: TaskflowError,
) -> Result<ToolFailure, ToolFailure> {
    let failure = told(full);
    let Some(url) = desk.flow.more_room().filter(|_| elicit.has_urls()) else {
        return Ok(failure);
    };
    let message = "Your list is full. More room is to be had here.";
    Ok(match elicit.named("room").url(url, message).await? {
        Elicited::Accepted(()) => ToolFailure::new(format!(
            "{}; the user was led to where more room is to be had, so try again when they say so",
            failure.message
        )),
        Elicited::Declined | Elicited::Cancelled => failure,
    })
}

async fn list_projects(
    desk: Desk,
    Params(listing): Params<Listing>,
) -> Result<Structured<ProjectList>, ToolFailure> {
    let limit = input::limit(listing.limit)?;
    let after = match listing.after.as_deref().map(str::trim) {
        None | Some("") => 0,
        Some(cursor) => cursor.parse().map_err(|_| input::not_a_cursor())?,
    };
    let state = listing.state.unwrap_or_default().state();
    let mut page = desk
        .tasks
        .list_projects(&desk.owner, state, after, limit.saturating_add(1))
        .await?;
    let next = if input::cut(&mut page, limit)? {
        page.last().map(|project| project.id.to_string())
    } else {
        None
    };
    Ok(Structured(ProjectList {
        total: desk.tasks.count_projects(&desk.owner, state).await?,
        projects: page,
        next,
    }))
}

async fn rename_project(
    desk: Desk,
    Params(Renaming { project, name }): Params<Renaming>,
) -> ProjectResult {
    let id = required(&desk, &project).await?.id;
    let renamed = desk
        .tasks
        .rename_project(&desk.owner, id, &name_of(&name)?)
        .await;
    found(&desk, id, renamed.map_err(told)?)
}

async fn archive_project(desk: Desk, Params(One { project }): Params<One>) -> ProjectResult {
    placed(&desk, &project, State::Archived).await
}

async fn restore_project(desk: Desk, Params(One { project }): Params<One>) -> ProjectResult {
    placed(&desk, &project, State::Active).await
}

async fn delete_project(
    desk: Desk,
    Params(One { project }): Params<One>,
    elicit: Elicit,
    request: RequestInfo,
) -> Result<Structured<Deletions>, ToolFailure> {
    let project = required(&desk, &project).await?;
    if project.tasks() > 0 && !agreed(&elicit, &project).await? {
        return Ok(Structured(Deletions { deleted: None }));
    }
    match desk
        .tasks
        .delete_project(&desk.owner, project.id, project.tasks())
        .await?
    {
        Deletion::Deleted(deleted) => {
            let client = request.client.map(|client| client.name);
            tracing::info!(project = %deleted.id, request = request.id, client, "a project was deleted");
            desk.project_changed(&deleted);
            desk.listing_changed();
            Ok(Structured(Deletions {
                deleted: Some(deleted),
            }))
        }
        Deletion::Missing => Err(no_project(&project.id.to_string())),
        Deletion::Grown => Err(ToolFailure::new(
            "tasks came into the project meanwhile; nothing was deleted",
        )),
    }
}

/// Asks the user whether a project and its tasks may go. The question names how many there are, so an answer to it
/// holds for no other number.
async fn agreed(elicit: &Elicit, project: &Project) -> Result<bool, ToolFailure> {
    if !elicit.has_forms() {
        return Err(ToolFailure::new(format!(
            "the project has tasks: {}; deleting them takes the user's own word, and this client can't ask for it. \
             Archive the project, or delete its tasks first",
            project.tasks()
        )));
    }
    let tasks = match project.tasks() {
        1 => "1 task".to_owned(),
        count => format!("{count} tasks"),
    };
    let question = format!("Delete the project {} with {tasks} for good?", project.name);
    let answer = elicit.form::<Agreement>(&question).await?;
    Ok(match answer {
        Elicited::Accepted(Agreement { delete }) => delete,
        Elicited::Declined | Elicited::Cancelled => false,
    })
}

async fn placed(desk: &Desk, project: &ProjectKey, state: State) -> ProjectResult {
    let id = required(desk, project).await?.id;
    let placed = desk.tasks.place_project(&desk.owner, id, state).await?;
    found(desk, id, placed)
}

/// The number of the project that a key names; `None` for an empty one.
pub(super) async fn named(desk: &Desk, key: &ProjectKey) -> Result<Option<ProjectId>, ToolFailure> {
    if key.is_empty() {
        return Ok(None);
    }
    Ok(Some(required(desk, key).await?.id))
}

/// The project that a key names.
pub(super) async fn required(desk: &Desk, key: &ProjectKey) -> Result<Project, ToolFailure> {
    let project = desk.tasks.project(&desk.owner, &key.named()).await?;
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

fn found(desk: &Desk, id: ProjectId, project: Option<Project>) -> ProjectResult {
    let project = project.ok_or_else(|| no_project(&id.to_string()))?;
    desk.project_changed(&project);
    desk.listing_changed();
    Ok(Structured(project))
}

fn no_project(named: &str) -> ToolFailure {
    ToolFailure::new(format!("there is no project {named}"))
}
