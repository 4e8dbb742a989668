//! What holds of the state machine for every sequence of inputs: a recorded run replays, calls have their results.

use std::collections::BTreeSet;

use frontdesk_agent::{
    Bounds, CallStatus, Decision, Effect, Ending, Input, Mark, OpenCall, Phase, Reply, SoFar,
    State, ToolCall, pair_calls, step,
};
use frontdesk_model::{Item, Role};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::inputs::{any_bounds, any_decided, any_input, any_marks, any_output};
use crate::machine::finished;
use crate::scene::usage;

fn starting(history: Vec<Item>, decided: Vec<OpenCall>, bounds: Bounds) -> State {
    if decided.is_empty() {
        State::new("desk", history, bounds)
    } else {
        State::resume("desk", history, decided, bounds)
    }
}

/// The calls that have no result yet.
fn open_calls(state: &State) -> Vec<&str> {
    match &state.phase {
        Phase::Tools { calls } => calls
            .iter()
            .map(|call| call.call.call_id.as_str())
            .collect(),
        Phase::Approval { calls, held } => {
            let calls = calls.iter().chain(held);
            calls.map(|call| call.call_id.as_str()).collect()
        }
        Phase::Client { call } => vec![&call.call_id],
        Phase::Decided { calls } => calls
            .iter()
            .map(|open| open.call.call_id.as_str())
            .collect(),
        Phase::Ready | Phase::Model | Phase::Ended { .. } => Vec::new(),
    }
}

fn ids(state: &State, wanted: fn(&CallStatus) -> bool) -> Vec<String> {
    match &state.phase {
        Phase::Tools { calls } => calls
            .iter()
            .filter(|call| wanted(&call.status))
            .map(|call| call.call.call_id.clone())
            .collect(),
        Phase::Ready
        | Phase::Decided { .. }
        | Phase::Model
        | Phase::Approval { .. }
        | Phase::Client { .. }
        | Phase::Ended { .. } => Vec::new(),
    }
}

fn is_running(status: &CallStatus) -> bool {
    *status == CallStatus::Running
}

fn is_done(status: &CallStatus) -> bool {
    matches!(status, CallStatus::Done(_))
}

/// Points an input at a call that runs, where there is one.
fn aimed(state: &State, input: Input, pick: usize) -> Input {
    let running = ids(state, is_running);
    match input {
        Input::ToolFinished {
            call_id,
            result,
            usage,
        } => Input::ToolFinished {
            call_id: running.get(pick).cloned().unwrap_or(call_id),
            result,
            usage,
        },
        input => input,
    }
}

fn written(items: &[Item]) -> (Vec<&str>, Vec<&str>) {
    let mut calls = Vec::new();
    let mut results = Vec::new();
    for item in items {
        match item {
            Item::FunctionCall(call) => calls.push(call.call_id.as_str()),
            Item::FunctionCallOutput(result) => results.push(result.call_id.as_str()),
            _ => {}
        }
    }
    (calls, results)
}

proptest! {
    #[test]
    fn a_recorded_run_replays_exactly_and_keeps_its_bounds(
        history in any_output(),
        decided in any_decided(),
        bounds in any_bounds(),
        inputs in vec(any_input(), 0..60),
    ) {
        let start = starting(history, decided, bounds);
        let decided: Vec<String> = open_calls(&start).into_iter().map(str::to_owned).collect();
        let mut made = BTreeSet::new();
        let mut state = start.clone();
        let mut record = Vec::new();
        let mut told = Vec::new();
        let mut ends = 0;
        for (input, pick) in inputs {
            let input = aimed(&state, input, pick);
            let (next, effects) = step(state, input.clone());
            state = next;
            record.push((input, state.clone(), effects.clone()));

            prop_assert!(state.turns <= state.bounds.max_turns);
            prop_assert!(ids(&state, is_running).len() <= bounds.max_parallel_tools.max(1));
            for effect in effects {
                match effect {
                    Effect::RecordResult { call, .. } => told.push(call.call_id),
                    Effect::CallTool(call) => prop_assert!(made.insert(call.call_id), "made twice"),
                    Effect::Finish(_) => ends += 1,
                    _ => {}
                }
            }
            // A run never waits for nothing.
            if matches!(state.phase, Phase::Tools { .. }) {
                prop_assert!(!ids(&state, is_running).is_empty());
            }
            // Each call has its result, in the order of the calls, unless it still runs.
            let (calls, mut results) = written(&state.new_items);
            let open = open_calls(&state);
            let all = decided.iter().map(String::as_str).chain(calls.iter().copied());
            let closed: Vec<&str> = all.filter(|id| !open.contains(id)).collect();
            prop_assert_eq!(&closed, &results);
            // What asks was not made.
            if matches!(state.phase, Phase::Approval { .. }) {
                prop_assert!(open.iter().all(|id| !made.contains(*id)));
            }
            // Each result was told once, when it came.
            let done = ids(&state, is_done);
            results.extend(done.iter().map(String::as_str));
            results.sort_unstable();
            let mut heard: Vec<&str> = told.iter().map(String::as_str).collect();
            heard.sort_unstable();
            prop_assert_eq!(results, heard);
            // No two calls of the run have one id, nor one of the history's.
            let distinct: BTreeSet<&&str> = calls.iter().collect();
            prop_assert_eq!(distinct.len(), calls.len());
            let (before, _) = written(&state.input);
            prop_assert!(before.iter().all(|id| !calls.contains(id)));
        }
        prop_assert!(ends <= 1);
        let is_over = matches!(state.phase, Phase::Ended { .. } | Phase::Approval { .. } | Phase::Client { .. });
        prop_assert_eq!(ends == 1, is_over);

        let mut replayed = start;
        for (input, expected, effects) in record {
            // Through its stored form, as after a restart.
            let stored = serde_json::to_string(&replayed).unwrap();
            let input: Input = serde_json::from_str(&serde_json::to_string(&input).unwrap()).unwrap();
            let (next, again) = step(serde_json::from_str(&stored).unwrap(), input);
            prop_assert_eq!(&next, &expected);
            prop_assert_eq!(again, effects);
            replayed = next;
        }
    }
}

/// Makes all calls of a reply, and finishes them in the order that these numbers pick.
fn finish_all(mut state: State, reply: Reply, picks: &[usize]) -> (State, Vec<Effect>) {
    let mut effects;
    (state, effects) = step(state, Input::ModelFinished(reply));
    for pick in picks.iter().cycle() {
        let running = ids(&state, is_running);
        let Some(id) = running.get(pick % running.len().max(1)) else {
            break;
        };
        (state, effects) = step(state, finished(id, &format!("of {id}")));
    }
    (state, effects.pop().into_iter().collect())
}

/// What an observer has stored when the run breaks off after some of these inputs, and where it may break off.
fn recorded(mut state: State, inputs: Vec<(Input, usize)>) -> (State, Vec<Vec<Item>>) {
    let mut stored = Vec::new();
    for (input, pick) in inputs {
        let input = aimed(&state, input, pick);
        let effects;
        (state, effects) = step(state, input);
        stored.extend(effects.into_iter().filter_map(|effect| match effect {
            Effect::RecordStep { items, .. } => Some(items),
            Effect::RecordResult { call, result } => {
                let item = Item::function_call_output(call.call_id, result.text);
                Some(vec![item])
            }
            _ => None,
        }));
    }
    (state, stored)
}

/// What every provider insists on: each call has its one result before anybody else speaks, there are no other results,
/// and thoughts are followed by what came of them.
fn complaint(items: &[Item]) -> Option<String> {
    let mut open = BTreeSet::new();
    let mut known = BTreeSet::new();
    for (position, item) in items.iter().enumerate() {
        let fine = match item {
            Item::FunctionCall(call) => {
                open.insert(&call.call_id);
                known.insert(&call.call_id)
            }
            Item::FunctionCallOutput(result) => open.remove(&result.call_id),
            Item::Message(message) => message.role == Role::Assistant || open.is_empty(),
            Item::Reasoning(_) => matches!(
                items.get(position + 1),
                Some(Item::Message(_) | Item::FunctionCall(_) | Item::Reasoning(_))
            ),
            Item::Other(_) => true,
        };
        if !fine {
            return Some(format!("at {position}: {items:#?}"));
        }
    }
    (!open.is_empty()).then(|| format!("without results: {open:?}"))
}

/// Goes on where calls wait for the user.
fn resumed(state: &State, history: Vec<Item>, decision: &Decision) -> Option<State> {
    let Phase::Approval { calls, held } = &state.phase else {
        return None;
    };
    let to = "billing".to_owned();
    let open = |mark: Mark, decision: &Decision| {
        let decision = decision.clone();
        move |call: &ToolCall| OpenCall {
            call: call.clone(),
            marks: [mark.clone()].into(),
            so_far: SoFar::Decided(decision.clone()),
        }
    };
    let asked = calls.iter().map(open(Mark::Asks, decision));
    let held = held
        .iter()
        .map(open(Mark::HandsOver { to }, &Decision::Approved));
    let calls = asked.chain(held).collect();
    Some(State::resume("desk", history, calls, state.bounds))
}

proptest! {
    #[test]
    fn results_may_come_in_any_order_and_the_next_input_is_the_same(
        output in any_output(),
        marks in any_marks(),
        bounds in any_bounds(),
        one in vec(0..6_usize, 1..8),
        other in vec(0..6_usize, 1..8),
    ) {
        let bounds = Bounds { max_turns: bounds.max_turns.max(1), ..bounds };
        let state = step(State::new("desk", vec![Item::user("hello")], bounds), Input::Begin).0;
        let ending = Ending::Complete;
        let reply = Reply { output, marks, complaint: None, usage: usage(1), ending };
        let first = finish_all(state.clone(), reply.clone(), &one);
        prop_assert!(ids(&first.0, is_running).is_empty());
        prop_assert_eq!(first, finish_all(state, reply, &other));
    }

    #[test]
    fn a_run_that_is_stopped_anywhere_leaves_a_history_that_providers_take(
        bounds in any_bounds(),
        inputs in vec(any_input(), 0..40),
        later in vec(any_input(), 0..20),
        decision in prop_oneof![
            Just(Decision::Approved),
            Just(Decision::Declined { reason: "no".to_owned() }),
        ],
    ) {
        let hello = || vec![Item::user("hello")];
        let inputs = std::iter::once((Input::Begin, 0)).chain(inputs).collect();
        let (state, mut stored) = recorded(State::new("desk", hello(), bounds), inputs);
        let history = [hello(), stored.concat()].concat();
        if let Some(state) = resumed(&state, history, &decision) {
            let later = std::iter::once((Input::Begin, 0)).chain(later).collect();
            stored.extend(recorded(state, later).1);
        }
        for end in 0..=stored.len() {
            let kept = stored.iter().take(end).flatten().cloned();
            let mut history: Vec<Item> = hello().into_iter().chain(kept).collect();
            let wrong = complaint(&pair_calls(history.clone()));
            prop_assert!(wrong.is_none(), "{}", wrong.unwrap_or_default());
            history.extend(hello());
            let wrong = complaint(&pair_calls(history));
            prop_assert!(wrong.is_none(), "{}", wrong.unwrap_or_default());
        }
    }
}
