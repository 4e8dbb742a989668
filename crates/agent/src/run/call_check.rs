//! Asks tool guardrails about calls that aren't made at once: those that ask the user first, and those of the user's page.
//! What the user approves, and what the page gets, is what was let through.

use frontdesk_model::{Item, Usage};
use serde_json::{Map, Value};

use super::driver::Driver;
use super::{RunError, until_cancelled};
use crate::call_ids::INTERRUPTED;
use crate::catalog::Offered;
use crate::event::AgentEvent;
use crate::guardrail::{InsteadOfCall, Verdict, check_call};
use crate::state::{Ending, Input, Mark, Phase, Reply, SoFar, State, ToolCall};
use crate::validate::Arguments;

impl<C: Send + Sync + 'static> Driver<'_, C> {
    /// Puts into the reply what guardrails say of its calls that wait for the user.
    pub(super) async fn check_waiting(&mut self, reply: &mut Reply) -> Result<(), RunError> {
        if self.agent.guardrails.tools.is_empty() || reply.ending != Ending::Complete {
            return Ok(());
        }
        let waiting = reply.marks.iter().filter(|(_, mark)| waits(mark));
        let positions: Vec<usize> = waiting.map(|(position, _)| *position).collect();
        for position in positions {
            let Some(Item::FunctionCall(call)) = reply.output.get_mut(position) else {
                continue;
            };
            match self.verdict_on(&ToolCall::from(&*call)).await? {
                Verdict::Allow => {}
                Verdict::Replace(InsteadOfCall::Arguments(arguments)) => {
                    call.arguments = Value::Object(arguments).to_string();
                    let (call_id, arguments) = (call.call_id.clone(), call.arguments.clone());
                    reply.output.iter_mut().for_each(Item::forget_answer);
                    self.tell(AgentEvent::ToolArguments { call_id, arguments })
                        .await?;
                }
                Verdict::Replace(InsteadOfCall::Refusal(text)) => {
                    let keeps = |(at, mark): &(usize, Mark)| *at != position || !waits(mark);
                    reply.marks.retain(keeps);
                    reply.marks.insert((position, Mark::Refused { text }));
                }
                Verdict::Stop { message } => {
                    reply.ending = Ending::Blocked { message };
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Asks again about calls that an earlier process has left and that wait for the user: what guardrails said of them
    /// may be lost with it. How the run goes on.
    pub(super) async fn check_left(&mut self, state: &mut State) -> Result<Input, RunError> {
        let Phase::Decided { calls } = &mut state.phase else {
            return Ok(Input::Begin);
        };
        if self.agent.guardrails.tools.is_empty() {
            return Ok(Input::Begin);
        }
        for open in calls {
            if open.so_far != SoFar::Nothing || !open.marks.iter().any(waits) {
                continue;
            }
            match self.verdict_on(&open.call).await? {
                Verdict::Allow => {}
                Verdict::Replace(InsteadOfCall::Arguments(arguments)) => {
                    open.call.arguments = Value::Object(arguments).to_string();
                    let (call_id, arguments) =
                        (open.call.call_id.clone(), open.call.arguments.clone());
                    self.tell(AgentEvent::ToolArguments { call_id, arguments })
                        .await?;
                }
                Verdict::Replace(InsteadOfCall::Refusal(mut text)) => {
                    if open.marks.contains(&Mark::Interrupted) {
                        text = format!("{INTERRUPTED}; it was not made again: {text}");
                    }
                    open.marks.retain(|mark| !waits(mark));
                    open.marks.insert(Mark::Refused { text });
                }
                Verdict::Stop { message } => {
                    let usage = Usage::default();
                    return Ok(Input::Blocked { message, usage });
                }
            }
        }
        Ok(Input::Begin)
    }

    /// What guardrails say of a call; arguments that don't fit the tool are refused.
    async fn verdict_on(&mut self, call: &ToolCall) -> Result<Verdict<InsteadOfCall>, RunError> {
        let max_bytes = self.agent.limits.max_arguments_bytes;
        let schema: &Arguments = match self.catalog.offered(&call.name) {
            Some(Offered::Tool(entry)) => &entry.arguments,
            Some(Offered::Client(entry)) => &entry.arguments,
            Some(Offered::Handoff { .. }) | None => return Ok(Verdict::Allow),
        };
        let Ok(arguments) = schema.read(&call.arguments, max_bytes) else {
            return Ok(Verdict::Allow);
        };
        let guardrails = &self.agent.guardrails.tools;
        let asking = check_call(guardrails, call, &arguments, &self.context);
        let verdict = until_cancelled(&self.context.cancel, asking).await?;
        Ok(match verdict {
            Verdict::Replace(InsteadOfCall::Arguments(other)) => fitting(schema, &arguments, other),
            verdict => verdict,
        })
    }
}

/// Whether a call that is marked so isn't made before the user, or their page, had a look at it.
fn waits(mark: &Mark) -> bool {
    matches!(mark, Mark::Asks | Mark::Client)
}

fn fitting(
    schema: &Arguments,
    before: &Map<String, Value>,
    other: Map<String, Value>,
) -> Verdict<InsteadOfCall> {
    if other == *before {
        return Verdict::Allow;
    }
    Verdict::Replace(match schema.check(other) {
        Ok(other) => InsteadOfCall::Arguments(other),
        Err(complaint) => InsteadOfCall::Refusal(complaint),
    })
}
