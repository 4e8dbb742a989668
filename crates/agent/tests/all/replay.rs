//! What holds of the state machine for every sequence of inputs: a recorded run replays, calls have their results.

use std::collections::BTreeSet;

use frontdesk_agent::{
    Bounds, CallStatus, Decision, Effect, Ending, Input, OpenCall, Phase, State, step,
};
use frontdesk_model::Item;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use crate::machine::{asking, call, declined, finished, item, open};

fn any_output() -> impl Strategy<Value = Vec<Item>> {
    let id = prop_oneof![Just(""), Just("a"), Just("b"), Just("a_2"), Just("c")];
    vec(
        prop_oneof![3 => id.prop_map(item), 1 => Just(Item::assistant("text"))],
        0..6,
    )
}

fn any_ending() -> impl Strategy<Value = Ending> {
    let reason = "content_filter".to_owned();
    prop_oneof![6 => Just(Ending::Complete), 1 => Just(Ending::CutShort { reason })]
}

/// Any input; the number picks one of the calls that run, so that most inputs are waited for.
fn any_input() -> impl Strategy<Value = (Input, usize)> {
    let input = prop_oneof![
        1 => Just(Input::Begin),
        3 => (any_output(), btree_set(0..6_usize, 0..3), any_ending())
            .prop_map(|(output, asks, ending)| asking(output, asks, ending)),
        6 => "[a-c]".prop_map(|id| finished(&id, "text")),
    ];
    (input, 0..6_usize)
}

fn any_bounds() -> impl Strategy<Value = Bounds> {
    (0..5_u32, 0..4_usize, 0..5_usize).prop_map(|(max_turns, max_parallel_tools, max_calls)| {
        Bounds {
            max_turns,
            max_parallel_tools,
            max_calls,
        }
    })
}

/// What the user decided before the run, if it goes on from such a decision.
fn any_decided() -> impl Strategy<Value = Vec<OpenCall>> {
    let decision = prop_oneof![Just(Decision::Approved), Just(declined("no"))];
    let decided = ("[abd]", decision).prop_map(|(id, decision)| open(call(&id), decision));
    prop_oneof![Just(Vec::new()), vec(decided, 1..4)]
}

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

            prop_assert!(state.turns <= bounds.max_turns);
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
