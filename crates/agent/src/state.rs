//! The logic of a run, as a pure function: [`step`] takes a state and an input, and gives the next state and effects.
//!
//! It reads no clock, makes no ids and waits for nothing, so a recorded run replays exactly.
//! An input that the state doesn't wait for changes nothing.

mod call;
mod input;
mod left;
mod step;

use std::collections::BTreeSet;

use frontdesk_model::{Item, Usage};
use serde::{Deserialize, Serialize};

pub use call::{Call, CallResult, CallStatus, Mark, OpenCall, SoFar, ToolCall};
pub use input::{Effect, Ended, Ending, Input, Reply};
pub(crate) use left::Record;
pub use left::Recorded;
pub(crate) use step::is_refusal;
pub use step::step;

use crate::agent::Limits;
use crate::call_ids::{answered_ids, pair_calls, pair_calls_but, since_the_user, used_ids};

/// How many calls of one response can ask the user: as many as can be shown together. Further ones are refused.
pub const MAX_ASKED_CALLS: usize = 8;

/// A run between two inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The agent whose model is called.
    pub agent: String,
    /// The conversation before the run.
    pub input: Vec<Item>,
    /// What the run has added: the model's items, and the results of its calls in call order.
    pub new_items: Vec<Item>,
    /// Who took over from whom in this run, in order.
    pub handovers: Vec<Handover>,
    /// The agents whose models have called a tool.
    pub tool_users: BTreeSet<String>,
    /// Whether a model was told already that its answer has the wrong form.
    pub repair: Repair,
    /// How often the model was called.
    pub turns: u32,
    /// What all finished model calls used, and the tools that asked models by themselves.
    pub usage: Usage,
    /// The bounds.
    pub bounds: Bounds,
    /// What the run waits for.
    pub phase: Phase,
}

/// An agent took over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// The agent that handed over.
    pub from: String,
    /// The agent that went on.
    pub to: String,
    /// How many items the run had added before.
    pub after: usize,
}

/// How often an answer of the wrong form was sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// None was.
    NotYet,
    /// One was; the next one ends the run.
    Asked,
}

/// The bounds of a run that its logic knows: those of the agent that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// How often the model may be called.
    pub max_turns: u32,
    /// How many calls run at the same time; at least one does.
    pub max_parallel_tools: usize,
    /// How many calls of one response are made.
    pub max_calls: usize,
}

impl From<&Limits> for Bounds {
    fn from(limits: &Limits) -> Self {
        Self {
            max_turns: limits.max_turns,
            max_parallel_tools: limits.max_parallel_tools,
            max_calls: limits.max_calls,
        }
    }
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// [`Input::Begin`].
    Ready,
    /// [`Input::Begin`], with calls of an earlier run or of an earlier process.
    Decided {
        /// The calls, in their order.
        calls: Vec<OpenCall>,
    },
    /// The model's reply.
    Model,
    /// The results of calls.
    Tools {
        /// All calls of the last reply, in its order.
        calls: Vec<Call>,
    },
    /// Nothing; the run is over, and these calls wait for the user.
    Approval {
        /// The calls, in the order of the last reply. None of them was made.
        calls: Vec<ToolCall>,
        /// Further calls that weren't made, since they come after these: a handover, or one for the user's own page.
        held: Vec<ToolCall>,
    },
    /// Nothing; the run is over, and this call waits for the user's own page.
    Client {
        /// The call.
        call: ToolCall,
    },
    /// Nothing; the run is over.
    Ended {
        /// How it ended.
        how: Ended,
    },
}

impl State {
    /// A run of this agent that is about to begin. Calls and results of the input are brought into pairs.
    ///
    /// Where a tool was called since the user's newest message, the agent counts as one that has called tools.
    pub fn new(agent: impl Into<String>, input: Vec<Item>, bounds: Bounds) -> Self {
        let agent = agent.into();
        let has_called = since_the_user(&input).next().is_some();
        let tool_users = has_called.then(|| agent.clone());
        Self {
            agent,
            input: pair_calls(input),
            new_items: Vec::new(),
            handovers: Vec::new(),
            tool_users: tool_users.into_iter().collect(),
            repair: Repair::NotYet,
            turns: 0,
            usage: Usage::default(),
            bounds,
            phase: Phase::Ready,
        }
    }

    /// A run of this agent that begins with calls of an earlier one. Those that the input has a result for are left as
    /// they are.
    pub fn resume(
        agent: impl Into<String>,
        mut input: Vec<Item>,
        mut calls: Vec<OpenCall>,
        bounds: Bounds,
    ) -> Self {
        let mut settled = answered_ids(&input);
        calls.retain(|open| settled.insert(open.call.call_id.clone()));
        let ids = calls.iter().map(|open| open.call.call_id.clone());
        let ids: BTreeSet<String> = ids.collect();
        let called = input
            .iter()
            .filter(|item| matches!(item, Item::FunctionCall(_)));
        let known = used_ids(called);
        for OpenCall { call, .. } in &calls {
            if !known.contains(&call.call_id) {
                let item = Item::function_call(&call.call_id, &call.name, call.arguments.as_str());
                input.push(item);
            }
        }
        let mut state = Self::new(agent, Vec::new(), bounds);
        state.input = pair_calls_but(&ids, input);
        state.tool_users.insert(state.agent.clone());
        state.phase = Phase::Decided { calls };
        state
    }

    /// The conversation before the run, and what the run has added: what the model reads next, but for what an agent
    /// that took over doesn't read.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.input.iter().chain(&self.new_items)
    }

    /// The call ids that the conversation uses already.
    pub fn call_ids(&self) -> BTreeSet<String> {
        used_ids(self.items())
    }
}
