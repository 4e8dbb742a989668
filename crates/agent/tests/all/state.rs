//! The pure state machine: single transitions as a table.

use std::collections::BTreeSet;

use frontdesk_agent::{
    Bounds, CallResult, Decision, Effect, Ended, Ending, Input, MAX_ASKED_CALLS, Outcome, Phase,
    Repair, Reply, State, step,
};
use frontdesk_model::{Item, Usage};

use crate::machine::{
    BOUNDS, after, asking, call, declined, finished, item, open, recorded, reply, step_recorded,
};
use crate::scene::usage;

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
    let mut state = State::new("desk", vec![Item::user("hello")], BOUNDS);
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
        agent: "desk".to_owned(),
        input: vec![Item::user("hello")],
        handovers: vec![],
        tool_users: ["desk".to_owned()].into(),
        repair: Repair::NotYet,
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
    let (_, effects) = step(State::new("desk", vec![], bounds), Input::Begin);
    assert_eq!(effects, [Effect::Finish(Ended::TurnLimit)]);
}

#[test]
fn calls_that_ask_wait_for_the_user_after_all_others() {
    let items = || vec![item("a"), item("b"), item("c")];
    let (state, effects) = after(
        State::new("desk", vec![Item::user("hello")], BOUNDS),
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
    assert_eq!(
        state.phase,
        Phase::Approval {
            calls,
            held: vec![]
        }
    );
    let mut kept = items();
    kept.push(Item::function_call_output("b", "B"));
    assert_eq!(state.new_items, kept);
    let (again, effects) = after(state.clone(), [Input::Begin, finished("a", "A")]);
    assert_eq!((again, effects), (state.clone(), vec![]));

    // Later, and perhaps elsewhere.
    let decided = vec![
        open(call("a"), declined("the user said no")),
        open(call("c"), Decision::Approved),
        open(call("c"), Decision::Approved),
        open(call("b"), Decision::Approved),
        open(call("d"), Decision::Approved),
    ];
    let input: Vec<Item> = state.items().cloned().collect();
    let resumed = State::resume("desk", input.clone(), decided, BOUNDS);
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
    let state = State::resume(
        "desk",
        vec![left],
        vec![open(call("a"), Decision::Approved)],
        BOUNDS,
    );
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
        State::new("desk", vec![], bounds),
        [Input::Begin, asking(output, 0..count, Ending::Complete)],
    );
    let refused = effects
        .iter()
        .filter(|effect| matches!(effect, Effect::RecordResult { .. }));
    assert_eq!(refused.count(), 1, "{effects:?}");
    let asked = ids.iter().take(MAX_ASKED_CALLS);
    let calls = asked.map(|id| call(id)).collect();
    assert_eq!(
        state.phase,
        Phase::Approval {
            calls,
            held: vec![]
        }
    );
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
    let mut state = step(State::new("desk", vec![], BOUNDS), Input::Begin).0;
    state.usage = all;
    let reply = Reply {
        output: vec![],
        marks: BTreeSet::new(),
        complaint: None,
        usage: all,
        ending: Ending::Complete,
    };
    assert_eq!(step(state, Input::ModelFinished(reply)).0.usage, all);
}
