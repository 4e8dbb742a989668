//! Performs effects: starts tools, tells the observer, and brings the state what comes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use frontdesk_model::{Item, ParallelToolCalls, Request, ToolChoice, Usage};

use super::calls::{CallNews, Calls, Report};
use super::hooks::Hooks;
use super::input_check::check_before;
use super::{Attended, Observer, RunError, RunOutcome, until_cancelled};
use crate::agent::Agent;
use crate::approval::AskedCall;
use crate::catalog::{Catalog, Entry};
use crate::context::RunContext;
use crate::event::AgentEvent;
use crate::invoke::{CallGuards, Consent, ResultIs};
use crate::state::{Effect, Input, Phase, State, ToolCall, step};

/// What the model reads when the name of an approved call has come to stand for another tool, or for none.
const NOT_THE_APPROVED_TOOL: &str =
    "the call was not made: the tool that the user approved is not available any more";

/// What the model reads of a call that would ask the user, where nobody can be asked.
const NOBODY_TO_ASK: &str =
    "the call was not made: it needs the user's approval, and the user can't be asked here";

/// Drives a run from its state to its end. `decided` are the calls that the user decided about.
pub(super) async fn drive<C: Send + Sync + 'static>(
    agent: Arc<Agent<C>>,
    state: State,
    decided: Vec<AskedCall>,
    attended: Attended,
    context: RunContext<C>,
    observer: &mut dyn Observer,
) -> Result<RunOutcome, RunError> {
    let decided = decided
        .into_iter()
        .map(|asked| (asked.call.call_id.clone(), asked));
    let catalog = until_cancelled(&context.cancel, Catalog::of(&agent, &context)).await?;
    let instructions = agent
        .instructions
        .text(&context.context, &context.principal)
        .map_err(|reason| RunError::Internal {
            detail: format!("the instructions can't be written: {reason}"),
        })?;
    let mut driver = Driver {
        agent,
        context,
        observer,
        catalog,
        instructions,
        calls: Calls::new(),
        user_messages: BTreeMap::new(),
        decided: decided.collect(),
        attended,
    };
    let outcome = driver.drive(state).await;
    driver.calls.stop().await;
    if outcome != Err(RunError::Stopped) {
        driver.hooks().run_ended(outcome.as_ref()).await?;
    }
    outcome
}

pub(super) struct Driver<'a, C> {
    pub(super) agent: Arc<Agent<C>>,
    pub(super) context: RunContext<C>,
    observer: &'a mut dyn Observer,
    catalog: Catalog<C>,
    instructions: Option<String>,
    calls: Calls,
    /// What the user alone is to read about calls that are just being told as finished: never part of the state.
    user_messages: BTreeMap<String, String>,
    /// The calls that the user decided about, by their ids.
    decided: BTreeMap<String, AskedCall>,
    attended: Attended,
}

impl<C: Send + Sync + 'static> Driver<'_, C> {
    async fn drive(&mut self, mut state: State) -> Result<RunOutcome, RunError> {
        for toolset in self.catalog.away.clone() {
            self.tell(AgentEvent::ToolsetUnavailable { toolset })
                .await?;
        }
        self.hooks().agent_started().await?;
        let mut input = self.first_input(&state).await?;
        loop {
            let effects;
            (state, effects) = step(state, input);
            let mut model_call = None;
            for effect in effects {
                match effect {
                    Effect::CallModel { step } => model_call = Some(step),
                    Effect::Finish(ended) => {
                        self.tell_asked(&state).await?;
                        return Ok(RunOutcome {
                            ended,
                            agent: self.agent.name.clone(),
                            output: None,
                            cost: None,
                            usage: state.usage,
                            new_items: state.new_items,
                        });
                    }
                    other => self.perform(other).await?,
                }
            }
            input = match model_call {
                Some(step) => self.call_model(&state, step).await?,
                None if state.phase == Phase::Ready => Input::Begin,
                None => self.next_result().await?,
            };
        }
    }

    /// The begin of the run, or what guardrails have against what the user wrote.
    async fn first_input(&mut self, state: &State) -> Result<Input, RunError> {
        let objection = check_before(&self.agent, state, &self.context).await?;
        Ok(objection.map_or(Input::Begin, |objection| {
            objection.into_input(Usage::default())
        }))
    }

    /// The hooks of the agent that answers at the moment.
    pub(super) fn hooks(&self) -> Hooks<'_, C> {
        Hooks {
            agent: &self.agent,
            context: &self.context,
        }
    }

    /// Performs an effect that isn't waited for.
    async fn perform(&mut self, effect: Effect) -> Result<(), RunError> {
        match effect {
            Effect::CallTool(call) => {
                let entry = self.tool_of(&call);
                if self.decided.contains_key(&call.call_id) {
                    self.tell(AgentEvent::ToolCalled {
                        call_id: call.call_id.clone(),
                        title: self.catalog.title(&call.name),
                        name: call.name.clone(),
                    })
                    .await?;
                }
                self.hooks().tool_started(&call).await?;
                let consent = if self.decided.contains_key(&call.call_id) {
                    Consent::Given
                } else {
                    Consent::NotAsked
                };
                let guards = CallGuards {
                    agent: Arc::clone(&self.agent),
                    context: self.context.clone(),
                    consent,
                    result: self.reader_of(&entry, &call),
                };
                self.calls.start(entry, call, guards);
                Ok(())
            }
            Effect::RecordStep { step, items, usage } => {
                let agent = self.agent.name.clone();
                self.tell(AgentEvent::StepDone {
                    step,
                    agent,
                    items,
                    usage,
                })
                .await
            }
            Effect::RecordResult { call, result } => {
                let item = Item::function_call_output(&call.call_id, result.text.as_str());
                self.tell(AgentEvent::ToolResult {
                    call_id: call.call_id.clone(),
                    item,
                })
                .await?;
                self.hooks().tool_finished(&call, &result).await?;
                let (call_id, name) = (call.call_id, call.name);
                let (outcome, text) = (result.outcome, result.text);
                let user_message = self.user_messages.remove(&call_id);
                self.tell(AgentEvent::ToolFinished {
                    call_id,
                    name,
                    outcome,
                    text,
                    user_message,
                })
                .await
            }
            Effect::RecordInput { text } => self.tell(AgentEvent::InputReplaced { text }).await,
            Effect::CallModel { .. } | Effect::Finish(_) => Ok(()),
        }
    }

    /// The tool of a call, or what the model is told instead.
    fn tool_of(&self, call: &ToolCall) -> Result<Entry<C>, String> {
        let entry = self.catalog.find(&call.name);
        if let Some(asked) = self.decided.get(&call.call_id) {
            let is_approved = |entry: &&Entry<C>| {
                entry.toolset.name() == asked.toolset && entry.own_name == asked.tool
            };
            let approved = entry.ok().filter(is_approved).cloned();
            return approved.ok_or_else(|| NOT_THE_APPROVED_TOOL.to_owned());
        }
        if let Ok(entry) = &entry
            && self.attended == Attended::ByNobody
            && self.asks(entry, call)
        {
            return Err(NOBODY_TO_ASK.to_owned());
        }
        entry.cloned()
    }

    fn asks(&self, entry: &Entry<C>, call: &ToolCall) -> bool {
        let names = entry.names(&call.name);
        self.agent.approval.asks(&names, &entry.annotations)
    }

    /// Who reads what the call gives.
    fn reader_of(&self, entry: &Result<Entry<C>, String>, call: &ToolCall) -> ResultIs {
        let is_answer = entry.as_ref().is_ok_and(|entry| {
            let mut names = entry.names(&call.name).into_iter();
            names.any(|name| self.agent.stop_at_tools.contains(&name))
        });
        if is_answer {
            ResultIs::TheAnswer
        } else {
            ResultIs::ForTheModel
        }
    }

    /// Which of these items are calls that ask. One that would fail anyway asks nobody.
    pub(super) fn asking(&self, output: &[Item]) -> BTreeSet<usize> {
        let asks = |item: &Item| {
            let Item::FunctionCall(call) = item else {
                return false;
            };
            self.catalog.find(&call.name).is_ok_and(|entry| {
                let names = entry.names(&call.name);
                let max_bytes = self.agent.limits.max_arguments_bytes;
                self.agent.approval.asks(&names, &entry.annotations)
                    && entry.arguments.read(&call.arguments, max_bytes).is_ok()
            })
        };
        let items = output.iter().enumerate();
        items
            .filter(|(_, item)| self.attended == Attended::ByUser && asks(item))
            .map(|(index, _)| index)
            .collect()
    }

    async fn tell_asked(&mut self, state: &State) -> Result<(), RunError> {
        let Phase::Approval { calls } = &state.phase else {
            return Ok(());
        };
        let asked = calls.iter().filter_map(|call| {
            let entry = self.catalog.find(&call.name).ok()?;
            Some(AskedCall {
                call: call.clone(),
                toolset: entry.toolset.name().to_owned(),
                tool: entry.own_name.clone(),
                title: entry.annotations.title.clone(),
                known: entry.arguments.known(&call.arguments),
            })
        });
        let calls = asked.collect();
        self.tell(AgentEvent::ApprovalAsked { calls }).await
    }

    pub(super) fn request(&self, state: &State) -> Request {
        let away = (!self.catalog.away.is_empty()).then(|| away_message(&self.catalog.away));
        Request {
            instructions: self.instructions.clone(),
            input: away.into_iter().chain(state.items().cloned()).collect(),
            tools: self.catalog.definitions.clone(),
            tool_choice: ToolChoice::Auto,
            parallel_tool_calls: ParallelToolCalls::ProviderDefault,
            settings: self.agent.settings.clone(),
            ..Request::default()
        }
    }

    async fn next_result(&mut self) -> Result<Input, RunError> {
        loop {
            let news = until_cancelled(&self.context.cancel, self.calls.next()).await?;
            match news {
                Some(CallNews::Reported(report)) => self.tell_report(report).await?,
                Some(CallNews::Finished {
                    call_id,
                    made,
                    reports,
                }) => {
                    for report in reports {
                        self.tell_report(report).await?;
                    }
                    if let Some(message) = made.user_message {
                        self.user_messages.insert(call_id.clone(), message);
                    }
                    if let Some(message) = made.blocked {
                        let usage = Usage::default();
                        return Ok(Input::Blocked { message, usage });
                    }
                    let result = made.result;
                    return Ok(Input::ToolFinished { call_id, result });
                }
                None => {
                    return Err(RunError::Internal {
                        detail: "the run waits for nothing".to_owned(),
                    });
                }
            }
        }
    }

    async fn tell_report(&mut self, (call_id, progress): Report) -> Result<(), RunError> {
        self.tell(AgentEvent::ToolProgress { call_id, progress })
            .await
    }

    /// Tells an event, with the tool's name for people where one is called.
    pub(super) async fn tell_titled(&mut self, event: AgentEvent) -> Result<(), RunError> {
        let event = match event {
            AgentEvent::ToolCalled { call_id, name, .. } => AgentEvent::ToolCalled {
                title: self.catalog.title(&name),
                call_id,
                name,
            },
            event => event,
        };
        self.tell(event).await
    }

    pub(super) async fn tell(&mut self, event: AgentEvent) -> Result<(), RunError> {
        Ok(self.observer.observe(event).await?)
    }
}

fn away_message(away: &[String]) -> Item {
    Item::developer(format!(
        "These tool servers can't be reached at the moment, so their tools are missing: {}. \
         If a request needs them, say that they are unavailable and that it is worth trying again later.",
        away.join(", ")
    ))
}
