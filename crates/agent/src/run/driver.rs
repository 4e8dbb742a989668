//! Performs effects: starts tools, tells the observer, and brings the state what comes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use frontdesk_model::{Item, Usage};

use super::calls::{CallNews, Calls, Report};
use super::going_on::{Left, called};
use super::hooks::Hooks;
use super::input_check::check_before;
use super::on_duty::OnDuty;
use super::{LeftOff, Observer, RunError, RunOptions, RunOutcome, Start, until_cancelled};
use crate::agent::Agent;
use crate::agents::Agents;
use crate::approval::{AskedCall, Decision};
use crate::catalog::{Catalog, Offered};
use crate::context::RunContext;
use crate::event::AgentEvent;
use crate::invoke::{CallGuards, Consent};
use crate::state::{
    Bounds, CallResult, Effect, Ended, Input, OpenCall, Phase, State, ToolCall, step,
};
use crate::usage::{Spent, UsageSink};

/// What a run begins with, besides its start.
pub(super) enum Begin {
    /// Nothing.
    Anew,
    /// The calls that the user decided about.
    Decided(Vec<(AskedCall, Decision)>),
    /// What an earlier process has left.
    LeftOff(LeftOff),
}

/// Begins a run with this agent.
pub(super) async fn drive<C: Send + Sync + 'static>(
    agents: &Agents<C>,
    start: Start,
    begin: Begin,
    mut context: RunContext<C>,
    observer: &mut dyn Observer,
) -> Result<RunOutcome, RunError> {
    context.usage = UsageSink::default();
    let Start {
        input,
        agent,
        options,
    } = start;
    let begun_by = agents.find_or_entry(agent.as_deref());
    let left = match &begin {
        Begin::LeftOff(left) => Some(Left::read(&begun_by.name, &input, left)),
        Begin::Anew | Begin::Decided(_) => None,
    };
    let at_work = left.as_ref().map(|left| left.record.agent.as_str());
    let agent = at_work.map_or(begun_by, |name| agents.find_or_entry(Some(name)));
    let on_duty = until_cancelled(&context.cancel, OnDuty::of(agents, agent, &context)).await??;
    let mut driver = Driver {
        agents,
        agent: Arc::clone(agent),
        catalog: on_duty.catalog,
        instructions: on_duty.instructions,
        off_duty: BTreeMap::new(),
        options,
        context,
        observer,
        calls: Calls::new(),
        user_messages: BTreeMap::new(),
        usages: BTreeMap::new(),
        decided: BTreeMap::new(),
        interrupted: BTreeSet::new(),
        named_calls: BTreeSet::new(),
        untold_calls: BTreeSet::new(),
        cost: Some(0.0),
        answered: Answered::default(),
    };
    let bounds = Bounds::from(&begun_by.limits);
    let (state, told) = match (begin, left) {
        (Begin::Decided(decided), _) => {
            driver.know(&decided);
            let calls = driver.open_calls(&input, decided);
            let state = State::resume(&agent.name, input, calls, bounds);
            (state, Vec::new())
        }
        (Begin::LeftOff(LeftOff { decided, .. }), Some(left)) => {
            driver.know(&decided);
            driver.left_off(&begun_by.name, input, left, &decided, bounds)
        }
        _ => (State::new(&agent.name, input, bounds), Vec::new()),
    };
    let outcome = driver.drive(state, told).await;
    driver.calls.stop().await;
    if outcome != Err(RunError::Stopped) {
        driver.hooks().run_ended(outcome.as_ref()).await?;
    }
    outcome
}

pub(super) struct Driver<'a, C> {
    pub(super) agents: &'a Agents<C>,
    pub(super) agent: Arc<Agent<C>>,
    pub(super) catalog: Catalog<C>,
    pub(super) instructions: Option<String>,
    /// What agents had that have handed over, in case that they take over again.
    pub(super) off_duty: BTreeMap<String, OnDuty<C>>,
    pub(super) options: RunOptions,
    pub(super) context: RunContext<C>,
    observer: &'a mut dyn Observer,
    calls: Calls,
    /// What the user alone is to read about calls that are just being told as finished: never part of the state.
    user_messages: BTreeMap<String, String>,
    /// What models used that tools asked by themselves, of calls that are just being told as finished.
    usages: BTreeMap<String, Usage>,
    /// The calls that the user decided about, by their ids.
    pub(super) decided: BTreeMap<String, AskedCall>,
    /// The calls that a process that died may have made, by their ids.
    pub(super) interrupted: BTreeSet<String>,
    /// The calls that models have named, even those that are void: no other call gets such an id.
    pub(super) named_calls: BTreeSet<String>,
    /// The calls that are told by what comes of them alone: handoffs, and those of the user's page.
    untold_calls: BTreeSet<String>,
    /// What all calls of models cost, as long as that is known.
    cost: Option<f64>,
    /// The model that answered last, and what its answer cost.
    pub(super) answered: Answered,
}

/// The model that answered a call.
#[derive(Default)]
pub(super) struct Answered {
    pub(super) model: String,
    pub(super) cost: Option<f64>,
}

impl<C: Send + Sync + 'static> Driver<'_, C> {
    /// `left` are calls that an earlier process has told of.
    async fn drive(
        &mut self,
        mut state: State,
        left: Vec<OpenCall>,
    ) -> Result<RunOutcome, RunError> {
        self.begin().await?;
        let goes_on = !left.is_empty();
        self.tell_left(left).await?;
        if let Phase::Ended { how } = &state.phase {
            let ended = self.ended_before(&state, how.clone());
            return Ok(self.outcome(state, ended));
        }
        let mut input = if goes_on {
            self.check_left(&mut state).await?
        } else {
            self.first_input(&state).await?
        };
        loop {
            let effects;
            (state, effects) = step(state, input);
            let mut model_call = None;
            for effect in effects {
                match effect {
                    Effect::CallModel { step } => model_call = Some(step),
                    Effect::Finish(ended) => {
                        self.tell_waiting(&state).await?;
                        return Ok(self.outcome(state, ended));
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

    fn outcome(&self, state: State, ended: Ended) -> RunOutcome {
        let schema = self.agent.output.as_ref();
        let output = schema
            .filter(|_| ended == Ended::Answered)
            .and_then(|schema| schema.read(&state.new_items).ok());
        let checks = self.context.usage.spent();
        let spent = Spent {
            usage: state.usage,
            cost: self.cost,
        };
        let spent = spent.and(checks);
        RunOutcome {
            ended,
            agent: state.agent,
            output,
            cost: spent.cost,
            usage: spent.usage,
            new_items: state.new_items,
        }
    }

    /// Counts what something cost, as long as all costs are known.
    pub(super) fn pay(&mut self, cost: Option<f64>) {
        self.cost = self.cost.zip(cost).map(|(before, cost)| before + cost);
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
            Effect::CallTool(call) => self.call_tool(call).await,
            Effect::RecordStep { step, items, usage } => {
                let agent = self.agent.name.clone();
                self.tell(AgentEvent::StepDone {
                    step,
                    agent,
                    model: self.answered.model.clone(),
                    items,
                    usage,
                    cost: self.answered.cost,
                })
                .await
            }
            Effect::RecordResult { call, result } => self.tell_result(call, result).await,
            Effect::HandOver { from, to } => self.hand_over(from, to).await,
            Effect::RecordInput { text } => self.tell(AgentEvent::InputReplaced { text }).await,
            Effect::CallModel { .. } | Effect::Finish(_) => Ok(()),
        }
    }

    async fn call_tool(&mut self, call: ToolCall) -> Result<(), RunError> {
        let entry = self.tool_of(&call);
        let consent = if self.decided.contains_key(&call.call_id) {
            if !self.named_calls.contains(&call.call_id) {
                self.tell(called(&call, self.catalog.title(&call.name)))
                    .await?;
            }
            Consent::Given
        } else {
            Consent::NotAsked
        };
        self.hooks().tool_started(&call).await?;
        if entry
            .as_ref()
            .is_ok_and(|entry| !entry.annotations.is_repeatable())
        {
            let call_id = call.call_id.clone();
            self.tell(AgentEvent::EffectAhead { call_id }).await?;
        }
        let guards = CallGuards {
            agent: Arc::clone(&self.agent),
            context: self.context.clone(),
            consent,
            result: self.reader_of(&entry, &call),
        };
        self.calls.start(entry, call, guards);
        Ok(())
    }

    async fn tell_result(&mut self, call: ToolCall, result: CallResult) -> Result<(), RunError> {
        self.note_untold(&call.call_id, &call.name);
        let item = Item::function_call_output(&call.call_id, result.text.as_str());
        self.tell(AgentEvent::ToolResult {
            call_id: call.call_id.clone(),
            item,
            outcome: result.outcome,
        })
        .await?;
        if !self.untold_calls.contains(&call.call_id) {
            self.hooks().tool_finished(&call, &result).await?;
        }
        let (call_id, name) = (call.call_id, call.name);
        let (outcome, text) = (result.outcome, result.text);
        let user_message = self.user_messages.remove(&call_id);
        let usage = self.usages.remove(&call_id).unwrap_or_default();
        self.tell(AgentEvent::ToolFinished {
            call_id,
            name,
            outcome,
            text,
            usage,
            user_message,
        })
        .await
    }

    async fn next_result(&mut self) -> Result<Input, RunError> {
        loop {
            let news = until_cancelled(&self.context.cancel, self.calls.next()).await?;
            match news {
                Some(CallNews::Reported(report)) => self.tell_report(report).await?,
                Some(CallNews::Finished {
                    call_id,
                    made,
                    spent,
                    reports,
                }) => {
                    for report in reports {
                        self.tell_report(report).await?;
                    }
                    if let Some(message) = made.user_message {
                        self.user_messages.insert(call_id.clone(), message);
                    }
                    // Calls that a guardrail breaks off bring no news of their own.
                    let broken_off = made.blocked.as_ref().map(|_| self.calls.spent());
                    let spent = broken_off.into_iter().fold(spent, Spent::and);
                    self.pay(spent.cost);
                    let usage = spent.usage;
                    if let Some(message) = made.blocked {
                        return Ok(Input::Blocked { message, usage });
                    }
                    self.usages.insert(call_id.clone(), usage);
                    let result = made.result;
                    return Ok(Input::ToolFinished {
                        call_id,
                        result,
                        usage,
                    });
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

    /// Tells an event; but a handoff, and a call of the user's page, is told by what comes of it alone.
    pub(super) async fn tell(&mut self, event: AgentEvent) -> Result<(), RunError> {
        if let AgentEvent::ToolCalled { call_id, name, .. } = &event {
            self.named_calls.insert(call_id.clone());
            self.note_untold(call_id, name);
        }
        let is_untold = match &event {
            AgentEvent::ToolCalled { call_id, .. }
            | AgentEvent::ToolArgumentsDelta { call_id, .. }
            | AgentEvent::ToolArguments { call_id, .. }
            | AgentEvent::ToolFinished { call_id, .. } => self.untold_calls.contains(call_id),
            _ => false,
        };
        if is_untold {
            return Ok(());
        }
        Ok(self.observer.observe(event).await?)
    }

    fn note_untold(&mut self, call_id: &str, name: &str) {
        let offered = self.catalog.offered(name);
        if matches!(offered, Some(Offered::Handoff { .. } | Offered::Client(_))) {
            self.untold_calls.insert(call_id.to_owned());
        }
    }
}
