//! The pure state machine: single transitions as a table, and what holds for every sequence of inputs.

use std::collections::BTreeSet;

use frontdesk_agent::{
    Bounds, CallResult, CallStatus, Effect, Ended, Ending, Input, Outcome, Phase, Reply, State,
    ToolCall, step,
};
use frontdesk_model::{Item, Usage};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::scene::usage;

const BOUNDS: Bounds = Bounds {
    max_turns: 3,
    max_parallel_tools: 2,
    max_calls: 4,
};

fn reply(output: Vec<Item>, ending: Ending) -> Input {
    Input::ModelFinished(Reply {
        output,
        usage: usage(1),
        ending,
    })
}

fn result(text: &str) -> CallResult {
    CallResult {
        text: text.to_owned(),
        outcome: Outcome::Ok,
    }
}

fn finished(call_id: &str, text: &str) -> Input {
    Input::ToolFinished {
        call_id: call_id.to_owned(),
        result: result(text),
    }
}

fn call(id: &str) -> ToolCall {
    ToolCall {
        call_id: id.to_owned(),
        name: "add".to_owned(),
        arguments: "{}".to_owned(),
    }
}

fn item(id: &str) -> Item {
    Item::function_call(id, "add", "{}")
}

fn recorded(id: &str, text: &str) -> Effect {
    Effect::RecordResult {
        call: call(id),
        result: result(text),
    }
}

fn step_recorded(step: u32, items: Vec<Item>) -> Effect {
    Effect::RecordStep {
        step,
        items,
        usage: usage(1),
    }
}

#[test]
fn each_input_has_its_effects() {
    let items = || vec![item("a"), item("b"), item("c")];
    let answer = || vec![Item::assistant("Done.")];
    let run = [
        (finished("a", "too early"), vec![]),
        (reply(answer(), Ending::Complete), vec![]),
        (Input::Begin, vec![Effect::CallModel { step: 1 }]),
        (Input::Begin, vec![]),
        (
            reply(items(), Ending::Complete),
            vec![
                step_recorded(1, items()),
                Effect::CallTool(call("a")),
                Effect::CallTool(call("b")),
            ],
        ),
        (finished("c", "not started"), vec![]),
        (finished("z", "unknown"), vec![]),
        (
            finished("b", "B"),
            vec![recorded("b", "B"), Effect::CallTool(call("c"))],
        ),
        (finished("b", "again"), vec![]),
        (finished("c", "C"), vec![recorded("c", "C")]),
        (
            finished("a", "A"),
            vec![recorded("a", "A"), Effect::CallModel { step: 2 }],
        ),
        (
            reply(answer(), Ending::Complete),
            vec![step_recorded(2, answer()), Effect::Finish(Ended::Answered)],
        ),
        (Input::Begin, vec![]),
        (reply(answer(), Ending::Complete), vec![]),
    ];
    let mut state = State::new(vec![Item::user("hello")], BOUNDS);
    for (input, expected) in run {
        let before = state.clone();
        let (next, effects) = step(state, input.clone());
        assert_eq!(effects, expected, "{input:?}");
        if effects.is_empty() {
            assert_eq!(next, before, "{input:?}");
        }
        state = next;
    }
    let results = ["a", "b", "c"]
        .map(|id| Item::function_call_output(id, id.to_uppercase()))
        .to_vec();
    let expected = State {
        input: vec![Item::user("hello")],
        new_items: [items(), results, answer()].concat(),
        turns: 2,
        usage: usage(2),
        bounds: BOUNDS,
        phase: Phase::Ended {
            how: Ended::Answered,
        },
    };
    assert_eq!(state, expected);
}

#[test]
fn no_turns_at_all_end_at_once() {
    let bounds = Bounds {
        max_turns: 0,
        ..BOUNDS
    };
    let (_, effects) = step(State::new(vec![], bounds), Input::Begin);
    assert_eq!(effects, [Effect::Finish(Ended::TurnLimit)]);
}

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
        3 => (any_output(), any_ending()).prop_map(|(output, ending)| reply(output, ending)),
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

fn ids(state: &State, wanted: fn(&CallStatus) -> bool) -> Vec<String> {
    match &state.phase {
        Phase::Tools { calls } => calls
            .iter()
            .filter(|call| wanted(&call.status))
            .map(|call| call.call.call_id.clone())
            .collect(),
        Phase::Ready | Phase::Model | Phase::Ended { .. } => Vec::new(),
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
        Input::ToolFinished { call_id, result } => Input::ToolFinished {
            call_id: running.get(pick).cloned().unwrap_or(call_id),
            result,
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
        bounds in any_bounds(),
        inputs in vec(any_input(), 0..60),
    ) {
        let start = State::new(history, bounds);
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
            let open = match &state.phase {
                Phase::Tools { calls } => calls.len(),
                Phase::Ready | Phase::Model | Phase::Ended { .. } => 0,
            };
            prop_assert_eq!(&calls[..calls.len() - open], &results[..]);
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
        prop_assert_eq!(ends == 1, matches!(state.phase, Phase::Ended { .. }));

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

#[test]
fn usage_is_counted_without_overflow() {
    let all = Usage {
        input_tokens: u64::MAX,
        cached_input_tokens: u64::MAX,
        output_tokens: u64::MAX,
        reasoning_tokens: u64::MAX,
        total_tokens: u64::MAX,
    };
    let mut state = step(State::new(vec![], BOUNDS), Input::Begin).0;
    state.usage = all;
    let reply = Reply {
        output: vec![],
        usage: all,
        ending: Ending::Complete,
    };
    assert_eq!(step(state, Input::ModelFinished(reply)).0.usage, all);
}
