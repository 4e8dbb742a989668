//! Tool calls ▸ one workflow per step, a task for each call.

use frontdesk_agent::{AskedCall, Outcome, Progress};
use frontdesk_protocol::{
    CustomSummary, CustomTask, ItemUpdate, StatusIndicator, Task, ThreadEvent, ThreadItem,
    WorkflowItem, WorkflowKind, WorkflowSummary,
};

use super::super::narrate::short;
use super::empty_workflow;
use crate::{Turn, TurnError};

/// The tool calls of one step.
#[derive(Default)]
pub(super) struct Tools {
    open: Option<Group>,
}

struct Group {
    item: WorkflowItem,
    calls: Vec<String>,
}

impl Tools {
    /// The model calls a tool.
    pub(super) async fn call(
        &mut self,
        turn: &mut Turn,
        call_id: String,
        title: String,
    ) -> Result<(), TurnError> {
        let task = Task::Custom(CustomTask {
            title: Some(title),
            icon: Some("bolt".to_owned()),
            status_indicator: StatusIndicator::Loading,
            ..CustomTask::default()
        });
        if let Some(group) = &mut self.open {
            let index = group.item.workflow.tasks.len();
            group.item.workflow.tasks.push(task.clone());
            group.calls.push(call_id);
            let id = group.item.id.clone();
            let added = ItemUpdate::task_added(index, task);
            return turn.emit(ThreadEvent::item_updated(id, added)).await;
        }
        let item = empty_workflow(turn, WorkflowKind::Custom, task);
        let added = ThreadEvent::item_added(ThreadItem::Workflow(item.clone()));
        self.open = Some(Group {
            item,
            calls: vec![call_id],
        });
        turn.emit(added).await
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
        self.change(turn, call_id, |task| task.content = Some(words.join(" · ")))
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
        let content = match outcome {
            Outcome::Ok => None,
            Outcome::Error => Some(format!("Failed: {}", short(text))),
        };
        self.change(turn, call_id, |task| {
            task.status_indicator = StatusIndicator::Complete;
            if content.is_some() {
                task.icon = Some("circle-question".to_owned());
            }
            task.content = content;
        })
        .await
    }

    async fn change(
        &mut self,
        turn: &mut Turn,
        call_id: &str,
        change: impl FnOnce(&mut CustomTask) + Send,
    ) -> Result<(), TurnError> {
        let Some(group) = &mut self.open else {
            return Ok(());
        };
        let Some(index) = group.calls.iter().position(|call| call == call_id) else {
            return Ok(());
        };
        let Some(Task::Custom(task)) = group.item.workflow.tasks.get_mut(index) else {
            return Ok(());
        };
        change(task);
        let update = ItemUpdate::task_updated(index, Task::Custom(task.clone()));
        let id = group.item.id.clone();
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
        let waits = |id: &String| asked.iter().any(|asked| asked.call.call_id == *id);
        let calls = std::mem::take(&mut group.calls).into_iter();
        let tasks = std::mem::take(&mut group.item.workflow.tasks);
        (group.calls, group.item.workflow.tasks) =
            calls.zip(tasks).filter(|(id, _)| !waits(id)).unzip();
        if !group.calls.is_empty() {
            return Ok(());
        }
        let id = group.item.id.clone();
        self.open = None;
        turn.emit(ThreadEvent::item_removed(id)).await
    }

    /// Shows the workflow as done; calls that have no result are shown without one.
    pub(super) async fn finish(&mut self, turn: &mut Turn) -> Result<(), TurnError> {
        let Some(Group { mut item, .. }) = self.open.take() else {
            return Ok(());
        };
        for task in &mut item.workflow.tasks {
            if let Task::Custom(task) = task
                && task.status_indicator == StatusIndicator::Loading
            {
                task.status_indicator = StatusIndicator::None;
            }
        }
        let title = match item.workflow.tasks.len() {
            1 => "Used a tool".to_owned(),
            count => format!("Used {count} tools"),
        };
        item.workflow.summary = Some(WorkflowSummary::Custom(CustomSummary {
            title,
            ..CustomSummary::default()
        }));
        turn.emit(ThreadEvent::item_done(ThreadItem::Workflow(item)))
            .await
    }
}
