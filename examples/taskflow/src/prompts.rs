//! Prompts: conversations that a client offers to begin with.

use frontdesk_mcp_server::{
    Content, Contents, Message, Params, Partial, Prompt, ToolFailure, ToolServer,
};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::desk::{Desk, SUMMARY, project_uri};
use crate::store::{After, Filter, Named, Order};
use crate::{READ, Tasks};

/// How many tasks a plan is made from.
const MAX_TASKS: u32 = 50;
/// How many completions are offered.
const MAX_COMPLETIONS: u32 = 20;

/// What a day's plan is about; prompts' arguments are always texts.
#[derive(Debug, Deserialize, JsonSchema)]
struct Plan {
    /// The day, such as 2026-11-30; today where nothing is said.
    day: Option<String>,
    /// The name of the project to work on; all where nothing is said.
    project: Option<String>,
}

pub(crate) fn prompts(server: ToolServer<Tasks>) -> ToolServer<Tasks> {
    server.prompt(
        Prompt::new("plan_my_day", plan_my_day)
            .title("Plan my day")
            .description("Makes a plan for a day out of what is to be done, the most urgent first.")
            .scope(READ)
            .complete("project", project_names),
    )
}

async fn plan_my_day(desk: Desk, Params(plan): Params<Plan>) -> Result<Vec<Message>, ToolFailure> {
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let day = match given(plan.day) {
        None => desk.flow.today(),
        Some(text) => text
            .trim()
            .parse::<Date>()
            .map_err(|_| ToolFailure::new("day must be a day such as 2026-11-30"))?,
    };
    let project = match given(plan.project) {
        None => None,
        Some(name) => {
            let named = Named::Name(name.trim().to_owned());
            let project = desk.tasks.project(&desk.owner, &named).await?;
            Some(project.ok_or_else(|| ToolFailure::new(format!("there is no project {name}")))?)
        }
    };
    let filter = Filter {
        status: Some("unfinished"),
        project: project.as_ref().map(|project| project.id),
        ..Filter::default()
    };
    let start = After::start(Order::Due);
    let tasks = desk.tasks.list(&desk.owner, &filter, &start, MAX_TASKS);
    let tasks = serde_json::to_string_pretty(&tasks.await?)?;
    let (about, uri) = match &project {
        None => (String::new(), SUMMARY.to_owned()),
        Some(project) => (
            format!(" for the project {}", project.name),
            project_uri(project.id),
        ),
    };
    let wish = format!(
        "Plan my day, {day}{about}, from the tasks below. Begin with what is overdue, then what is due that day, then \
         what matters most; name each task by its number, say what can wait, and start nothing before I agree."
    );
    let tasks = Contents::text(tasks).mime_type("application/json");
    Ok(vec![
        Message::user(wish),
        Message::user(Content::embedded(uri, tasks)),
    ])
}

async fn project_names(desk: Desk, Partial(partial): Partial) -> Result<Vec<String>, ToolFailure> {
    let names = desk
        .tasks
        .project_names(&desk.owner, partial.trim(), MAX_COMPLETIONS);
    Ok(names.await?)
}
