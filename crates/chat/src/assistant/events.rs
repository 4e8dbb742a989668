//! Agent events ▸ ChatKit events: text as messages, tool calls and thoughts as workflows.
//!
//! An item is shown as done together with the step that it came from, so both are stored at once.

mod texts;
mod thoughts;
mod tools;

use async_trait::async_trait;
use frontdesk_agent::{AgentEvent, Observer, Stopped};
use frontdesk_model::{Item, Usage};
use frontdesk_protocol::{ItemId, Map, Task, Workflow, WorkflowItem, WorkflowKind};

use super::approval;
use super::narrate::tool_title;
use super::notices::Notices;
use super::step::{StepData, VERSION};
use super::weight;
use crate::{Turn, TurnError};
use texts::Texts;
use thoughts::Thoughts;
use tools::Tools;

pub(super) use texts::message;

/// Shows a run as the turn's events.
pub(super) struct Events<'t> {
    turn: &'t mut Turn,
    texts: Texts,
    thoughts: Thoughts,
    tools: Tools,
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
            texts: Texts::default(),
            thoughts: Thoughts::default(),
            tools: Tools::default(),
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
        self.thoughts.finish(self.turn).await?;
        self.tools.finish(self.turn).await
    }

    async fn show(&mut self, event: AgentEvent) -> Result<(), TurnError> {
        self.turn
            .note_bytes(weight::of_event(&event, self.input_bytes));
        match event {
            AgentEvent::ModelStarted { .. } => {
                self.speech = Speech::Silent;
                self.tools.finish(self.turn).await
            }
            AgentEvent::TextStarted { key } => {
                self.speech = Speech::Spoke;
                self.texts.start(self.turn, key).await
            }
            AgentEvent::TextDelta { key, part, delta } => {
                self.texts.add(self.turn, key, part, delta).await
            }
            AgentEvent::TextDone { key, text, .. } => {
                self.texts.complete(self.turn, key, text).await
            }
            AgentEvent::ReasoningDelta { key, part, delta } => {
                self.thoughts.add(self.turn, key, part, &delta).await
            }
            AgentEvent::ReasoningDone { key, summary } => {
                self.thoughts.complete(self.turn, key, &summary).await
            }
            AgentEvent::ToolCalled {
                call_id,
                name,
                title,
            } => {
                let title = title.unwrap_or_else(|| tool_title(&name));
                self.tools.call(self.turn, call_id, title).await
            }
            AgentEvent::ToolProgress { call_id, progress } => {
                self.tools.progress(self.turn, &call_id, progress).await
            }
            AgentEvent::ToolFinished {
                call_id,
                outcome,
                text,
                user_message,
                ..
            } => {
                self.tools
                    .finish_call(self.turn, &call_id, outcome, &text)
                    .await?;
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
                self.tools.wait(self.turn, &calls).await?;
                approval::ask(self.turn, calls)
            }
            AgentEvent::ToolArguments { .. }
            | AgentEvent::ToolArgumentsDelta { .. }
            | AgentEvent::AnnotationAdded { .. }
            | AgentEvent::ImagePartial { .. }
            | AgentEvent::ImageDone { .. }
            | AgentEvent::HandedOff { .. }
            | AgentEvent::InputReplaced { .. }
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

    /// The step's messages are done: stored with the step, then shown as done.
    async fn step_done(&mut self, items: Vec<Item>) -> Result<(), TurnError> {
        let goes_on = items
            .iter()
            .any(|item| matches!(item, Item::FunctionCall(_)));
        self.keep(items, self.texts.completed())?;
        self.thoughts.finish(self.turn).await?;
        if goes_on {
            return self.finish_texts().await;
        }
        // Without a call there is no further step: the messages end the turn.
        for done in self.texts.take() {
            self.turn.conclude(done);
        }
        Ok(())
    }

    async fn finish_texts(&mut self) -> Result<(), TurnError> {
        for done in self.texts.take() {
            self.turn.emit(done).await?;
        }
        Ok(())
    }
}

/// The tokens of a model call; some providers leave the sum to others.
fn tokens(usage: Usage) -> u64 {
    let sum = usage.input_tokens.saturating_add(usage.output_tokens);
    usage.total_tokens.max(sum)
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
