//! The state machine when guardrails replace, refuse or stop: what they say comes in as input, so a run replays.

use std::collections::BTreeSet;

use frontdesk_agent::{
    Effect, Ended, Ending, Input, Mark, Outcome, Phase, Reply, State, pair_calls,
};
use frontdesk_model::{Item, Usage};

use crate::machine::{BOUNDS, after, asking, finished, item, recorded, reply, step_recorded};
use crate::scene::usage;

const WITHHELD: &str = "[This message was withheld: a check did not let it through.]";
const NOT_MADE: &str = "the call was not made, because a check stopped the answer";
const BROKEN_OFF: &str =
    "a check stopped the answer during the call; whether it had an effect is not known";

fn ready() -> State {
    State::new("desk", vec![Item::user("hello")], BOUNDS)
}

fn replaced(used: u64) -> Input {
    Input::InputReplaced {
        text: "hi".to_owned(),
        usage: usage(used),
    }
}

fn blocked(used: u64) -> Input {
    Input::Blocked {
        message: "No.".to_owned(),
        usage: usage(used),
    }
}

fn ended() -> Effect {
    Effect::Finish(Ended::Blocked {
        message: "No.".to_owned(),
    })
}

fn noted(text: &str) -> Effect {
    let text = text.to_owned();
    Effect::RecordInput { text }
}

fn refused(id: &str, why: &str) -> Effect {
    let Effect::RecordResult { call, mut result } = recorded(id, why) else {
        panic!("a result")
    };
    result.outcome = Outcome::Error;
    Effect::RecordResult { call, result }
}

fn stopped_reply(items: Vec<Item>) -> Input {
    let message = "No.".to_owned();
    reply(items, Ending::Blocked { message })
}

#[test]
fn what_guardrails_say_has_its_effects_where_it_is_waited_for_and_none_elsewhere() {
    let items = || vec![item("a"), item("b"), item("c")];
    let begun = || reply(items(), Ending::Complete);
    let cases: Vec<(Vec<Input>, Vec<Effect>)> = vec![
        (vec![replaced(0)], vec![noted("hi")]),
        (
            vec![replaced(0), Input::Begin],
            vec![Effect::CallModel { step: 1 }],
        ),
        (
            vec![Input::Begin, replaced(5)],
            vec![noted("hi"), Effect::CallModel { step: 2 }],
        ),
        (vec![blocked(0)], vec![noted(WITHHELD), ended()]),
        (
            vec![Input::Begin, blocked(5)],
            vec![noted(WITHHELD), ended()],
        ),
        (
            // Two run, one waits.
            vec![Input::Begin, begun(), blocked(0)],
            vec![
                refused("a", BROKEN_OFF),
                refused("b", BROKEN_OFF),
                refused("c", NOT_MADE),
                ended(),
            ],
        ),
        (
            vec![Input::Begin, begun(), finished("a", "x"), blocked(0)],
            vec![refused("b", BROKEN_OFF), refused("c", BROKEN_OFF), ended()],
        ),
        (
            vec![
                Input::Begin,
                stopped_reply(vec![Item::assistant("-"), item("a")]),
            ],
            vec![
                step_recorded(1, vec![Item::assistant("-"), item("a")]),
                refused("a", NOT_MADE),
                ended(),
            ],
        ),
        (vec![Input::Begin, begun(), replaced(0)], vec![]),
        (vec![blocked(0), blocked(0)], vec![]),
        (vec![blocked(0), Input::Begin], vec![]),
        (
            vec![
                Input::Begin,
                asking(vec![item("a")], [0], Ending::Complete),
                blocked(0),
            ],
            vec![],
        ),
    ];
    for (inputs, effects) in cases {
        assert_eq!(after(ready(), inputs.clone()).1, effects, "{inputs:?}");
    }
}

#[test]
fn a_void_reply_counts_as_used_but_not_as_a_turn() {
    let (state, _) = after(ready(), [Input::Begin, replaced(5)]);
    assert_eq!(state.input, [Item::user("hi")]);
    assert_eq!((state.usage, state.turns), (usage(5), 2));
    assert_eq!(state.bounds.max_turns, BOUNDS.max_turns + 1);
    assert_eq!(state.phase, Phase::Model);
}

#[test]
fn a_run_that_was_stopped_has_a_result_for_each_call() {
    let begun = reply(vec![item("a"), item("b"), item("c")], Ending::Complete);
    let (state, _) = after(
        ready(),
        [Input::Begin, begun, finished("b", "x"), blocked(0)],
    );
    let paired = pair_calls(state.new_items.clone());
    assert_eq!(paired, state.new_items);
    assert_eq!(paired.len(), 6);
}

#[test]
fn a_refused_call_is_not_made_and_the_others_are() {
    let mark = Mark::Refused {
        text: "not at night".to_owned(),
    };
    let reply = Input::ModelFinished(Reply {
        output: vec![item("a"), item("b")],
        marks: BTreeSet::from([(0, mark)]),
        complaint: None,
        usage: Usage::default(),
        ending: Ending::Complete,
    });
    let (_, effects) = after(ready(), [Input::Begin, reply]);
    assert_eq!(effects[1], refused("a", "not at night"));
    assert!(matches!(&effects[2], Effect::CallTool(call) if call.call_id == "b"));
    assert_eq!(effects.len(), 3);
}
