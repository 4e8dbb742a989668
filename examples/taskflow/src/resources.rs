//! What clients can read and follow without a tool: a summary, each task, each project with what is to be done in it.

use frontdesk_mcp_server::{
    Contents, Link, Params, Partial, Resource, ResourceTemplate, ToolFailure, ToolServer,
};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::desk::{Desk, SUMMARY, project_uri};
use crate::store::{After, Filter, Named, Order, State};
use crate::{Project, READ, Task, TaskId, Tasks};

const JSON: &str = "application/json";
/// How many tasks of a project are read with it.
const MAX_TASKS: u32 = 100;
/// How many projects are listed, and how many completions are offered.
const MAX_PROJECTS: u32 = 100;

/// The variable of an address, always a text.
#[derive(Debug, Deserialize, JsonSchema)]
struct Address {
    /// The number.
    id: String,
}

/// How things stand, archived projects aside.
#[derive(Debug, Serialize)]
struct Summary {
    open: i64,
    in_progress: i64,
    done: i64,
    /// Unfinished tasks that were due before today, in UTC.
    overdue: i64,
    /// Active projects.
    projects: i64,
}

/// A project and what is to be done in it first.
#[derive(Debug, Serialize)]
struct Board {
    project: Project,
    unfinished: Vec<Task>,
}

pub(crate) fn resources(server: ToolServer<Tasks>) -> ToolServer<Tasks> {
    server
        .resource(
            Resource::new(SUMMARY, "summary", summary)
                .title("Summary")
                .description("How many tasks are open, in progress, done and overdue.")
                .mime_type(JSON)
                .scope(READ),
        )
        .resource_template(
            ResourceTemplate::new("taskflow://tasks/{id}", "task", task)
                .title("Task")
                .description("A task by its number.")
                .mime_type(JSON)
                .scope(READ),
        )
        .resource_template(
            ResourceTemplate::new("taskflow://projects/{id}", "project", project)
                .title("Project")
                .description("A project by its number, with what is to be done in it.")
                .mime_type(JSON)
                .scope(READ)
                .list(links)
                .complete("id", numbers),
        )
}

async fn summary(desk: Desk) -> Result<Contents, ToolFailure> {
    let count = async |status, due_by| {
        let filter = Filter {
            status: Some(status),
            due_by,
            ..Filter::default()
        };
        desk.tasks.count(&desk.owner, &filter).await
    };
    let yesterday = desk
        .flow
        .today()
        .yesterday()
        .map(|day: Date| day.to_string());
    json(&Summary {
        open: count("open", None).await?,
        in_progress: count("in_progress", None).await?,
        done: count("done", None).await?,
        overdue: count("unfinished", Some(yesterday?)).await?,
        projects: desk
            .tasks
            .count_projects(&desk.owner, Some(State::Active))
            .await?,
    })
}

async fn task(
    desk: Desk,
    Params(Address { id }): Params<Address>,
) -> Result<Option<Contents>, ToolFailure> {
    let Ok(number) = id.parse() else {
        return Ok(None);
    };
    let task = desk.tasks.get(&desk.owner, TaskId(number)).await?;
    task.as_ref().map(json).transpose()
}

async fn project(
    desk: Desk,
    Params(Address { id }): Params<Address>,
) -> Result<Option<Contents>, ToolFailure> {
    let Ok(number) = id.parse() else {
        return Ok(None);
    };
    let named = Named::Number(number);
    let Some(project) = desk.tasks.project(&desk.owner, &named).await? else {
        return Ok(None);
    };
    let filter = Filter {
        status: Some("unfinished"),
        project: Some(project.id),
        ..Filter::default()
    };
    let start = After::start(Order::Due);
    let unfinished = desk.tasks.list(&desk.owner, &filter, &start, MAX_TASKS);
    let unfinished = unfinished.await?;
    let board = Board {
        project,
        unfinished,
    };
    json(&board).map(Some)
}

async fn links(desk: Desk) -> Result<Vec<Link>, ToolFailure> {
    let projects = active(&desk).await?.into_iter();
    let links = projects.map(|project| Link {
        uri: project_uri(project.id),
        name: project.name,
        title: None,
        description: None,
        mime_type: Some(JSON.to_owned()),
    });
    Ok(links.collect())
}

async fn numbers(desk: Desk, Partial(partial): Partial) -> Result<Vec<String>, ToolFailure> {
    let projects = active(&desk).await?.into_iter();
    Ok(projects
        .map(|project| project.id.to_string())
        .filter(|id| id.starts_with(partial.trim()))
        .collect())
}

async fn active(desk: &Desk) -> Result<Vec<Project>, ToolFailure> {
    let projects = desk
        .tasks
        .list_projects(&desk.owner, Some(State::Active), 0, MAX_PROJECTS);
    Ok(projects.await?)
}

fn json(value: &impl Serialize) -> Result<Contents, ToolFailure> {
    Ok(Contents::text(serde_json::to_string_pretty(value)?))
}
