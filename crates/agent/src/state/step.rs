//! The transitions of a run.

mod calls;

use std::collections::BTreeSet;
use std::mem;

use frontdesk_model::{ContentPart, Item, Usage};

use super::call::{Call, Mark, ToolCall};
use super::input::{Effect, Ended, Ending, Input, Reply};
use super::{Phase, Repair, State};
use crate::call_ids::take_id;
use crate::guardrail::{WITHHELD_INPUT, replace_newest};
use crate::usage::add_usage as add;

pub(super) use calls::tells_of_stop;

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
        (Phase::Tools { calls }, Input::Blocked { message, usage }) => {
            add(&mut state.usage, usage);
            calls::break_off(&mut state, calls, &mut effects);
            end(&mut state, Ended::Blocked { message }, &mut effects);
        }
        (Phase::Decided { calls }, Input::Blocked { message, usage }) => {
            add(&mut state.usage, usage);
            let calls = calls::reopened(state.bounds, calls, &mut effects);
            calls::break_off_reopened(&mut state, calls, &mut effects);
            end(&mut state, Ended::Blocked { message }, &mut effects);
        }
        (Phase::Decided { calls }, Input::Begin) => {
            let calls = calls::reopened(state.bounds, calls, &mut effects);
            calls::go_on(&mut state, calls, &mut effects);
        }
        (Phase::Model, Input::ModelFinished(reply)) => {
            model_finished(&mut state, reply, &mut effects);
        }
        (
            Phase::Tools { mut calls },
            Input::ToolFinished {
                call_id,
                result,
                usage,
            },
        ) => {
            if calls::finish(&mut calls, &call_id, result, &mut effects) {
                add(&mut state.usage, usage);
            }
            calls::go_on(&mut state, calls, &mut effects);
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
        marks,
        complaint,
        usage,
        ending,
    } = reply;
    let mut calls = take_calls(state, &mut output, &marks);
    let refused = output.iter().any(is_refusal);
    let is_final = ending == Ending::Complete && calls.is_empty() && !refused;
    let complaint = complaint.filter(|_| is_final);
    let is_repaired = complaint.is_some()
        && state.repair == Repair::NotYet
        && state.turns < state.bounds.max_turns;
    if is_repaired {
        output.extend(complaint.clone().map(Item::developer));
    }
    add(&mut state.usage, usage);
    state.new_items.extend(output.iter().cloned());
    effects.push(Effect::RecordStep {
        step: state.turns,
        items: output,
        usage,
    });

    match (ending, complaint) {
        (Ending::CutShort { reason }, _) => {
            let why =
                format!("the call was not made, because the response was cut short: {reason}");
            calls::refuse(&mut calls, &why, effects);
            calls::keep_results(state, calls);
            end(state, Ended::Incomplete { reason }, effects);
        }
        (Ending::Blocked { message }, _) => {
            calls::refuse(&mut calls, calls::NOT_MADE, effects);
            calls::keep_results(state, calls);
            end(state, Ended::Blocked { message }, effects);
        }
        (Ending::Complete, Some(_)) if is_repaired => {
            state.repair = Repair::Asked;
            call_model(state, effects);
        }
        (Ending::Complete, Some(detail)) => {
            end(state, Ended::InvalidOutput { detail }, effects);
        }
        (Ending::Complete, None) if refused && calls.is_empty() => {
            end(state, Ended::Refused, effects);
        }
        (Ending::Complete, None) if calls.is_empty() => end(state, Ended::Answered, effects),
        (Ending::Complete, None) => {
            state.tool_users.insert(state.agent.clone());
            calls::refuse_beyond_bounds(state.bounds, &mut calls, effects);
            calls::go_on(state, calls, effects);
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

/// The calls of a reply. Each gets an id that no other has.
fn take_calls(state: &State, output: &mut [Item], marks: &BTreeSet<(usize, Mark)>) -> Vec<Call> {
    let mut used = state.call_ids();
    let mut calls = Vec::new();
    for (index, item) in output.iter_mut().enumerate() {
        if let Item::FunctionCall(call) = item {
            call.call_id = take_id(&call.call_id, &mut used);
            let marks = marks.iter().filter(|(position, _)| *position == index);
            let marks: BTreeSet<Mark> = marks.map(|(_, mark)| mark.clone()).collect();
            calls.push(Call {
                call: ToolCall {
                    call_id: call.call_id.clone(),
                    name: call.name.clone(),
                    arguments: call.arguments.clone(),
                },
                status: Call::first_status(&marks),
                marks,
            });
        }
    }
    calls
}

/// Whether the model refuses to answer.
pub(crate) fn is_refusal(item: &Item) -> bool {
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
