//! Agent events ▸ ChatKit events: text as messages, tool calls and thoughts as workflows, images as images.
//!
//! An item is shown as done together with the step that it came from, so both are stored at once.

mod citations;
mod client_tool;
mod images;
mod structured;
mod texts;
mod thoughts;
mod tools;

use std::collections::BTreeSet;

use async_trait::async_trait;
use frontdesk_agent::{
    AgentEvent, Agents, Observer, Outcome, OutputKey, RunOutcome, Start, Stopped,
};
use frontdesk_model::{Item, Usage};
use frontdesk_protocol::{ItemId, Map, Task, ThreadEvent, Workflow, WorkflowItem, WorkflowKind};

use super::TurnContext;
use super::approval;
use super::history::Left;
use super::narrate::tool_title;
use super::notices::Notices;
use super::step::{ReadAs, StepData, VERSION};
use super::title::Held;
use super::weight;
use crate::json_size::json_size;
use crate::{Turn, TurnError};
use images::{Images, without_images};
use texts::{Form, Texts};
use thoughts::Thoughts;
use tools::Tools;

pub(super) use structured::whole as structured;
pub(super) use texts::{message, message_as};

/// Shows a run as the turn's events.
pub(super) struct Events<'t> {
    turn: &'t mut Turn,
    agents: &'t Agents<TurnContext>,
    /// What the user said last.
    said: Option<ItemId>,
    /// The message that the thread's title is made of.
    titled: Option<Held>,
    /// The message that later turns don't read before guardrails have let it through.
    unchecked: Option<ItemId>,
    /// Calls that an earlier process has shown to their end.
    shown_before: BTreeSet<String>,
    /// The agent that is at work.
    agent: Option<String>,
    /// The model that answered last.
    model: Option<String>,
    texts: Texts,
    images: Images,
    thoughts: Thoughts,
    tools: Tools,
    notices: Notices,
    failure: Option<TurnError>,
    speech: Speech,
    /// Tokens of the model calls that were told.
    counted: u64,
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
    pub(super) fn new(
        turn: &'t mut Turn,
        agents: &'t Agents<TurnContext>,
        start: &Start,
        said: Option<ItemId>,
    ) -> Self {
        // What the tools did stays done, whoever stops the turn.
        turn.keep_workflows();
        let input_bytes = json_size(&start.input).unwrap_or_default();
        Self {
            turn,
            agents,
            said,
            titled: None,
            unchecked: None,
            shown_before: BTreeSet::new(),
            agent: start.agent.clone(),
            model: None,
            texts: Texts::default(),
            images: Images::default(),
            thoughts: Thoughts::default(),
            tools: Tools::default(),
            notices: Notices::default(),
            failure: None,
            speech: Speech::Silent,
            counted: 0,
            input_bytes,
        }
    }

    /// Says of this message when guardrails have let it through.
    pub(super) fn titled(self, titled: Option<Held>) -> Self {
        Self { titled, ..self }
    }

    /// Has later turns read this message when guardrails have let it through.
    pub(super) fn unchecked(self, unchecked: Option<ItemId>) -> Self {
        Self { unchecked, ..self }
    }

    /// Goes on from what an earlier process has shown.
    pub(super) fn going_on(mut self, left: &Left) -> Self {
        self.speech = left.speech();
        self.shown_before = left.shown_calls();
        self.tools.begin_again(left.lost_workflow());
        self
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

    fn count(&mut self, usage: Usage) {
        let used = tokens(usage);
        self.counted = self.counted.saturating_add(used);
        self.turn.count_tokens(used);
    }

    /// Counts what a run used beyond what was told, as agents do that are tools of others and were broken off.
    pub(super) fn count_rest(&mut self, usage: Usage) {
        let rest = tokens(usage).saturating_sub(self.counted);
        if rest > 0 {
            self.turn.count_tokens(rest);
        }
    }

    /// Says in the log what a run took.
    pub(super) fn log(&self, outcome: &RunOutcome) {
        let usage = outcome.usage;
        tracing::info!(
            turn = %self.turn.id(),
            agent = outcome.agent,
            model = self.model,
            input_tokens = usage.input_tokens,
            cached_input_tokens = usage.cached_input_tokens,
            output_tokens = usage.output_tokens,
            cost_usd = outcome.cost,
            "a run ended"
        );
    }

    /// Closes what is open: text that was seen is kept, tools that have no result are shown without one.
    pub(super) async fn close(&mut self) -> Result<(), TurnError> {
        self.finish_texts().await?;
        self.images.finish(self.turn).await?;
        self.thoughts.finish(self.turn).await?;
        self.tools.finish(self.turn).await
    }

    /// Closes what is open at the end of a turn: its last messages are stored together with it.
    pub(super) async fn conclude(&mut self) -> Result<(), TurnError> {
        self.images.finish(self.turn).await?;
        self.thoughts.finish(self.turn).await?;
        self.tools.finish(self.turn).await?;
        for done in self.texts.take() {
            self.turn.conclude(done);
        }
        Ok(())
    }

    async fn show(&mut self, event: AgentEvent) -> Result<(), TurnError> {
        self.turn
            .note_bytes(weight::of_event(&event, self.input_bytes));
        match event {
            AgentEvent::ModelStarted { agent, .. } => self.model_started(agent).await,
            AgentEvent::StepDone {
                agent,
                model,
                items,
                usage,
                ..
            } => {
                (self.agent, self.model) = (Some(agent), Some(model));
                self.step_done(items, usage).await
            }
            AgentEvent::TextStarted { .. }
            | AgentEvent::TextDelta { .. }
            | AgentEvent::TextDone { .. }
            | AgentEvent::AnnotationAdded { .. }
            | AgentEvent::ImagePartial { .. }
            | AgentEvent::ImageDone { .. }
            | AgentEvent::ReasoningDelta { .. }
            | AgentEvent::ReasoningDone { .. } => self.show_output(event).await,
            AgentEvent::InputReplaced { text } => self.input_replaced(text).await,
            AgentEvent::Withdrawn { keys } => self.withdraw(keys).await,
            AgentEvent::ToolCalled { .. }
            | AgentEvent::ToolArgumentsDelta { .. }
            | AgentEvent::ToolArguments { .. }
            | AgentEvent::ToolProgress { .. }
            | AgentEvent::ToolResult { .. }
            | AgentEvent::ToolFinished { .. } => self.show_call(event).await,
            AgentEvent::EffectAhead { .. } => self.turn.confirm().await,
            AgentEvent::HandedOff { to, .. } => {
                self.tools.hand_over(self.turn, &to).await?;
                self.agent = Some(to);
                // The next turn goes on with it, even if this one ends before it says anything.
                self.keep(StepData::new(Vec::new(), Vec::new()))
            }
            AgentEvent::ApprovalAsked { calls } => {
                self.tools.wait(self.turn, &calls).await?;
                let agent = self.agents.find_or_entry(self.agent.as_deref());
                approval::ask(self.turn, calls, &agent.name)
            }
            AgentEvent::ClientToolCalled { call, title, .. } => {
                let title = title.unwrap_or_else(|| tool_title(&call.name));
                self.tools.leave(self.turn, &call, title).await?;
                client_tool::call(self.turn, call);
                Ok(())
            }
            AgentEvent::ToolsetUnavailable { toolset } => {
                tracing::warn!(turn = %self.turn.id(), toolset, "a toolset is away");
                Ok(())
            }
        }
    }

    /// What the model says, thinks and draws.
    async fn show_output(&mut self, event: AgentEvent) -> Result<(), TurnError> {
        match event {
            AgentEvent::TextStarted { key } => {
                self.speech = Speech::Spoke;
                self.texts.start(self.turn, key).await
            }
            AgentEvent::TextDelta { key, part, delta } => {
                self.texts.add(self.turn, key, part, delta).await
            }
            AgentEvent::TextDone {
                key,
                text,
                annotations,
            } => {
                self.texts
                    .complete(self.turn, key, text, &annotations)
                    .await
            }
            AgentEvent::AnnotationAdded {
                key,
                part,
                annotation,
            } => self.texts.cite(self.turn, key, part, &annotation).await,
            AgentEvent::ImagePartial { key, number, data } => {
                self.images.draw(self.turn, key, number, &data).await
            }
            AgentEvent::ImageDone {
                key,
                data,
                media_type,
            } => {
                self.speech = Speech::Spoke;
                self.images
                    .complete(self.turn, key, &data, media_type.as_deref())
                    .await
            }
            AgentEvent::ReasoningDelta { key, part, delta } => {
                self.thoughts.add(self.turn, key, part, &delta).await
            }
            AgentEvent::ReasoningDone { key, summary } => {
                self.thoughts.complete(self.turn, key, &summary).await
            }
            _ => Ok(()),
        }
    }

    /// What becomes of a call.
    async fn show_call(&mut self, event: AgentEvent) -> Result<(), TurnError> {
        match event {
            AgentEvent::ToolCalled { call_id, .. }
            | AgentEvent::ToolArguments { call_id, .. }
            | AgentEvent::ToolFinished { call_id, .. }
                if self.shown_before.contains(&call_id) =>
            {
                Ok(())
            }
            AgentEvent::ToolCalled {
                call_id,
                name,
                title,
            } => {
                let title = title.unwrap_or_else(|| tool_title(&name));
                self.tools.call(self.turn, call_id, title).await
            }
            AgentEvent::ToolArgumentsDelta { call_id, delta } => {
                self.tools.write(self.turn, &call_id, &delta).await
            }
            AgentEvent::ToolArguments { call_id, arguments } => {
                self.tools.written(self.turn, &call_id, &arguments).await
            }
            AgentEvent::ToolProgress { call_id, progress } => {
                self.tools.progress(self.turn, &call_id, progress).await
            }
            AgentEvent::ToolResult { item, outcome, .. } => {
                self.keep(StepData {
                    failure: (outcome == Outcome::Error).then_some(outcome),
                    ..StepData::new(vec![item], Vec::new())
                })?;
                self.turn.store_steps().await
            }
            AgentEvent::ToolFinished {
                call_id,
                outcome,
                text,
                usage,
                user_message,
                ..
            } => {
                if usage != Usage::default() {
                    self.count(usage);
                }
                self.tools
                    .finish_call(self.turn, &call_id, outcome, &text)
                    .await?;
                match user_message {
                    Some(text) => self.notices.tell(self.turn, text).await,
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    async fn model_started(&mut self, agent: String) -> Result<(), TurnError> {
        self.speech = Speech::Silent;
        self.finish_texts().await?;
        self.tools.finish(self.turn).await?;
        let is_structured = |name| self.agents.find(name)?.output.as_ref();
        self.texts.expect(match is_structured(&agent) {
            Some(_) => Form::Json,
            None => Form::Words,
        });
        self.agent = Some(agent);
        // No model is asked before.
        match self.unchecked.take() {
            Some(item) => self.keep(StepData::reading(ReadAs { item, text: None })),
            None => Ok(()),
        }
    }

    /// Later turns read what this one does.
    async fn input_replaced(&mut self, text: String) -> Result<(), TurnError> {
        if let Some(titled) = &mut self.titled {
            titled.replace(text.clone());
        }
        self.unchecked = None;
        let Some(item) = self.said.clone() else {
            return Ok(());
        };
        let text = Some(text);
        self.keep(StepData::reading(ReadAs { item, text }))?;
        self.turn.store_steps().await
    }

    fn keep(&mut self, step: StepData) -> Result<(), TurnError> {
        let data = step.by(self.agent.as_deref()).write()?;
        self.turn.queue_step(VERSION, data);
        Ok(())
    }

    /// The step's messages are done: stored with the step, then shown as done. With calls the step is stored before any
    /// of them is made, so that the model is never asked for them again. Without a call they may end the turn, and wait
    /// for its end.
    async fn step_done(&mut self, items: Vec<Item>, usage: Usage) -> Result<(), TurnError> {
        // A model's reply counts only when its message is let through.
        if let Some(titled) = self.titled.take() {
            titled.pass();
        }
        self.count(usage);
        let goes_on = items
            .iter()
            .any(|item| matches!(item, Item::FunctionCall(_)));
        let images = self.images.completed();
        let step = StepData {
            usage: Some(usage),
            shows: images.chain(self.tools.workflow()).cloned().collect(),
            ..StepData::new(without_images(items), self.texts.completed())
        };
        self.keep(step)?;
        self.images.finish(self.turn).await?;
        self.thoughts.finish(self.turn).await?;
        if goes_on {
            self.finish_texts().await?;
            return self.turn.store_steps().await;
        }
        Ok(())
    }

    async fn finish_texts(&mut self) -> Result<(), TurnError> {
        for done in self.texts.take() {
            self.turn.emit(done).await?;
        }
        Ok(())
    }

    /// Takes back what a guardrail doesn't let stand.
    async fn withdraw(&mut self, keys: Vec<OutputKey>) -> Result<(), TurnError> {
        self.speech = Speech::Silent;
        let mut void = Vec::new();
        for key in keys {
            void.extend(self.texts.withdraw(key));
            void.extend(self.thoughts.withdraw(key));
            void.extend(self.images.withdraw(key));
        }
        self.remove(void).await
    }

    async fn remove(&mut self, items: Vec<ItemId>) -> Result<(), TurnError> {
        for id in items {
            self.turn.emit(ThreadEvent::item_removed(id)).await?;
        }
        Ok(())
    }
}

/// The tokens of a model call; some providers leave the sum to others.
pub(super) fn tokens(usage: Usage) -> u64 {
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
