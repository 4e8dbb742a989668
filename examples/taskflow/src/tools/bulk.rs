//! Tools that work through many tasks: they report how far they are, and stop between two steps when the caller
//! doesn't want more. What was done by then stays.

use frontdesk_mcp_server::{
    Cancelled, Log, Params, Progress, Sample, Sampling, Structured, Tool, ToolFailure, ToolServer,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::input::{self, ProjectKey};
use super::{projects, told};
use crate::desk::Desk;
use crate::store::NewTask;
use crate::{Priority, ProjectId, TaskId, Tasks, WRITE};

/// How many tasks one import takes.
const MAX_IMPORT: usize = 1_000;
/// The longest text that tasks are looked for in, in letters.
const MAX_TEXT_CHARS: usize = 8_000;
/// The longest list of tasks that the client's model gives, in tokens.
const MAX_FOUND_TOKENS: u32 = 2_000;
/// How many tasks one step writes, in one transaction.
const STEP: u32 = 25;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Import {
    /// What is to be done, a few words for each task.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    titles: Vec<String>,
    /// In place of titles: a text such as a mail, in which the tasks are to be found.
    #[schemars(length(max = 8000))]
    text: Option<String>,
    /// The name or number of the project that they belong to.
    project: Option<ProjectKey>,
    /// How much each matters; normal where nothing is said.
    priority: Option<Priority>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Completion {
    /// The project's name or number.
    project: ProjectKey,
}

/// What was added.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct Imported {
    /// How many tasks were added.
    added: usize,
    /// Their numbers, in the order of the titles.
    ids: Vec<TaskId>,
}

/// What was completed.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct Completed {
    /// How many tasks were marked as done.
    completed: usize,
    /// Their numbers.
    ids: Vec<TaskId>,
}

/// Hears how many tasks have been worked through.
trait Report: Sync {
    fn done(&self, done: usize) -> impl Future<Output = ()> + Send;
}

/// Who hears how far the work is, and may end it.
struct Watch<R> {
    report: R,
    cancelled: CancellationToken,
}

/// Reports to the caller.
struct Told {
    progress: Progress,
    total: usize,
    /// What is done to the tasks.
    what: &'static str,
}

pub(super) fn tools(server: ToolServer<Tasks>) -> ToolServer<Tasks> {
    server
        .tool(
            Tool::new("import_tasks", import_tasks)
                .scope(WRITE)
                .title("Import tasks")
                .description(
                    "Adds up to 1000 tasks at once, one for each title or what there is to do in a \
                     text, and reports how far it is.",
                ),
        )
        .tool(
            Tool::new("complete_all", complete_all)
                .scope(WRITE)
                .title("Complete a project's tasks")
                .idempotent()
                .description("Marks all tasks of a project as done, and reports how far it is."),
        )
}

async fn import_tasks(
    desk: Desk,
    Params(mut import): Params<Import>,
    progress: Progress,
    Cancelled(cancelled): Cancelled,
    log: Log,
    sample: Sample,
) -> Result<Structured<Imported>, ToolFailure> {
    if let Some(text) = import.text.take() {
        import.titles = found_in(&text, &import.titles, &sample).await?;
    }
    let new = read(&desk, &import).await?;
    let report = Told {
        progress,
        total: new.len(),
        what: "added",
    };
    let watch = Watch { report, cancelled };
    let ids = add_all(&desk, &new, watch).await?;
    log.info(&format!("imported {} tasks", ids.len())).await;
    Ok(Structured(Imported {
        added: ids.len(),
        ids,
    }))
}

async fn complete_all(
    desk: Desk,
    Params(completion): Params<Completion>,
    progress: Progress,
    Cancelled(cancelled): Cancelled,
    log: Log,
) -> Result<Structured<Completed>, ToolFailure> {
    let project = projects::required(&desk, &completion.project).await?;
    let report = Told {
        progress,
        total: usize::try_from(project.unfinished)?,
        what: "done",
    };
    let watch = Watch { report, cancelled };
    let ids = finish_all(&desk, project.id, watch).await?;
    log.info(&format!(
        "completed {} tasks of {}",
        ids.len(),
        project.name
    ))
    .await;
    Ok(Structured(Completed {
        completed: ids.len(),
        ids,
    }))
}

/// The tasks of a text, one in each line. Where the client has a model to ask, that finds them first.
async fn found_in(
    text: &str,
    titles: &[String],
    sample: &Sample,
) -> Result<Vec<String>, ToolFailure> {
    if !titles.is_empty() {
        return Err(ToolFailure::new("give titles or text, not both"));
    }
    if text.chars().count() > MAX_TEXT_CHARS {
        return Err(ToolFailure::new(format!(
            "text must be at most {MAX_TEXT_CHARS} letters"
        )));
    }
    let asked;
    let lines = if sample.is_there() {
        let question = Sampling {
            system: None,
            prompt: format!(
                "List what there is to do in this text, one task in each line, a few words for each, \
                 and nothing else.\n\n{text}"
            ),
            max_tokens: MAX_FOUND_TOKENS,
        };
        asked = sample.named("tasks").ask(&question).await?.text;
        asked.lines()
    } else {
        text.lines()
    };
    let tasks = lines.map(|line| line.trim().trim_start_matches(['-', '*', '•']).trim());
    Ok(tasks
        .filter(|task| !task.is_empty())
        .map(str::to_owned)
        .collect())
}

/// Checks everything before anything is added.
async fn read(desk: &Desk, import: &Import) -> Result<Vec<NewTask>, ToolFailure> {
    if import.titles.is_empty() || import.titles.len() > MAX_IMPORT {
        return Err(ToolFailure::new(format!(
            "titles must be 1 to {MAX_IMPORT}, not {}",
            import.titles.len()
        )));
    }
    let project = match &import.project {
        Some(key) => projects::named(desk, key).await?,
        None => None,
    };
    let new = import.titles.iter().map(|title| {
        Ok(NewTask {
            title: input::title(title)?,
            notes: String::new(),
            priority: import.priority.unwrap_or_default(),
            due: None,
            project,
            assignee: None,
        })
    });
    new.collect()
}

async fn add_all(
    desk: &Desk,
    new: &[NewTask],
    watch: Watch<impl Report>,
) -> Result<Vec<TaskId>, ToolFailure> {
    let mut ids = Vec::with_capacity(new.len());
    for step in new.chunks(usize::try_from(STEP)?) {
        watch.check("added", ids.len())?;
        let added = desk.tasks.add(&desk.owner, step).await.map_err(told);
        let added = added.map_err(|failure| after(failure, "added", ids.len()))?;
        let added = added.into_iter().map(|task| task.id);
        let project = step.first().and_then(|new| new.project);
        desk.changed(added.clone(), project);
        ids.extend(added);
        watch.report.done(ids.len()).await;
    }
    Ok(ids)
}

async fn finish_all(
    desk: &Desk,
    project: ProjectId,
    watch: Watch<impl Report>,
) -> Result<Vec<TaskId>, ToolFailure> {
    let mut ids = Vec::new();
    loop {
        watch.check("done", ids.len())?;
        let done = desk.tasks.complete(&desk.owner, project, STEP).await?;
        if done.is_empty() {
            return Ok(ids);
        }
        desk.changed(done.iter().copied(), Some(project));
        ids.extend(done);
        watch.report.done(ids.len()).await;
    }
}

impl<R> Watch<R> {
    fn check(&self, what: &str, done: usize) -> Result<(), ToolFailure> {
        if self.cancelled.is_cancelled() {
            return Err(after(ToolFailure::new("cancelled"), what, done));
        }
        Ok(())
    }
}

/// A failure in the middle says what stands.
fn after(mut failure: ToolFailure, what: &str, done: usize) -> ToolFailure {
    if done > 0 {
        failure.message = format!("{}; {done} tasks were {what} before that", failure.message);
    }
    failure
}

impl Report for Told {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a count of tasks is far below 2^52"
    )]
    async fn done(&self, done: usize) {
        let message = format!("{done} of {} tasks {}", self.total, self.what);
        self.progress
            .report(done as f64, Some(self.total as f64), Some(&message))
            .await;
    }
}

#[cfg(test)]
mod tests;
