//! The built-in responder: history ▸ agent ▸ ChatKit events.
//!
//! It knows tools only as toolsets of the agent, and keeps nothing between turns:
//! stored items and steps are its only memory.

mod approval;
mod brief;
mod choice;
mod ending;
mod events;
mod go_on;
mod history;
mod instructions;
mod narrate;
mod notices;
mod page_note;
mod side_call;
mod step;
mod title;
mod transcribe;
mod weight;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_agent::{Agents, RunContext, RunOptions, Start, Timing, UsageSink};
use frontdesk_model::{Model, Transcriber};
use frontdesk_protocol::{
    Action, ItemId, ThreadId, TranscriptionResult, UserMessageInput, UserMessageItem, WidgetItem,
};
use frontdesk_store::Step;

pub use instructions::{InstructionsError, InstructionsTemplate};

use crate::{Audio, ChatError, RequestContext, Responder, Turn, TurnError, Unfinished};
use ending::finish;
use events::Events;
use history::{Past, Summariser};
use page_note::PageNote;
use step::{ReadAs, StepData, VERSION};

/// What models read of a message whose turn ended before guardrails had let it through.
const UNCHECKED: &str = "[This message was withheld: the user stopped before it was checked.]";

/// What the assistant's tools and instructions know of a request.
#[derive(Debug, Clone)]
pub struct TurnContext {
    /// The request that began the turn.
    pub request: RequestContext,
    /// The thread.
    pub thread: ThreadId,
    /// Today's date in UTC, as `2026-01-31`.
    pub date: String,
}

/// Answers with agents.
#[derive(Debug)]
pub struct Assistant {
    agents: Agents<TurnContext>,
    options: AssistantOptions,
    summariser: Option<Summariser>,
}

/// What an assistant does besides answering, and what its users may choose.
#[derive(Debug, Clone, Default)]
pub struct AssistantOptions {
    /// How much of a thread the model reads again.
    pub history: HistoryLimits,
    /// How the model reads what the page tells of itself.
    pub page: PageReading,
    /// The model that makes threads' titles; without it, a title is the first words of the first message.
    pub titles: Option<Arc<dyn Model>>,
    /// The model that sums up what no longer fits into the history; without it, the oldest part is left out.
    pub summaries: Option<Arc<dyn Model>>,
    /// What writes down speech; without it, nothing does.
    pub transcriber: Option<Arc<dyn Transcriber>>,
    /// Models that the user may choose for a message, by the id that the client sends.
    pub models: BTreeMap<String, Arc<dyn Model>>,
    /// Tools that the user may choose for a message: the model has to call the chosen one. Named as the client sends
    /// them and as the model knows them.
    pub tools: BTreeMap<String, String>,
}

/// How the model reads what the page tells of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PageReading {
    /// In a note with each message.
    #[default]
    WithMessages,
    /// In the instructions alone, whose template shows what it wants of it.
    InInstructions,
}

/// How much of a thread the model reads again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryLimits {
    /// Items of the thread, the newest ones.
    pub items: u32,
    /// Tokens, by a guess of four bytes each.
    pub tokens: u32,
}

impl Default for HistoryLimits {
    fn default() -> Self {
        Self {
            items: 200,
            tokens: 100_000,
        }
    }
}

impl Assistant {
    /// An assistant that answers with these agents.
    pub fn new(agents: Agents<TurnContext>) -> Self {
        Self::with_options(agents, AssistantOptions::default())
    }

    /// The same with other options.
    pub fn with_options(agents: Agents<TurnContext>, options: AssistantOptions) -> Self {
        let summariser = options.summaries.clone().map(Summariser::new);
        Self {
            agents,
            options,
            summariser,
        }
    }

    /// What it does besides answering.
    pub fn options(&self) -> &AssistantOptions {
        &self.options
    }

    fn reading(&self, turn: &Turn) -> history::Reading {
        history::Reading {
            limits: self.options.history,
            page: match self.options.page {
                PageReading::WithMessages => PageNote::of(&turn.context().page),
                PageReading::InInstructions => PageNote::default(),
            },
        }
    }

    /// Where guardrails read a message before a model does, later turns read it when it was let through and not before:
    /// a turn that is stopped while they are asked lets nothing through.
    fn hold_back(
        &self,
        turn: &mut Turn,
        message: Option<&UserMessageItem>,
    ) -> Result<Option<ItemId>, TurnError> {
        let mut agents = self.agents.iter();
        let checks_first = agents.any(|agent| {
            let mut guardrails = agent.guardrails.input.iter();
            guardrails.any(|guardrail| guardrail.timing() == Timing::Blocking)
        });
        let Some(message) = message.filter(|_| checks_first) else {
            return Ok(None);
        };
        let item = message.id.clone();
        let text = Some(UNCHECKED.to_owned());
        let step = StepData::reading(ReadAs {
            item: item.clone(),
            text,
        });
        turn.queue_step(VERSION, step.write()?);
        Ok(Some(item))
    }

    /// What the user chose: for this message, or, where a turn goes on, for the message that it goes on from. A chosen
    /// tool was used by then.
    fn run_options(
        &self,
        turn: &Turn,
        message: Option<&UserMessageItem>,
        past: Option<&Past>,
    ) -> RunOptions {
        let chosen = |message: &UserMessageItem| {
            choice::run_options(&self.options, &message.inference_options)
        };
        let going_on = || RunOptions {
            tool_choice: None,
            ..past
                .and_then(Past::newest_message)
                .map(chosen)
                .unwrap_or_default()
        };
        RunOptions {
            approved: approval::approved(turn.thread()),
            ..message.map_or_else(going_on, chosen)
        }
    }
}

#[async_trait]
impl Responder for Assistant {
    fn title(&self, first: &UserMessageItem) -> Option<String> {
        title::of_message(first)
    }

    async fn respond(
        &self,
        turn: &mut Turn,
        input: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let unchecked = self.hold_back(turn, input.as_ref())?;
        if turn.thread().title.is_none() {
            turn.thread_mut().title = input.as_ref().and_then(title::of_message);
        }
        let making = title::Making::of(self.options.titles.as_ref(), turn, input.as_ref());
        let (making, titled) = making.unzip();
        let reading = self.reading(turn);
        let mut said = input.as_ref().map(|message| message.id.clone());
        let first = history::of_first(turn, input.as_ref(), &reading).await?;
        let start = if let Some(first) = first {
            Start {
                input: first,
                agent: None,
                options: self.run_options(turn, input.as_ref(), None),
            }
        } else {
            let mut past = history::load(turn, reading.limits).await?;
            approval::put_aside(turn, &past).await?;
            said = past.newest_said();
            if let Some(summariser) = &self.summariser {
                past.sum_up(turn, summariser, &reading).await?;
            }
            Start {
                input: past.input(&reading),
                agent: past.agent().map(str::to_owned),
                options: self.run_options(turn, input.as_ref(), Some(&past)),
            }
        };
        let context = run_context(turn);
        let begins = self.agents.find_or_entry(start.agent.as_deref());
        if let (true, Some(titled)) = (begins.guardrails.input.is_empty(), &titled) {
            titled.pass();
        }
        let mut events = Events::new(turn, &self.agents, &start, said)
            .titled(titled)
            .unchecked(unchecked);
        let run = frontdesk_agent::run(&self.agents, start, context, &mut events);
        let (outcome, made) = Box::pin(title::beside(making, run)).await;
        let finished = finish(events, outcome).await;
        title::give(turn, made).await?;
        finished
    }

    async fn go_on(&self, turn: &mut Turn, call: Unfinished) -> Result<(), TurnError> {
        match call {
            Unfinished::Respond(input) => {
                let input = input.map(|input| *input);
                self.go_on_answering(turn, input).await
            }
            Unfinished::Action { action, sender } => {
                let sender = sender.map(|sender| *sender);
                self.go_on_deciding(turn, action, sender).await
            }
        }
    }

    fn tokens_of(&self, steps: &[Step]) -> u64 {
        let used = steps.iter().filter_map(StepData::read);
        let used = used.filter_map(|step| step.usage).map(events::tokens);
        used.fold(0, u64::saturating_add)
    }

    async fn transcribe(
        &self,
        _: &RequestContext,
        audio: Audio,
    ) -> Result<TranscriptionResult, ChatError> {
        transcribe::transcribe(self.options.transcriber.as_deref(), audio).await
    }

    fn admit_message(&self, message: &UserMessageInput) -> Result<(), ChatError> {
        choice::admit(&self.options, &message.inference_options)
    }

    fn admit_action(&self, action: &Action, sender: Option<&WidgetItem>) -> Result<(), ChatError> {
        if action.kind == approval::ACTION {
            approval::admit(action, sender)
        } else {
            Ok(())
        }
    }

    async fn action(
        &self,
        turn: &mut Turn,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        if action.kind != approval::ACTION {
            return Err(TurnError::unknown_action(&action));
        }
        let reading = self.reading(turn);
        let past = history::load(turn, reading.limits).await?;
        let decided = approval::decide(turn, &past, &action, sender.as_ref()).await?;
        let Some(decided) = decided else {
            return Ok(());
        };
        let start = Start {
            input: past.input_but(&decided.asked(), &reading),
            agent: decided.agent,
            options: self.run_options(turn, None, Some(&past)),
        };
        let decided = decided.calls;
        let context = run_context(turn);
        let said = past.newest_said();
        let mut events = Events::new(turn, &self.agents, &start, said);
        let outcome =
            frontdesk_agent::resume(&self.agents, start, decided, context, &mut events).await;
        finish(events, outcome).await
    }
}

fn run_context(turn: &Turn) -> RunContext<TurnContext> {
    RunContext {
        principal: Arc::clone(&turn.context().principal),
        credentials: turn.context().credentials.clone(),
        context: Arc::new(TurnContext {
            request: turn.context().clone(),
            thread: turn.thread_id().clone(),
            date: turn.now().strftime("%Y-%m-%d").to_string(),
        }),
        cancel: turn.cancelled(),
        usage: UsageSink::default(),
    }
}
