//! The calls of a reply: which are made when, and what follows when all have their results.
//!
//! Calls that can be made come first. What asks the user comes after them; then a handover, or the call that the user's
//! own page makes; then the answer, where a tool gave it; then the model.

use frontdesk_model::Item;

use super::{call_model, end};
use crate::approval::Decision;
use crate::handoff::handed_over;
use crate::state::call::{Call, CallResult, CallStatus, Mark, OpenCall, SoFar, ToolCall};
use crate::state::input::{Effect, Ended};
use crate::state::{Bounds, Handover, MAX_ASKED_CALLS, Phase, State};
use crate::tool::Outcome;

/// What the model reads when it calls a second tool of the user's page.
const ONE_AT_A_TIME: &str = "the call was not made: the user's page makes one call at a time; \
     call it again after the other one";

/// What the model reads when it calls a tool of the user's page and hands over.
const HANDED_OVER: &str = "the call was not made: the conversation was handed over";

/// What the model reads of a call that a guardrail's verdict came before.
pub(super) const NOT_MADE: &str = "the call was not made, because a check stopped the answer";

/// What the model reads of a call that ran when a guardrail stopped the run.
const BROKEN_OFF: &str =
    "a check stopped the answer during the call; whether it had an effect is not known";

/// What the model reads of a call that a process that died may have made, and about which nobody was asked.
const MAY_BE_MADE: &str = "the server was interrupted during this call; whether it was made is not known, \
     and it was not made again";

/// The calls that a run begins with: what was declined is not to be made, and what has its result has it.
pub(super) fn reopened(
    bounds: Bounds,
    calls: Vec<OpenCall>,
    effects: &mut Vec<Effect>,
) -> Vec<Call> {
    let reopen = |open: OpenCall| {
        let OpenCall {
            call,
            mut marks,
            so_far,
        } = open;
        if matches!(so_far, SoFar::Decided(_)) {
            // The user has been asked.
            marks.remove(&Mark::Asks);
        }
        let mut call = Call {
            call,
            status: Call::first_status(&marks),
            marks,
        };
        match so_far {
            SoFar::Nothing | SoFar::Decided(Decision::Approved) => {}
            SoFar::Decided(Decision::Declined { reason }) => {
                refuse([&mut call], &reason, effects);
            }
            SoFar::Done(result) => call.status = CallStatus::Done(result),
        }
        call
    };
    let mut calls: Vec<Call> = calls.into_iter().map(reopen).collect();
    refuse_beyond_bounds(bounds, &mut calls, effects);
    calls
}

/// Refuses what is more than may be made, and what can't be made beside other calls.
pub(super) fn refuse_beyond_bounds(bounds: Bounds, calls: &mut [Call], effects: &mut Vec<Effect>) {
    let max_calls = bounds.max_calls;
    let beyond = calls.get_mut(max_calls..).unwrap_or_default();
    let why = format!("too many calls in one response; only {max_calls} were made");
    let undone = |call: &&mut Call| !matches!(call.status, CallStatus::Done(_));
    refuse(beyond.iter_mut().filter(undone), &why, effects);

    for call in calls.iter_mut() {
        if let Some(text) = call.refusal()
            && call.status == CallStatus::Waiting
        {
            refuse([call], &text, effects);
        }
    }

    let asking = calls
        .iter_mut()
        .filter(|call| call.status == CallStatus::Asking);
    let why = format!(
        "the call was not made: the user can be asked about {MAX_ASKED_CALLS} calls at once"
    );
    for call in asking.skip(MAX_ASKED_CALLS) {
        let may_be_made = call.marks.contains(&Mark::Interrupted);
        let why = if may_be_made { MAY_BE_MADE } else { &why };
        refuse([call], why, effects);
    }

    let held = |calls: &[Call]| {
        let held = calls.iter().filter(|call| call.is_held());
        let to = held.filter_map(Call::hands_over_to);
        to.map(str::to_owned).next()
    };
    let to = held(calls);
    let (handing, paging): (Vec<&mut Call>, Vec<&mut Call>) = calls
        .iter_mut()
        .filter(|call| call.is_held())
        .partition(|call| call.hands_over_to().is_some());
    if let Some(to) = to {
        let why = format!("not handed over: the conversation was handed over to {to}");
        refuse(handing.into_iter().skip(1), &why, effects);
        refuse(paging, HANDED_OVER, effects);
    } else {
        refuse(paging.into_iter().skip(1), ONE_AT_A_TIME, effects);
    }
}

/// Starts what may be started; when nothing is left to make, goes on with what follows.
pub(super) fn go_on(state: &mut State, mut calls: Vec<Call>, effects: &mut Vec<Effect>) {
    if !calls.iter().any(Call::is_open) {
        return follow(state, calls, effects);
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

/// What follows when all calls that can be made have their results.
fn follow(state: &mut State, mut calls: Vec<Call>, effects: &mut Vec<Effect>) {
    let with = |calls: &[Call], status: CallStatus| -> Vec<ToolCall> {
        let calls = calls.iter().filter(|call| call.status == status);
        calls.map(|call| call.call.clone()).collect()
    };
    let asking = with(&calls, CallStatus::Asking);
    let held = with(&calls, CallStatus::Held);
    if !asking.is_empty() {
        keep_results(state, calls);
        state.phase = Phase::Approval {
            calls: asking,
            held,
        };
        return effects.push(Effect::Finish(Ended::WaitingForApproval));
    }
    let handed_over = calls.iter().find_map(Call::has_handed_over_to);
    let handed_over = handed_over.map(str::to_owned);
    if let Some(to) = handed_over.or_else(|| take_handover(&mut calls, effects)) {
        keep_results(state, calls);
        hand_over(state, to, effects);
        return call_model(state, effects);
    }
    let answer = calls.iter().find(|call| call.has_answered());
    let answer = answer.map(|call| call.call.call_id.clone());
    keep_results(state, calls);
    if let Some(call) = held.into_iter().next() {
        let call_id = call.call_id.clone();
        state.phase = Phase::Client { call };
        return effects.push(Effect::Finish(Ended::WaitingForClient { call_id }));
    }
    match answer {
        Some(call_id) => end(state, Ended::AnsweredByTool { call_id }, effects),
        None => call_model(state, effects),
    }
}

/// Gives the call that hands over its result; the agent that goes on.
fn take_handover(calls: &mut [Call], effects: &mut Vec<Effect>) -> Option<String> {
    let mut held = calls.iter_mut().filter(|call| call.is_held());
    let (call, to) = held.find_map(|call| {
        let to = call.hands_over_to()?.to_owned();
        Some((call, to))
    })?;
    let result = CallResult {
        text: handed_over(&to),
        outcome: Outcome::Ok,
    };
    done(call, result, effects);
    Some(to)
}

fn hand_over(state: &mut State, to: String, effects: &mut Vec<Effect>) {
    let from = std::mem::replace(&mut state.agent, to.clone());
    state.handovers.push(Handover {
        from: from.clone(),
        to: to.clone(),
        after: state.new_items.len(),
    });
    effects.push(Effect::HandOver { from, to });
}

/// Ends all calls that aren't finished.
pub(super) fn break_off(state: &mut State, mut calls: Vec<Call>, effects: &mut Vec<Effect>) {
    let (running, others): (Vec<&mut Call>, Vec<&mut Call>) = calls
        .iter_mut()
        .filter(|call| !matches!(call.status, CallStatus::Done(_)))
        .partition(|call| call.status == CallStatus::Running);
    refuse(running, BROKEN_OFF, effects);
    refuse(others, NOT_MADE, effects);
    keep_results(state, calls);
}

/// The same for calls of an earlier process, which may have made those that it could make.
pub(super) fn break_off_reopened(
    state: &mut State,
    mut calls: Vec<Call>,
    effects: &mut Vec<Effect>,
) {
    for call in &mut calls {
        let may_be_made =
            call.status == CallStatus::Waiting || call.marks.contains(&Mark::Interrupted);
        if may_be_made && !matches!(call.status, CallStatus::Done(_)) {
            call.status = CallStatus::Running;
        }
    }
    break_off(state, calls, effects);
}

/// Whether this was told as the result of a call because a guardrail stopped the run.
pub(in crate::state) fn tells_of_stop(result: &CallResult) -> bool {
    result.outcome == Outcome::Error && [BROKEN_OFF, NOT_MADE].contains(&result.text.as_str())
}

/// Ends a running call; whether there was one.
pub(super) fn finish(
    calls: &mut [Call],
    call_id: &str,
    result: CallResult,
    effects: &mut Vec<Effect>,
) -> bool {
    let running =
        |call: &&mut Call| call.call.call_id == call_id && call.status == CallStatus::Running;
    let call = calls.iter_mut().find(running);
    let was_running = call.is_some();
    if let Some(call) = call {
        done(call, result, effects);
    }
    was_running
}

pub(super) fn refuse<'a>(
    calls: impl IntoIterator<Item = &'a mut Call>,
    why: &str,
    effects: &mut Vec<Effect>,
) {
    for call in calls {
        let result = CallResult {
            text: why.to_owned(),
            outcome: Outcome::Error,
        };
        done(call, result, effects);
    }
}

fn done(call: &mut Call, result: CallResult, effects: &mut Vec<Effect>) {
    call.status = CallStatus::Done(result.clone());
    effects.push(Effect::RecordResult {
        call: call.call.clone(),
        result,
    });
}

pub(super) fn keep_results(state: &mut State, calls: Vec<Call>) {
    let results = calls.into_iter().filter_map(|call| match call.status {
        CallStatus::Done(result) => {
            Some(Item::function_call_output(call.call.call_id, result.text))
        }
        CallStatus::Waiting | CallStatus::Asking | CallStatus::Held | CallStatus::Running => None,
    });
    state.new_items.extend(results);
}
