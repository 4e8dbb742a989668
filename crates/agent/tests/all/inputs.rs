//! Arbitrary inputs of the state machine: replies with handovers, calls of the page and calls that ask, answers of the
//! wrong form, guardrails' verdicts, results.

use std::collections::BTreeSet;

use frontdesk_agent::{Bounds, Decision, Ending, Input, Mark, OpenCall, Reply};
use frontdesk_model::{Item, Reasoning, Usage};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use crate::machine::{call, declined, finished, item, open};
use crate::scene::usage;

pub(crate) fn any_output() -> impl Strategy<Value = Vec<Item>> {
    let id = prop_oneof![Just(""), Just("a"), Just("b"), Just("a_2"), Just("c")];
    vec(
        prop_oneof![
            3 => id.prop_map(|id| vec![item(id)]),
            1 => Just(vec![Item::assistant("text")]),
            1 => Just(vec![Item::Reasoning(Reasoning::default()), Item::assistant("so")]),
            1 => Just(vec![Item::Reasoning(Reasoning::default()), item("b")]),
        ],
        0..5,
    )
    .prop_map(|parts| parts.concat())
}

fn any_mark() -> impl Strategy<Value = Mark> {
    let to = "billing".to_owned();
    prop_oneof![
        3 => Just(Mark::Asks),
        1 => Just(Mark::Answers),
        1 => Just(Mark::HandsOver { to }),
        1 => Just(Mark::Client),
    ]
}

pub(crate) fn any_marks() -> impl Strategy<Value = BTreeSet<(usize, Mark)>> {
    btree_set((0..6_usize, any_mark()), 0..4)
}

fn any_reply() -> impl Strategy<Value = Input> {
    let complaint = prop_oneof![2 => Just(None), 1 => Just(Some("not JSON".to_owned()))];
    let parts = (any_output(), any_marks(), complaint, any_ending());
    parts.prop_map(|(output, marks, complaint, ending)| {
        Input::ModelFinished(Reply {
            output,
            marks,
            complaint,
            usage: usage(1),
            ending,
        })
    })
}

fn any_verdict() -> impl Strategy<Value = Input> {
    let (text, usage) = ("instead".to_owned(), Usage::default());
    prop_oneof![
        Just(Input::Blocked {
            message: text.clone(),
            usage
        }),
        Just(Input::InputReplaced { text, usage }),
    ]
}

fn any_ending() -> impl Strategy<Value = Ending> {
    let reason = "content_filter".to_owned();
    let message = "no".to_owned();
    prop_oneof![
        10 => Just(Ending::Complete),
        1 => Just(Ending::CutShort { reason }),
        1 => Just(Ending::Blocked { message }),
    ]
}

/// Any input; the number picks one of the calls that run, so that most inputs are waited for.
pub(crate) fn any_input() -> impl Strategy<Value = (Input, usize)> {
    let input = prop_oneof![
        4 => Just(Input::Begin),
        12 => any_reply(),
        1 => any_verdict(),
        24 => "[a-c]".prop_map(|id| finished(&id, "text")),
    ];
    (input, 0..6_usize)
}

pub(crate) fn any_bounds() -> impl Strategy<Value = Bounds> {
    (0..5_u32, 0..4_usize, 0..5_usize).prop_map(|(max_turns, max_parallel_tools, max_calls)| {
        Bounds {
            max_turns,
            max_parallel_tools,
            max_calls,
        }
    })
}

/// What the user decided before the run, if it goes on from such a decision.
pub(crate) fn any_decided() -> impl Strategy<Value = Vec<OpenCall>> {
    let decision = prop_oneof![Just(Decision::Approved), Just(declined("no"))];
    let decided = ("[abd]", decision).prop_map(|(id, decision)| open(call(&id), decision));
    prop_oneof![Just(Vec::new()), vec(decided, 1..4)]
}
