//! Tool calls ▸ one workflow per step, a task for each call.

use frontdesk_agent::{AskedCall, Outcome, Progress, ToolCall};
use frontdesk_protocol::{
    CustomSummary, CustomTask, ItemId, ItemUpdate, StatusIndicator, Task, ThreadEvent, ThreadItem,
    WorkflowItem, WorkflowKind, WorkflowSummary,
};

use super::super::brief;
use super::super::narrate::tool_title;
use super::empty_workflow;
use crate::turn::NOT_FINISHED;
use crate::{Turn, TurnError};

/// Bytes of arguments that come at least before they are shown again.
const STRIDE: usize = 40;

/// Bytes of arguments that are followed while they are written.
const MOST_FOLLOWED: usize = 8 * 1024;

/// The tool calls of one step.
#[derive(Default)]
pub(super) struct Tools {
    open: Option<Group>,
    /// The workflow that an earlier process began and never finished: it is shown anew under the same id.
    begun_before: Option<ItemId>,
}

struct Group {
    item: WorkflowItem,
    calls: Vec<Call>,
}

/// A call, at the place of its task.
struct Call {
    id: String,
    kind: Kind,
    /// The arguments as far as they came.
    written: String,
    /// Bytes of them when they were last looked at.
    looked_at: usize,
    /// The arguments as they are shown.
    arguments: Option<String>,
}

/// What a call is made for.
#[derive(PartialEq, Eq)]
enum Kind {
    Tool,
    Handoff,
}

impl Call {
    fn new(id: String) -> Self {
        Self {
            id,
            kind: Kind::Tool,
            written: String::new(),
            looked_at: 0,
            arguments: None,
        }
    }

    /// What a task says: what the call is made with, and how far it is.
    fn content(&self, state: Option<String>) -> Option<String> {
        let arguments = self.arguments.clone();
        let content: Vec<String> = arguments.into_iter().chain(state).collect();
        (!content.is_empty()).then(|| content.join("\n\n"))
    }
}

impl Tools {
    /// The next workflow is this one, which an earlier process began.
    pub(super) fn begin_again(&mut self, workflow: Option<ItemId>) {
        self.begun_before = workflow;
    }

    /// The workflow that shows the calls.
    pub(super) fn workflow(&self) -> Option<&ItemId> {
        self.open.as_ref().map(|group| &group.item.id)
    }

    /// The model calls a tool.
    pub(super) async fn call(
        &mut self,
        turn: &mut Turn,
        call_id: String,
        title: String,
    ) -> Result<(), TurnError> {
        let task = CustomTask {
            title: Some(title),
            icon: Some("bolt".to_owned()),
            status_indicator: StatusIndicator::Loading,
            ..CustomTask::default()
        };
        self.begin(turn, Call::new(call_id), task).await
    }

    async fn begin(
        &mut self,
        turn: &mut Turn,
        call: Call,
        task: CustomTask,
    ) -> Result<(), TurnError> {
        let task = Task::Custom(task);
        if let Some(group) = &mut self.open {
            let index = group.item.workflow.tasks.len();
            group.item.workflow.tasks.push(task.clone());
            group.calls.push(call);
            let id = group.item.id.clone();
            let added = ItemUpdate::task_added(index, task);
            return turn.emit(ThreadEvent::item_updated(id, added)).await;
        }
        let mut item = empty_workflow(turn, WorkflowKind::Custom, task);
        if let Some(id) = self.begun_before.take() {
            item.id = id;
        }
        let added = ThreadEvent::item_added(ThreadItem::Workflow(item.clone()));
        let calls = vec![call];
        self.open = Some(Group { item, calls });
        turn.emit(added).await
    }

    /// The model writes on a call's arguments.
    pub(super) async fn write(
        &mut self,
        turn: &mut Turn,
        call_id: &str,
        delta: &str,
    ) -> Result<(), TurnError> {
        let Some(call) = self.find(call_id) else {
            return Ok(());
        };
        if call.written.len() + delta.len() > MOST_FOLLOWED {
            return Ok(());
        }
        call.written.push_str(delta);
        // Each look reads, and may send, the whole; so they become rarer as it grows.
        let stride = STRIDE.max(call.looked_at / 4);
        if call.written.len() - call.looked_at < stride {
            return Ok(());
        }
        call.looked_at = call.written.len();
        let arguments = brief::arguments(&call.written);
        self.show_arguments(turn, call_id, arguments).await
    }

    /// A call's arguments are complete.
    pub(super) async fn written(
        &mut self,
        turn: &mut Turn,
        call_id: &str,
        arguments: &str,
    ) -> Result<(), TurnError> {
        self.show_arguments(turn, call_id, brief::arguments(arguments))
            .await
    }

    async fn show_arguments(
        &mut self,
        turn: &mut Turn,
        call_id: &str,
        arguments: Option<String>,
    ) -> Result<(), TurnError> {
        let Some(call) = self.find(call_id) else {
            return Ok(());
        };
        if arguments.is_none() || call.arguments == arguments {
            return Ok(());
        }
        call.arguments = arguments;
        self.change(turn, call_id, |call, task| {
            task.content = call.content(None);
        })
        .await
    }

    /// A running tool reports.
    pub(super) async fn progress(
        &mut self,
        turn: &mut Turn,
        call_id: &str,
        progress: Progress,
    ) -> Result<(), TurnError> {
        let percent = progress
            .fraction
            .map(|fraction| format!("{:.0} %", fraction * 100.0));
        let words: Vec<String> = progress.message.into_iter().chain(percent).collect();
        self.change(turn, call_id, |call, task| {
            task.content = call.content(Some(words.join(" · ")));
        })
        .await
    }

    /// A call has its result.
    pub(super) async fn finish_call(
        &mut self,
        turn: &mut Turn,
        call_id: &str,
        outcome: Outcome,
        text: &str,
    ) -> Result<(), TurnError> {
        self.change(turn, call_id, |call, task| {
            task.status_indicator = StatusIndicator::Complete;
            let state = match outcome {
                Outcome::Ok => brief::result(text).map(|line| format!("→ {line}")),
                Outcome::Error => {
                    task.icon = Some("circle-question".to_owned());
                    Some(format!("Failed: {}", brief::failure(text)))
                }
            };
            task.content = call.content(state);
        })
        .await
    }

    /// An agent has handed over.
    pub(super) async fn hand_over(&mut self, turn: &mut Turn, to: &str) -> Result<(), TurnError> {
        let task = CustomTask {
            title: Some(format!("Handed over to {}", tool_title(to))),
            icon: Some("agent".to_owned()),
            status_indicator: StatusIndicator::Complete,
            ..CustomTask::default()
        };
        let call = Call {
            kind: Kind::Handoff,
            ..Call::new(String::new())
        };
        self.begin(turn, call, task).await
    }

    /// A tool of the user's own page is called: nothing more is heard of it here.
    pub(super) async fn leave(
        &mut self,
        turn: &mut Turn,
        called: &ToolCall,
        title: String,
    ) -> Result<(), TurnError> {
        let mut call = Call::new(called.call_id.clone());
        call.arguments = brief::arguments(&called.arguments);
        let task = CustomTask {
            title: Some(title),
            icon: Some("bolt".to_owned()),
            content: call.content(None),
            ..CustomTask::default()
        };
        self.begin(turn, call, task).await
    }

    fn find(&mut self, call_id: &str) -> Option<&mut Call> {
        let mut calls = self.open.iter_mut().flat_map(|group| &mut group.calls);
        calls.find(|call| call.id == call_id)
    }

    async fn change(
        &mut self,
        turn: &mut Turn,
        call_id: &str,
        change: impl FnOnce(&mut Call, &mut CustomTask) + Send,
    ) -> Result<(), TurnError> {
        let Some(Group { item, calls }) = &mut self.open else {
            return Ok(());
        };
        let tasks = item.workflow.tasks.iter_mut();
        let mut places = calls.iter_mut().zip(tasks).enumerate();
        let Some((index, (call, Task::Custom(task)))) =
            places.find(|(_, (call, _))| call.id == call_id)
        else {
            return Ok(());
        };
        change(call, task);
        let update = ItemUpdate::task_updated(index, Task::Custom(task.clone()));
        let id = item.id.clone();
        turn.emit(ThreadEvent::item_updated(id, update)).await
    }

    /// Calls that wait for the user were not made: no workflow shows them.
    pub(super) async fn wait(
        &mut self,
        turn: &mut Turn,
        asked: &[AskedCall],
    ) -> Result<(), TurnError> {
        let Some(group) = &mut self.open else {
            return Ok(());
        };
        let waits = |call: &Call| asked.iter().any(|asked| asked.call.call_id == call.id);
        let calls = std::mem::take(&mut group.calls).into_iter();
        let tasks = std::mem::take(&mut group.item.workflow.tasks);
        (group.calls, group.item.workflow.tasks) =
            calls.zip(tasks).filter(|(call, _)| !waits(call)).unzip();
        if !group.calls.is_empty() {
            return Ok(());
        }
        let id = group.item.id.clone();
        self.open = None;
        turn.emit(ThreadEvent::item_removed(id)).await
    }

    /// Shows the workflow as done; calls that have no result are shown as not finished.
    pub(super) async fn finish(&mut self, turn: &mut Turn) -> Result<(), TurnError> {
        let Some(Group { mut item, calls }) = self.open.take() else {
            return Ok(());
        };
        for (call, task) in calls.iter().zip(&mut item.workflow.tasks) {
            if let Task::Custom(task) = task
                && task.status_indicator == StatusIndicator::Loading
            {
                task.status_indicator = StatusIndicator::None;
                task.content = call.content(Some(NOT_FINISHED.to_owned()));
            }
        }
        item.workflow.summary = Some(WorkflowSummary::Custom(CustomSummary {
            title: summary(&item, &calls),
            ..CustomSummary::default()
        }));
        turn.emit(ThreadEvent::item_done(ThreadItem::Workflow(item)))
            .await
    }
}

/// What stands for all calls.
fn summary(item: &WorkflowItem, calls: &[Call]) -> String {
    let tools = calls
        .iter()
        .filter(|call| call.kind != Kind::Handoff)
        .count();
    let used = match tools {
        0 => None,
        1 => Some("Used a tool".to_owned()),
        count => Some(format!("Used {count} tools")),
    };
    let handed = calls.iter().zip(&item.workflow.tasks);
    let handed = handed.filter_map(|(call, task)| match (&call.kind, task) {
        (Kind::Handoff, Task::Custom(task)) => task.title.clone(),
        _ => None,
    });
    used.into_iter()
        .chain(handed)
        .collect::<Vec<_>>()
        .join(" · ")
}
