//! The pure state machine: single transitions as a table, and what holds for every sequence of inputs.

use std::collections::BTreeSet;

use frontdesk_agent::{
    Bounds, CallResult, CallStatus, Decision, Effect, Ended, Ending, Input, MAX_ASKED_CALLS,
    Outcome, Phase, Reply, State, ToolCall, step,
};
use frontdesk_model::{Item, Usage};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use crate::scene::usage;

const BOUNDS: Bounds = Bounds {
    max_turns: 3,
    max_parallel_tools: 2,
    max_calls: 4,
};

fn reply(output: Vec<Item>, ending: Ending) -> Input {
    asking(output, [], ending)
}

/// A reply in which the calls at these positions ask the user.
fn asking(output: Vec<Item>, asks: impl IntoIterator<Item = usize>, ending: Ending) -> Input {
    Input::ModelFinished(Reply {
        output,
        asks: asks.into_iter().collect(),
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

fn declined(why: &str) -> Decision {
    Decision::Declined {
        reason: why.to_owned(),
    }
}

/// The state and the effects after these inputs.
fn after(mut state: State, inputs: impl IntoIterator<Item = Input>) -> (State, Vec<Effect>) {
    let mut last = Vec::new();
    for input in inputs {
        (state, last) = step(state, input);
    }
    (state, last)
}

#[test]
fn calls_that_ask_wait_for_the_user_after_all_others() {
    let items = || vec![item("a"), item("b"), item("c")];
    let (state, effects) = after(
        State::new(vec![Item::user("hello")], BOUNDS),
        [Input::Begin, asking(items(), [0, 2], Ending::Complete)],
    );
    assert_eq!(
        effects,
        [step_recorded(1, items()), Effect::CallTool(call("b"))]
    );
    let (state, effects) = step(state, finished("a", "of nobody"));
    assert_eq!(effects, []);
    let (state, effects) = step(state, finished("b", "B"));
    assert_eq!(
        effects,
        [
            recorded("b", "B"),
            Effect::Finish(Ended::WaitingForApproval)
        ]
    );
    let calls = vec![call("a"), call("c")];
    assert_eq!(state.phase, Phase::Approval { calls });
    let mut kept = items();
    kept.push(Item::function_call_output("b", "B"));
    assert_eq!(state.new_items, kept);
    let (again, effects) = after(state.clone(), [Input::Begin, finished("a", "A")]);
    assert_eq!((again, effects), (state.clone(), vec![]));

    // Later, and perhaps elsewhere.
    let decided = vec![
        (call("a"), declined("the user said no")),
        (call("c"), Decision::Approved),
        (call("c"), Decision::Approved),
        (call("b"), Decision::Approved),
        (call("d"), Decision::Approved),
    ];
    let input: Vec<Item> = state.items().cloned().collect();
    let resumed = State::resume(input.clone(), decided, BOUNDS);
    let mut known = input;
    known.push(item("d"));
    assert_eq!(
        resumed.input, known,
        "a call that the history lost is added"
    );
    let (state, effects) = step(resumed, Input::Begin);
    let no = Effect::RecordResult {
        call: call("a"),
        result: CallResult {
            text: "the user said no".to_owned(),
            outcome: Outcome::Error,
        },
    };
    let made = [Effect::CallTool(call("c")), Effect::CallTool(call("d"))];
    assert_eq!(effects[..1], [no]);
    assert_eq!(
        effects[1..],
        made,
        "each once, and what has its result not at all"
    );
    let (state, effects) = after(state, [finished("c", "C"), finished("d", "D")]);
    assert_eq!(effects, [recorded("d", "D"), Effect::CallModel { step: 1 }]);
    let results = [("a", "the user said no"), ("c", "C"), ("d", "D")];
    let results = results.map(|(id, text)| Item::function_call_output(id, text));
    assert_eq!(state.new_items, results);
}

#[test]
fn a_decided_call_is_in_the_conversation_even_where_only_its_result_was_left() {
    let left = Item::function_call_output("a", "of an earlier one");
    let state = State::resume(vec![left], vec![(call("a"), Decision::Approved)], BOUNDS);
    assert_eq!(state.input, [item("a")]);
}

#[test]
fn a_bounded_number_of_calls_asks_at_once() {
    let count = MAX_ASKED_CALLS + 1;
    let ids: Vec<String> = (0..count).map(|number| format!("c{number}")).collect();
    let bounds = Bounds {
        max_calls: count,
        ..BOUNDS
    };
    let output = ids.iter().map(|id| item(id)).collect();
    let (state, effects) = after(
        State::new(vec![], bounds),
        [Input::Begin, asking(output, 0..count, Ending::Complete)],
    );
    let refused = effects
        .iter()
        .filter(|effect| matches!(effect, Effect::RecordResult { .. }));
    assert_eq!(refused.count(), 1, "{effects:?}");
    let asked = ids.iter().take(MAX_ASKED_CALLS);
    let calls = asked.map(|id| call(id)).collect();
    assert_eq!(state.phase, Phase::Approval { calls });
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
fn any_decided() -> impl Strategy<Value = Vec<(ToolCall, Decision)>> {
    let decision = prop_oneof![Just(Decision::Approved), Just(declined("no"))];
    let decided = ("[abd]", decision).prop_map(|(id, decision)| (call(&id), decision));
    prop_oneof![Just(Vec::new()), vec(decided, 1..4)]
}

fn starting(history: Vec<Item>, decided: Vec<(ToolCall, Decision)>, bounds: Bounds) -> State {
    if decided.is_empty() {
        State::new(history, bounds)
    } else {
        State::resume(history, decided, bounds)
    }
}

/// The calls that have no result yet.
fn open_calls(state: &State) -> Vec<&str> {
    match &state.phase {
        Phase::Tools { calls } => calls
            .iter()
            .map(|call| call.call.call_id.as_str())
            .collect(),
        Phase::Approval { calls } => calls.iter().map(|call| call.call_id.as_str()).collect(),
        Phase::Decided { calls } => calls
            .iter()
            .map(|(call, _)| call.call_id.as_str())
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
        let is_over = matches!(state.phase, Phase::Ended { .. } | Phase::Approval { .. });
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
        asks: BTreeSet::new(),
        usage: all,
        ending: Ending::Complete,
    };
    assert_eq!(step(state, Input::ModelFinished(reply)).0.usage, all);
}
