//! Performs effects: calls the model, starts tools, tells the observer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use frontdesk_model::{Error, ErrorKind, Event, Item, ParallelToolCalls, Request, ToolChoice};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use super::calls::{CallNews, Calls, Report};
use super::{Observer, RunError, RunOutcome};
use crate::agent::Agent;
use crate::approval::AskedCall;
use crate::catalog::{Catalog, Entry};
use crate::context::RunContext;
use crate::event::AgentEvent;
use crate::reader::StepReader;
use crate::state::{Effect, Ending, Input, Phase, Reply, State, ToolCall, step};

/// What the model reads when the name of an approved call has come to stand for another tool, or for none.
const NOT_THE_APPROVED_TOOL: &str =
    "the call was not made: the tool that the user approved is not available any more";

/// Drives a run from its state to its end. `decided` are the calls that the user decided about.
pub(super) async fn drive<C: Send + Sync + 'static>(
    agent: &Agent<C>,
    state: State,
    decided: Vec<AskedCall>,
    context: RunContext<C>,
    observer: &mut dyn Observer,
) -> Result<RunOutcome, RunError> {
    let decided = decided
        .into_iter()
        .map(|asked| (asked.call.call_id.clone(), asked));
    let catalog = until_cancelled(&context.cancel, Catalog::of(agent, &context)).await?;
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
    };
    let outcome = driver.drive(state).await;
    driver.calls.stop().await;
    outcome
}

struct Driver<'a, C> {
    agent: &'a Agent<C>,
    context: RunContext<C>,
    observer: &'a mut dyn Observer,
    catalog: Catalog<C>,
    instructions: Option<String>,
    calls: Calls,
    /// What the user alone is to read about calls that are just being told as finished: never part of the state.
    user_messages: BTreeMap<String, String>,
    /// The calls that the user decided about, by their ids.
    decided: BTreeMap<String, AskedCall>,
}

impl<C: Send + Sync + 'static> Driver<'_, C> {
    async fn drive(&mut self, mut state: State) -> Result<RunOutcome, RunError> {
        for toolset in self.catalog.away.clone() {
            self.tell(AgentEvent::ToolsetUnavailable { toolset })
                .await?;
        }
        let mut input = Input::Begin;
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
                Some(step) => Input::ModelFinished(self.call_model(&state, step).await?),
                None => self.next_result().await?,
            };
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
                self.calls
                    .start(entry, call, &self.context, &self.agent.limits);
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
            Effect::CallModel { .. } | Effect::Finish(_) => Ok(()),
        }
    }

    async fn call_model(&mut self, state: &State, step: u32) -> Result<Reply, RunError> {
        let agent = self.agent.name.clone();
        self.tell(AgentEvent::ModelStarted { step, agent }).await?;
        let (agent, cancel) = (self.agent, self.context.cancel.clone());
        let patience = agent.limits.model_timeout;
        let opening = agent.model.stream(self.request(state));
        let mut events = in_time(&cancel, patience, opening).await??;
        let mut reader = StepReader::new(step, state.call_ids(), agent.limits.max_response_bytes);
        while let Some(event) = in_time(&cancel, patience, events.next()).await? {
            let (output, usage, ending) = match event? {
                Event::Completed { usage, output } => (output, usage, Ending::Complete),
                Event::Incomplete {
                    reason,
                    usage,
                    output,
                } => (output, usage, Ending::CutShort { reason }),
                event => {
                    self.tell_all(reader.read(event)?).await?;
                    continue;
                }
            };
            let (told, output) = reader.finish(output)?;
            self.tell_all(told).await?;
            return Ok(Reply {
                asks: self.asking(&output),
                output,
                usage,
                ending,
            });
        }
        Err(Error::new(
            ErrorKind::Protocol,
            "the model's events ended before its answer did",
        )
        .into())
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
        entry.cloned()
    }

    /// Which of these items are calls that ask. One that would fail anyway asks nobody.
    fn asking(&self, output: &[Item]) -> BTreeSet<usize> {
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
            .filter(|(_, item)| asks(item))
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

    fn request(&self, state: &State) -> Request {
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

    async fn tell_all(&mut self, events: Vec<AgentEvent>) -> Result<(), RunError> {
        for event in events {
            let event = match event {
                AgentEvent::ToolCalled { call_id, name, .. } => AgentEvent::ToolCalled {
                    title: self.catalog.title(&name),
                    call_id,
                    name,
                },
                event => event,
            };
            self.tell(event).await?;
        }
        Ok(())
    }

    async fn tell(&mut self, event: AgentEvent) -> Result<(), RunError> {
        Ok(self.observer.observe(event).await?)
    }
}

async fn until_cancelled<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = T>,
) -> Result<T, RunError> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(RunError::Stopped),
        done = work => Ok(done),
    }
}

async fn in_time<T>(
    cancel: &CancellationToken,
    patience: Duration,
    work: impl Future<Output = T>,
) -> Result<T, RunError> {
    let waiting = until_cancelled(cancel, tokio::time::timeout(patience, work)).await?;
    waiting.map_err(|_| {
        Error::new(
            ErrorKind::Timeout,
            format!("no event from the model for {} s", patience.as_secs_f64()),
        )
        .into()
    })
}

fn away_message(away: &[String]) -> Item {
    Item::developer(format!(
        "These tool servers can't be reached at the moment, so their tools are missing: {}. \
         If a request needs them, say that they are unavailable and that it is worth trying again later.",
        away.join(", ")
    ))
}
