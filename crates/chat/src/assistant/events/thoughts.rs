//! What the model thinks ▸ workflows of one thought each.

use std::collections::BTreeMap;

use frontdesk_agent::OutputKey;
use frontdesk_protocol::{
    ItemId, ItemUpdate, StatusIndicator, Task, ThoughtTask, ThreadEvent, ThreadItem, WorkflowItem,
    WorkflowKind,
};

use super::empty_workflow;
use crate::{Turn, TurnError};

/// Bytes of a thought that come at least before it is shown again.
const STRIDE: usize = 80;

/// The thoughts of one step.
#[derive(Default)]
pub(super) struct Thoughts {
    open: BTreeMap<OutputKey, Thought>,
}

struct Thought {
    item: WorkflowItem,
    text: String,
    shown: usize,
}

impl Thoughts {
    /// A thought begins or grows.
    pub(super) async fn add(
        &mut self,
        turn: &mut Turn,
        key: OutputKey,
        part: usize,
        delta: &str,
    ) -> Result<(), TurnError> {
        if let Some(thought) = self.open.get_mut(&key) {
            if part > 0 && !thought.text.ends_with('\n') && delta.starts_with("**") {
                thought.text.push_str("\n\n");
            }
            thought.text.push_str(delta);
            // Each showing sends the whole thought; so they become rarer as it grows.
            let stride = STRIDE.max(thought.shown / 4);
            if thought.text.len() - thought.shown < stride {
                return Ok(());
            }
            return thought.show(turn, StatusIndicator::Loading).await;
        }
        let task = task(delta, StatusIndicator::Loading);
        let item = empty_workflow(turn, WorkflowKind::Reasoning, task);
        let added = ThreadEvent::item_added(ThreadItem::Workflow(item.clone()));
        let thought = Thought {
            item,
            text: delta.to_owned(),
            shown: delta.len(),
        };
        self.open.insert(key, thought);
        turn.emit(added).await
    }

    /// A thought is complete.
    pub(super) async fn complete(
        &mut self,
        turn: &mut Turn,
        key: OutputKey,
        summary: &[String],
    ) -> Result<(), TurnError> {
        let Some(thought) = self.open.get_mut(&key) else {
            return Ok(());
        };
        thought.text = summary.join("\n\n");
        thought.show(turn, StatusIndicator::Complete).await
    }

    /// The item of a thought that is void.
    pub(super) fn withdraw(&mut self, key: OutputKey) -> Option<ItemId> {
        self.open.remove(&key).map(|thought| thought.item.id)
    }

    /// Shows all thoughts as done, as they are.
    pub(super) async fn finish(&mut self, turn: &mut Turn) -> Result<(), TurnError> {
        for thought in std::mem::take(&mut self.open).into_values() {
            let mut item = thought.item;
            item.workflow.tasks = vec![task(&thought.text, StatusIndicator::Complete)];
            turn.emit(ThreadEvent::item_done(ThreadItem::Workflow(item)))
                .await?;
        }
        Ok(())
    }
}

impl Thought {
    async fn show(&mut self, turn: &mut Turn, status: StatusIndicator) -> Result<(), TurnError> {
        self.shown = self.text.len();
        let task = task(&self.text, status);
        self.item.workflow.tasks = vec![task.clone()];
        let update = ItemUpdate::task_updated(0, task);
        turn.emit(ThreadEvent::item_updated(self.item.id.clone(), update))
            .await
    }
}

fn task(text: &str, status_indicator: StatusIndicator) -> Task {
    Task::Thought(ThoughtTask {
        content: text.to_owned(),
        status_indicator,
        ..ThoughtTask::default()
    })
}
