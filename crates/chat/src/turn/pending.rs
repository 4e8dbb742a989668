//! Items that readers have seen begin and that aren't done: what a stop or a crash has to settle.

use frontdesk_protocol::{
    AssistantMessageItem, ItemId, ItemUpdate, StatusIndicator, Task, ThreadEvent, ThreadItem,
    WorkflowItem,
};

/// What people read about a task that had no end.
pub(crate) const NOT_FINISHED: &str = "Not finished.";

/// The unfinished items of a turn, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    items: Vec<ThreadItem>,
    workflows: Unfinished,
}

/// What becomes of workflows that aren't done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Unfinished {
    /// They are taken back, as the reference does.
    #[default]
    Dropped,
    /// They stay with what they show.
    Kept,
}

impl Pending {
    /// Says what becomes of workflows.
    pub(crate) fn leave_workflows(&mut self, workflows: Unfinished) {
        self.workflows = workflows;
    }

    /// Follows one event.
    pub(crate) fn follow(&mut self, event: &ThreadEvent) {
        match event {
            ThreadEvent::ItemAdded(added) => self.begin(&added.item),
            ThreadEvent::ItemUpdated(updated) => self.update(&updated.item_id, &updated.update),
            ThreadEvent::ItemDone(done) => self.settle(done.item.id()),
            ThreadEvent::ItemReplaced(replaced) => self.settle(replaced.item.id()),
            ThreadEvent::ItemRemoved(removed) => self.settle(&removed.item_id),
            _ => {}
        }
    }

    fn begin(&mut self, item: &ThreadItem) {
        self.settle(item.id());
        self.items.push(item.clone());
    }

    fn update(&mut self, id: &ItemId, update: &ItemUpdate) {
        if let Some(item) = self.items.iter_mut().find(|item| item.id() == id) {
            frontdesk_protocol::apply(item, update);
        }
    }

    fn settle(&mut self, id: &ItemId) {
        self.items.retain(|item| item.id() != id);
    }

    /// The ids of what is left, which is forgotten.
    pub(crate) fn take(&mut self) -> Vec<ItemId> {
        self.items.drain(..).map(|item| item.id().clone()).collect()
    }

    /// Splits what is left into messages that say something, and workflows where they are to stay, which are kept, and
    /// the ids of the rest.
    pub(crate) fn drain(&mut self) -> (Vec<ThreadItem>, Vec<ItemId>) {
        let mut kept = Vec::new();
        let mut dropped = Vec::new();
        for item in self.items.drain(..) {
            match &item {
                ThreadItem::AssistantMessage(message) if says_something(message) => kept.push(item),
                ThreadItem::Workflow(workflow) if self.workflows == Unfinished::Kept => {
                    kept.push(ThreadItem::Workflow(given_up(workflow)));
                }
                _ => dropped.push(item.id().clone()),
            }
        }
        (kept, dropped)
    }
}

fn says_something(message: &AssistantMessageItem) -> bool {
    message
        .content
        .iter()
        .any(|part| !part.text.trim().is_empty())
}

/// The workflow with what its tasks came to: what still ran never got to its end.
fn given_up(item: &WorkflowItem) -> WorkflowItem {
    let mut item = item.clone();
    for task in &mut item.workflow.tasks {
        match task {
            Task::Custom(task) if task.status_indicator == StatusIndicator::Loading => {
                task.status_indicator = StatusIndicator::None;
                let said = task.content.take().into_iter();
                let said: Vec<String> = said.chain([NOT_FINISHED.to_owned()]).collect();
                task.content = Some(said.join("\n\n"));
            }
            Task::Thought(task) => task.status_indicator = StatusIndicator::Complete,
            _ => {}
        }
    }
    item
}
