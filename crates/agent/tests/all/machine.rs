//! Inputs and effects of the pure state machine, for the tests of it.

use frontdesk_agent::{
    Bounds, CallResult, Decision, Effect, Ending, Input, Mark, OpenCall, Outcome, Reply, SoFar,
    State, ToolCall, step,
};
use frontdesk_model::{Item, Usage};

use crate::scene::usage;

pub(crate) const BOUNDS: Bounds = Bounds {
    max_turns: 3,
    max_parallel_tools: 2,
    max_calls: 4,
};

pub(crate) fn reply(output: Vec<Item>, ending: Ending) -> Input {
    asking(output, [], ending)
}

/// A reply in which the calls at these positions ask the user.
pub(crate) fn asking(
    output: Vec<Item>,
    asks: impl IntoIterator<Item = usize>,
    ending: Ending,
) -> Input {
    Input::ModelFinished(Reply {
        output,
        marks: asks.into_iter().map(|at| (at, Mark::Asks)).collect(),
        complaint: None,
        usage: usage(1),
        ending,
    })
}

pub(crate) fn result(text: &str) -> CallResult {
    CallResult {
        text: text.to_owned(),
        outcome: Outcome::Ok,
    }
}

pub(crate) fn finished(call_id: &str, text: &str) -> Input {
    Input::ToolFinished {
        call_id: call_id.to_owned(),
        result: result(text),
        usage: Usage::default(),
    }
}

pub(crate) fn call(id: &str) -> ToolCall {
    ToolCall {
        call_id: id.to_owned(),
        name: "add".to_owned(),
        arguments: "{}".to_owned(),
    }
}

pub(crate) fn item(id: &str) -> Item {
    Item::function_call(id, "add", "{}")
}

pub(crate) fn recorded(id: &str, text: &str) -> Effect {
    Effect::RecordResult {
        call: call(id),
        result: result(text),
    }
}

pub(crate) fn step_recorded(step: u32, items: Vec<Item>) -> Effect {
    Effect::RecordStep {
        step,
        items,
        usage: usage(1),
    }
}

pub(crate) fn declined(why: &str) -> Decision {
    Decision::Declined {
        reason: why.to_owned(),
    }
}

/// The state and the effects after these inputs.
pub(crate) fn after(
    mut state: State,
    inputs: impl IntoIterator<Item = Input>,
) -> (State, Vec<Effect>) {
    let mut last = Vec::new();
    for input in inputs {
        (state, last) = step(state, input);
    }
    (state, last)
}

/// A call that the user decided about.
pub(crate) fn open(call: ToolCall, decision: Decision) -> OpenCall {
    OpenCall {
        call,
        marks: [Mark::Asks].into(),
        so_far: SoFar::Decided(decision),
    }
}
