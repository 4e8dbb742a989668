//! The transitions of a run.

use std::mem;

use frontdesk_model::{ContentPart, FunctionCall, Item, Usage};

use super::{
    Call, CallResult, CallStatus, Effect, Ended, Ending, Input, MAX_ASKED_CALLS, Phase, Reply,
    State, ToolCall,
};
use crate::approval::Decision;
use crate::call_ids::take_id;
use crate::guardrail::replace_newest;
use crate::tool::Outcome;

/// What later runs read in place of a message that wasn't let through.
const WITHHELD_INPUT: &str = "[This message was withheld: a check did not let it through.]";

/// What the model reads of a call that a guardrail's verdict came before.
const NOT_MADE: &str = "the call was not made, because a check stopped the answer";

/// What the model reads of a call that ran when a guardrail stopped the run.
const BROKEN_OFF: &str =
    "a check stopped the answer during the call; whether it had an effect is not known";

/// The next state, and what to do. Depends on its arguments alone.
pub fn step(mut state: State, input: Input) -> (State, Vec<Effect>) {
    let mut effects = Vec::new();
    match (mem::replace(&mut state.phase, Phase::Ready), input) {
        (Phase::Ready, Input::Begin) => call_model(&mut state, &mut effects),
        (phase @ (Phase::Ready | Phase::Model), Input::InputReplaced { text, usage }) => {
            replace_input(&mut state, &phase, text, usage, &mut effects);
        }
        (Phase::Ready | Phase::Model, Input::Blocked { message, usage }) => {
            add(&mut state.usage, usage);
            let text = WITHHELD_INPUT.to_owned();
            effects.push(Effect::RecordInput { text });
            end(&mut state, Ended::Blocked { message }, &mut effects);
        }
        (Phase::Tools { calls }, Input::Blocked { message, .. }) => {
            break_off(&mut state, calls, &mut effects);
            end(&mut state, Ended::Blocked { message }, &mut effects);
        }
        (Phase::Decided { calls }, Input::Begin) => {
            let calls = decided(calls, &mut effects);
            go_on(&mut state, calls, &mut effects);
        }
        (Phase::Model, Input::ModelFinished(reply)) => {
            model_finished(&mut state, reply, &mut effects);
        }
        (Phase::Tools { mut calls }, Input::ToolFinished { call_id, result }) => {
            finish_call(&mut calls, &call_id, result, &mut effects);
            go_on(&mut state, calls, &mut effects);
        }
        (phase, _) => state.phase = phase,
    }
    (state, effects)
}

fn call_model(state: &mut State, effects: &mut Vec<Effect>) {
    if state.turns >= state.bounds.max_turns {
        return end(state, Ended::TurnLimit, effects);
    }
    state.turns += 1;
    state.phase = Phase::Model;
    effects.push(Effect::CallModel { step: state.turns });
}

fn end(state: &mut State, how: Ended, effects: &mut Vec<Effect>) {
    state.phase = Phase::Ended { how: how.clone() };
    effects.push(Effect::Finish(how));
}

fn model_finished(state: &mut State, reply: Reply, effects: &mut Vec<Effect>) {
    let Reply {
        mut output,
        asks,
        usage,
        ending,
    } = reply;
    let mut used = state.call_ids();
    let mut calls = Vec::new();
    for (index, item) in output.iter_mut().enumerate() {
        if let Item::FunctionCall(call) = item {
            call.call_id = take_id(&call.call_id, &mut used);
            let status = if asks.contains(&index) {
                CallStatus::Asking
            } else {
                CallStatus::Waiting
            };
            calls.push(Call {
                call: tool_call(call),
                status,
            });
        }
    }
    let refused = output.iter().any(is_refusal);
    add(&mut state.usage, usage);
    state.new_items.extend(output.iter().cloned());
    effects.push(Effect::RecordStep {
        step: state.turns,
        items: output,
        usage,
    });

    match ending {
        Ending::CutShort { reason } => {
            refuse(
                &mut calls,
                &format!("the call was not made, because the response was cut short: {reason}"),
                effects,
            );
            keep_results(state, calls);
            end(state, Ended::Incomplete { reason }, effects);
        }
        Ending::Blocked { message } => {
            refuse(&mut calls, NOT_MADE, effects);
            keep_results(state, calls);
            end(state, Ended::Blocked { message }, effects);
        }
        Ending::Complete if calls.is_empty() => {
            end(
                state,
                if refused {
                    Ended::Refused
                } else {
                    Ended::Answered
                },
                effects,
            );
        }
        Ending::Complete => {
            let max_calls = state.bounds.max_calls;
            let beyond = calls.get_mut(max_calls..).unwrap_or_default();
            refuse(
                beyond,
                &format!("too many calls in one response; only {max_calls} were made"),
                effects,
            );
            let asking = calls
                .iter_mut()
                .filter(|call| call.status == CallStatus::Asking);
            refuse(
                asking.skip(MAX_ASKED_CALLS),
                &format!(
                    "the call was not made: the user can be asked about {MAX_ASKED_CALLS} calls at once"
                ),
                effects,
            );
            go_on(state, calls, effects);
        }
    }
}

/// The model is to read another text than the user's. A reply that was awaited is void, and counts as no turn.
fn replace_input(
    state: &mut State,
    phase: &Phase,
    text: String,
    usage: Usage,
    effects: &mut Vec<Effect>,
) {
    replace_newest(&mut state.input, &text);
    add(&mut state.usage, usage);
    effects.push(Effect::RecordInput { text });
    if *phase == Phase::Model {
        state.bounds.max_turns = state.bounds.max_turns.saturating_add(1);
        call_model(state, effects);
    }
}

/// Ends all calls that aren't finished.
fn break_off(state: &mut State, mut calls: Vec<Call>, effects: &mut Vec<Effect>) {
    let (running, others): (Vec<&mut Call>, Vec<&mut Call>) = calls
        .iter_mut()
        .filter(|call| !matches!(call.status, CallStatus::Done(_)))
        .partition(|call| call.status == CallStatus::Running);
    refuse(running, BROKEN_OFF, effects);
    refuse(others, NOT_MADE, effects);
    keep_results(state, calls);
}

/// The calls that the user decided about: what was approved is to be made.
fn decided(calls: Vec<(ToolCall, Decision)>, effects: &mut Vec<Effect>) -> Vec<Call> {
    let decide = |(call, decision): (ToolCall, Decision)| {
        let mut call = Call {
            call,
            status: CallStatus::Waiting,
        };
        match decision {
            Decision::Approved => {}
            Decision::Declined { reason } => refuse([&mut call], &reason, effects),
        }
        call
    };
    calls.into_iter().map(decide).collect()
}

/// Starts what may be started; when nothing is left to make, asks the user, or gives the results to the model.
fn go_on(state: &mut State, mut calls: Vec<Call>, effects: &mut Vec<Effect>) {
    let is_open = |call: &Call| matches!(call.status, CallStatus::Waiting | CallStatus::Running);
    if !calls.iter().any(is_open) {
        let asking: Vec<ToolCall> = calls
            .iter()
            .filter(|call| call.status == CallStatus::Asking)
            .map(|call| call.call.clone())
            .collect();
        keep_results(state, calls);
        if asking.is_empty() {
            return call_model(state, effects);
        }
        state.phase = Phase::Approval { calls: asking };
        return effects.push(Effect::Finish(Ended::WaitingForApproval));
    }
    let running = calls
        .iter()
        .filter(|call| call.status == CallStatus::Running)
        .count();
    let free = state
        .bounds
        .max_parallel_tools
        .max(1)
        .saturating_sub(running);
    for call in calls
        .iter_mut()
        .filter(|call| call.status == CallStatus::Waiting)
        .take(free)
    {
        call.status = CallStatus::Running;
        effects.push(Effect::CallTool(call.call.clone()));
    }
    state.phase = Phase::Tools { calls };
}

fn finish_call(calls: &mut [Call], call_id: &str, result: CallResult, effects: &mut Vec<Effect>) {
    let running =
        |call: &&mut Call| call.call.call_id == call_id && call.status == CallStatus::Running;
    if let Some(call) = calls.iter_mut().find(running) {
        done(call, result, effects);
    }
}

fn refuse<'a>(calls: impl IntoIterator<Item = &'a mut Call>, why: &str, effects: &mut Vec<Effect>) {
    for call in calls {
        done(
            call,
            CallResult {
                text: why.to_owned(),
                outcome: Outcome::Error,
            },
            effects,
        );
    }
}

fn done(call: &mut Call, result: CallResult, effects: &mut Vec<Effect>) {
    call.status = CallStatus::Done(result.clone());
    effects.push(Effect::RecordResult {
        call: call.call.clone(),
        result,
    });
}

fn keep_results(state: &mut State, calls: Vec<Call>) {
    state
        .new_items
        .extend(calls.into_iter().filter_map(|call| match call.status {
            CallStatus::Done(result) => {
                Some(Item::function_call_output(call.call.call_id, result.text))
            }
            CallStatus::Waiting | CallStatus::Asking | CallStatus::Running => None,
        }));
}

fn tool_call(call: &FunctionCall) -> ToolCall {
    ToolCall {
        call_id: call.call_id.clone(),
        name: call.name.clone(),
        arguments: call.arguments.clone(),
    }
}

fn is_refusal(item: &Item) -> bool {
    match item {
        Item::Message(message) => message
            .content
            .iter()
            .any(|part| matches!(part, ContentPart::Refusal { .. })),
        Item::FunctionCall(_)
        | Item::FunctionCallOutput(_)
        | Item::Reasoning(_)
        | Item::Other(_) => false,
    }
}

fn add(sum: &mut Usage, usage: Usage) {
    sum.input_tokens = sum.input_tokens.saturating_add(usage.input_tokens);
    sum.cached_input_tokens = sum
        .cached_input_tokens
        .saturating_add(usage.cached_input_tokens);
    sum.output_tokens = sum.output_tokens.saturating_add(usage.output_tokens);
    sum.reasoning_tokens = sum.reasoning_tokens.saturating_add(usage.reasoning_tokens);
    sum.total_tokens = sum.total_tokens.saturating_add(usage.total_tokens);
}
