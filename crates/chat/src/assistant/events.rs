//! Agent events ▸ ChatKit events: text as messages, tool calls and thoughts as workflows.
//!
//! An item is shown as done together with the step that it came from, so both are stored at once.

use std::collections::BTreeMap;

use async_trait::async_trait;
use frontdesk_agent::{AgentEvent, AskedCall, Observer, Outcome, OutputKey, Progress, Stopped};
use frontdesk_model::{Item, Usage};
use frontdesk_protocol::{
    AssistantContent, AssistantMessageItem, CustomSummary, CustomTask, ItemId, ItemUpdate, Map,
    StatusIndicator, Task, ThoughtTask, ThreadEvent, ThreadItem, Workflow, WorkflowItem,
    WorkflowKind, WorkflowSummary,
};

use super::approval;
use super::narrate::{short, tool_title};
use super::notices::Notices;
use super::step::{StepData, VERSION};
use super::weight;
use crate::{Turn, TurnError};

/// Parts of one text; what a provider counts beyond is added to the last.
const MAX_PARTS: usize = 64;

/// Bytes of a thought that come at least before it is shown again.
const THOUGHT_STRIDE: usize = 80;

/// Shows a run as the turn's events.
pub(super) struct Events<'t> {
    turn: &'t mut Turn,
    texts: BTreeMap<OutputKey, Text>,
    tools: Option<Group>,
    thoughts: BTreeMap<OutputKey, Thought>,
    notices: Notices,
    failure: Option<TurnError>,
    speech: Speech,
    /// Bytes of the conversation as the model read it first.
    input_bytes: usize,
}

/// Whether the user has read anything of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    Silent,
    Spoke,
}

/// A message that is being written.
struct Text {
    item: AssistantMessageItem,
    parts: usize,
    is_complete: bool,
}

/// The tool calls of one step, as one workflow.
struct Group {
    item: WorkflowItem,
    calls: Vec<String>,
}

struct Thought {
    item: WorkflowItem,
    text: String,
    shown: usize,
}

/// A message of the assistant, complete.
pub(super) fn message(turn: &Turn, text: &str) -> ThreadItem {
    let mut item = empty_message(turn);
    item.content.push(AssistantContent::new(text));
    ThreadItem::AssistantMessage(item)
}

fn empty_message(turn: &Turn) -> AssistantMessageItem {
    AssistantMessageItem {
        id: turn.new_item_id("msg"),
        thread_id: turn.thread_id().clone(),
        created_at: turn.now(),
        content: Vec::new(),
        extra: Map::new(),
    }
}

fn empty_workflow(turn: &Turn, kind: WorkflowKind, task: Task) -> WorkflowItem {
    WorkflowItem {
        id: turn.new_item_id("wf"),
        thread_id: turn.thread_id().clone(),
        created_at: turn.now(),
        workflow: Workflow {
            kind,
            tasks: vec![task],
            summary: None,
            expanded: false,
            extra: Map::new(),
        },
        extra: Map::new(),
    }
}

impl<'t> Events<'t> {
    pub(super) fn new(turn: &'t mut Turn, input: &[Item]) -> Self {
        let input_bytes = serde_json::to_vec(input).map_or(0, |json| json.len());
        Self {
            turn,
            texts: BTreeMap::new(),
            tools: None,
            thoughts: BTreeMap::new(),
            notices: Notices::default(),
            failure: None,
            speech: Speech::Silent,
            input_bytes,
        }
    }

    /// The turn, when all is shown.
    pub(super) fn into_turn(self) -> &'t mut Turn {
        self.turn
    }

    /// Whether the last step said anything.
    pub(super) fn speech(&self) -> Speech {
        self.speech
    }

    /// What the turn refused, if that is why the run ended.
    pub(super) fn take_failure(&mut self) -> Option<TurnError> {
        self.failure.take()
    }

    /// Closes what is open: text that was seen is kept, tools that have no result are shown without one.
    pub(super) async fn close(&mut self) -> Result<(), TurnError> {
        self.finish_texts().await?;
        self.finish_thoughts().await?;
        self.finish_tools().await
    }

    async fn show(&mut self, event: AgentEvent) -> Result<(), TurnError> {
        self.turn
            .note_bytes(weight::of_event(&event, self.input_bytes));
        match event {
            AgentEvent::ModelStarted { .. } => {
                self.speech = Speech::Silent;
                self.finish_tools().await
            }
            AgentEvent::TextStarted { key } => self.text_started(key).await,
            AgentEvent::TextDelta { key, part, delta } => self.text_delta(key, part, delta).await,
            AgentEvent::TextDone { key, text, .. } => self.text_done(key, text).await,
            AgentEvent::ReasoningDelta { key, part, delta } => self.thinks(key, part, &delta).await,
            AgentEvent::ReasoningDone { key, summary } => self.thought(key, &summary).await,
            AgentEvent::ToolCalled {
                call_id,
                name,
                title,
            } => {
                self.tool_called(call_id, title.unwrap_or_else(|| tool_title(&name)))
                    .await
            }
            AgentEvent::ToolProgress { call_id, progress } => {
                self.tool_progress(&call_id, progress).await
            }
            AgentEvent::ToolFinished {
                call_id,
                outcome,
                text,
                user_message,
                ..
            } => {
                self.tool_finished(&call_id, outcome, &text).await?;
                match user_message {
                    Some(text) => self.notices.tell(self.turn, text).await,
                    None => Ok(()),
                }
            }
            AgentEvent::StepDone { items, usage, .. } => {
                self.turn.count_tokens(tokens(usage));
                self.step_done(items).await
            }
            AgentEvent::ToolResult { item, .. } => {
                self.keep(vec![item], Vec::new())?;
                self.turn.store_steps().await
            }
            AgentEvent::ApprovalAsked { calls } => {
                self.tools_wait(&calls).await?;
                approval::ask(self.turn, calls)
            }
            AgentEvent::ToolArguments { .. }
            | AgentEvent::ToolArgumentsDelta { .. }
            | AgentEvent::AnnotationAdded { .. }
            | AgentEvent::ImagePartial { .. }
            | AgentEvent::ImageDone { .. }
            | AgentEvent::HandedOff { .. }
            | AgentEvent::Withdrawn { .. }
            | AgentEvent::ClientToolCalled { .. } => Ok(()),
            AgentEvent::ToolsetUnavailable { toolset } => {
                tracing::warn!(turn = %self.turn.id(), toolset, "a toolset is away");
                Ok(())
            }
        }
    }

    fn keep(&mut self, items: Vec<Item>, covers: Vec<ItemId>) -> Result<(), TurnError> {
        let data = StepData::new(items, covers).write()?;
        self.turn.queue_step(VERSION, data);
        Ok(())
    }

    async fn update(&mut self, id: ItemId, update: ItemUpdate) -> Result<(), TurnError> {
        self.turn.emit(ThreadEvent::item_updated(id, update)).await
    }

    async fn text_started(&mut self, key: OutputKey) -> Result<(), TurnError> {
        self.speech = Speech::Spoke;
        let item = empty_message(self.turn);
        let added = ThreadEvent::item_added(ThreadItem::AssistantMessage(item.clone()));
        let text = Text {
            item,
            parts: 0,
            is_complete: false,
        };
        self.texts.insert(key, text);
        self.turn.emit(added).await
    }

    async fn text_delta(
        &mut self,
        key: OutputKey,
        part: usize,
        delta: String,
    ) -> Result<(), TurnError> {
        let Some(text) = self.texts.get_mut(&key) else {
            return Ok(());
        };
        let part = part.min(MAX_PARTS - 1);
        let id = text.item.id.clone();
        let begun = text.parts;
        text.parts = text.parts.max(part + 1);
        while text.item.content.len() <= part {
            text.item.content.push(AssistantContent::default());
        }
        if let Some(content) = text.item.content.get_mut(part) {
            content.text.push_str(&delta);
        }
        for index in begun..=part {
            let part_begins = ItemUpdate::part_added(index, AssistantContent::default());
            self.update(id.clone(), part_begins).await?;
        }
        self.update(id, ItemUpdate::text_delta(part, delta)).await
    }

    /// The text is complete. Where the provider left out deltas, it becomes what the whole is.
    async fn text_done(&mut self, key: OutputKey, whole: String) -> Result<(), TurnError> {
        let Some(text) = self.texts.get_mut(&key) else {
            return Ok(());
        };
        text.is_complete = true;
        let parts = &mut text.item.content;
        let begun = text.parts;
        let said: String = parts.iter().map(|part| part.text.as_str()).collect();
        if said != whole {
            let blank = begun.saturating_sub(1);
            *parts = vec![AssistantContent::new(whole)];
            parts.resize_with(1 + blank, AssistantContent::default);
        }
        let id = text.item.id.clone();
        let parts = parts.clone();
        if begun == 0 && !parts.is_empty() {
            let part_begins = ItemUpdate::part_added(0, AssistantContent::default());
            self.update(id.clone(), part_begins).await?;
        }
        for (index, content) in parts.into_iter().enumerate() {
            self.update(id.clone(), ItemUpdate::part_done(index, content))
                .await?;
        }
        Ok(())
    }

    /// The step's messages are done: stored with the step, then shown as done.
    async fn step_done(&mut self, items: Vec<Item>) -> Result<(), TurnError> {
        let complete = self.texts.values().filter(|text| text.is_complete);
        let covers = complete.map(|text| text.item.id.clone()).collect();
        let goes_on = items
            .iter()
            .any(|item| matches!(item, Item::FunctionCall(_)));
        self.keep(items, covers)?;
        self.finish_thoughts().await?;
        if goes_on {
            return self.finish_texts().await;
        }
        // Without a call there is no further step: the messages end the turn.
        for text in std::mem::take(&mut self.texts).into_values() {
            let item = ThreadItem::AssistantMessage(text.item);
            self.turn.conclude(ThreadEvent::item_done(item));
        }
        Ok(())
    }

    async fn finish_texts(&mut self) -> Result<(), TurnError> {
        for text in std::mem::take(&mut self.texts).into_values() {
            let item = ThreadItem::AssistantMessage(text.item);
            self.turn.emit(ThreadEvent::item_done(item)).await?;
        }
        Ok(())
    }

    async fn thinks(&mut self, key: OutputKey, part: usize, delta: &str) -> Result<(), TurnError> {
        if let Some(thought) = self.thoughts.get_mut(&key) {
            if part > 0 && !thought.text.ends_with('\n') && delta.starts_with("**") {
                thought.text.push_str("\n\n");
            }
            thought.text.push_str(delta);
            // Each showing sends the whole thought; so they become rarer as it grows.
            let stride = THOUGHT_STRIDE.max(thought.shown / 4);
            if thought.text.len() - thought.shown < stride {
                return Ok(());
            }
            return self.show_thought(key, StatusIndicator::Loading).await;
        }
        let task = thought_task(delta, StatusIndicator::Loading);
        let item = empty_workflow(self.turn, WorkflowKind::Reasoning, task);
        let added = ThreadEvent::item_added(ThreadItem::Workflow(item.clone()));
        let thought = Thought {
            item,
            text: delta.to_owned(),
            shown: delta.len(),
        };
        self.thoughts.insert(key, thought);
        self.turn.emit(added).await
    }

    async fn thought(&mut self, key: OutputKey, summary: &[String]) -> Result<(), TurnError> {
        if let Some(thought) = self.thoughts.get_mut(&key) {
            thought.text = summary.join("\n\n");
            return self.show_thought(key, StatusIndicator::Complete).await;
        }
        Ok(())
    }

    async fn show_thought(
        &mut self,
        key: OutputKey,
        status: StatusIndicator,
    ) -> Result<(), TurnError> {
        let Some(thought) = self.thoughts.get_mut(&key) else {
            return Ok(());
        };
        thought.shown = thought.text.len();
        let task = thought_task(&thought.text, status);
        thought.item.workflow.tasks = vec![task.clone()];
        let id = thought.item.id.clone();
        self.update(id, ItemUpdate::task_updated(0, task)).await
    }

    async fn finish_thoughts(&mut self) -> Result<(), TurnError> {
        for thought in std::mem::take(&mut self.thoughts).into_values() {
            let mut item = thought.item;
            item.workflow.tasks = vec![thought_task(&thought.text, StatusIndicator::Complete)];
            self.turn
                .emit(ThreadEvent::item_done(ThreadItem::Workflow(item)))
                .await?;
        }
        Ok(())
    }

    async fn tool_called(&mut self, call_id: String, title: String) -> Result<(), TurnError> {
        let task = Task::Custom(CustomTask {
            title: Some(title),
            icon: Some("bolt".to_owned()),
            status_indicator: StatusIndicator::Loading,
            ..CustomTask::default()
        });
        if let Some(group) = &mut self.tools {
            let index = group.item.workflow.tasks.len();
            group.item.workflow.tasks.push(task.clone());
            group.calls.push(call_id);
            let id = group.item.id.clone();
            return self.update(id, ItemUpdate::task_added(index, task)).await;
        }
        let item = empty_workflow(self.turn, WorkflowKind::Custom, task);
        let added = ThreadEvent::item_added(ThreadItem::Workflow(item.clone()));
        self.tools = Some(Group {
            item,
            calls: vec![call_id],
        });
        self.turn.emit(added).await
    }

    async fn tool_progress(&mut self, call_id: &str, progress: Progress) -> Result<(), TurnError> {
        let percent = progress
            .fraction
            .map(|fraction| format!("{:.0} %", fraction * 100.0));
        let words: Vec<String> = progress.message.into_iter().chain(percent).collect();
        self.change_tool(call_id, |task| task.content = Some(words.join(" · ")))
            .await
    }

    async fn tool_finished(
        &mut self,
        call_id: &str,
        outcome: Outcome,
        text: &str,
    ) -> Result<(), TurnError> {
        let content = match outcome {
            Outcome::Ok => None,
            Outcome::Error => Some(format!("Failed: {}", short(text))),
        };
        self.change_tool(call_id, |task| {
            task.status_indicator = StatusIndicator::Complete;
            if content.is_some() {
                task.icon = Some("circle-question".to_owned());
            }
            task.content = content;
        })
        .await
    }

    async fn change_tool(
        &mut self,
        call_id: &str,
        change: impl FnOnce(&mut CustomTask) + Send,
    ) -> Result<(), TurnError> {
        let Some(group) = &mut self.tools else {
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
        self.update(id, update).await
    }

    /// Calls that wait for the user were not made: no workflow shows them.
    async fn tools_wait(&mut self, asked: &[AskedCall]) -> Result<(), TurnError> {
        let Some(group) = &mut self.tools else {
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
        self.tools = None;
        self.turn.emit(ThreadEvent::item_removed(id)).await
    }

    async fn finish_tools(&mut self) -> Result<(), TurnError> {
        let Some(Group { mut item, .. }) = self.tools.take() else {
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
        self.turn
            .emit(ThreadEvent::item_done(ThreadItem::Workflow(item)))
            .await
    }
}

/// The tokens of a model call; some providers leave the sum to others.
fn tokens(usage: Usage) -> u64 {
    let sum = usage.input_tokens.saturating_add(usage.output_tokens);
    usage.total_tokens.max(sum)
}

fn thought_task(text: &str, status_indicator: StatusIndicator) -> Task {
    Task::Thought(ThoughtTask {
        content: text.to_owned(),
        status_indicator,
        ..ThoughtTask::default()
    })
}

#[async_trait]
impl Observer for Events<'_> {
    async fn observe(&mut self, event: AgentEvent) -> Result<(), Stopped> {
        self.show(event).await.map_err(|failure| {
            self.failure = Some(failure);
            Stopped
        })
    }
}
