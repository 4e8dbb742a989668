//! The logic of a run, as a pure function: [`step`] takes a state and an input, and gives the next state and effects.
//!
//! It reads no clock, makes no ids and waits for nothing, so a recorded run replays exactly.
//! An input that the state doesn't wait for changes nothing.

mod step;

use std::collections::BTreeSet;

use frontdesk_model::{Item, Usage};
use serde::{Deserialize, Serialize};

pub use step::step;

use crate::agent::Limits;
use crate::approval::Decision;
use crate::call_ids::{answered_ids, pair_calls, pair_calls_but, used_ids};
use crate::tool::Outcome;

/// How many calls of one response can ask the user: as many as can be shown together. Further ones are refused.
pub const MAX_ASKED_CALLS: usize = 8;

/// A run between two inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The conversation before the run.
    pub input: Vec<Item>,
    /// What the run has added: the model's items, and the results of its calls in call order.
    pub new_items: Vec<Item>,
    /// How often the model was called.
    pub turns: u32,
    /// What all finished model calls used.
    pub usage: Usage,
    /// The bounds.
    pub bounds: Bounds,
    /// What the run waits for.
    pub phase: Phase,
}

/// The bounds of a run that its logic knows.
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
    /// [`Input::Begin`], with what the user decided about calls of an earlier run.
    Decided {
        /// The calls, in their order.
        calls: Vec<(ToolCall, Decision)>,
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
    },
    /// Nothing; the run is over.
    Ended {
        /// How it ended.
        how: Ended,
    },
}

/// A call of the last reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// What the model asked for.
    #[serde(flatten)]
    pub call: ToolCall,
    /// How far it is.
    pub status: CallStatus,
}

/// How far a call is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// It waits until another call has finished.
    Waiting,
    /// It waits for the user, after all others.
    Asking,
    /// It runs.
    Running,
    /// It is finished.
    Done(CallResult),
}

/// What the model asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The call, unique within the conversation.
    pub call_id: String,
    /// The tool, as the model knows it; it may not exist.
    pub name: String,
    /// The arguments as the model wrote them; they may be anything.
    pub arguments: String,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallResult {
    /// What the model reads.
    pub text: String,
    /// Whether the tool did what it was asked to.
    pub outcome: Outcome,
}

/// What happens to a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    /// A guardrail has another text in place of that of the user's newest message: before [`Input::Begin`], or while the
    /// first reply is awaited. That one is void then, and the model is called anew.
    InputReplaced {
        /// The text.
        text: String,
        /// What the void reply used, as far as it is known.
        usage: Usage,
    },
    /// A guardrail stops the run: before [`Input::Begin`], while the first reply is awaited, or while calls run.
    Blocked {
        /// What the user reads.
        message: String,
        /// What a void reply used, as far as it is known.
        usage: Usage,
    },
    /// The run begins.
    Begin,
    /// The model has replied.
    ModelFinished(Reply),
    /// A call is finished, in whatever way.
    ToolFinished {
        /// The call.
        call_id: String,
        /// What came of it.
        result: CallResult,
    },
}

/// A model's whole reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// What it wrote, in order.
    pub output: Vec<Item>,
    /// The positions in `output` of calls that ask the user first.
    #[serde(default)]
    pub asks: BTreeSet<usize>,
    /// What the call used.
    pub usage: Usage,
    /// Whether it came to its end.
    pub ending: Ending,
}

/// Whether a model's reply came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It did.
    Complete,
    /// It was cut short.
    CutShort {
        /// The provider's reason.
        reason: String,
    },
    /// A guardrail stops the run. The reply's texts are no longer those of the model.
    Blocked {
        /// What the user reads.
        message: String,
    },
}

/// What a driver has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call the model with the state's [`items`](State::items), and bring [`Input::ModelFinished`].
    CallModel {
        /// The model call, from 1.
        step: u32,
    },
    /// Make a call, and bring [`Input::ToolFinished`].
    CallTool(ToolCall),
    /// Record and tell that a model call is complete.
    RecordStep {
        /// The model call, from 1.
        step: u32,
        /// What the model wrote.
        items: Vec<Item>,
        /// What the call used.
        usage: Usage,
    },
    /// Record and tell that a call is finished.
    RecordResult {
        /// The call.
        call: ToolCall,
        /// What came of it.
        result: CallResult,
    },
    /// Record and tell what later runs are to read in place of the text of the user's newest message.
    RecordInput {
        /// The text.
        text: String,
    },
    /// The run is over. The last effect of a run.
    Finish(Ended),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The model answered.
    Answered,
    /// The model refused to answer; its text says so.
    Refused,
    /// The model was called as often as it may be, and still wanted tools. Their results are kept.
    TurnLimit,
    /// Calls wait for the user. The results of all others are kept.
    WaitingForApproval,
    /// A call waits for the user's own page. The results of all others are kept.
    WaitingForClient {
        /// The call.
        call_id: String,
    },
    /// A tool's result is the answer.
    AnsweredByTool {
        /// The call.
        call_id: String,
    },
    /// A guardrail stopped the run.
    Blocked {
        /// What the user reads.
        message: String,
    },
    /// The model's answer doesn't have the form that it has to have, even after it was told so.
    InvalidOutput {
        /// What is wrong with it, for the operator.
        detail: String,
    },
    /// The model's reply was cut short.
    Incomplete {
        /// The provider's reason, such as `max_output_tokens`.
        reason: String,
    },
}

impl State {
    /// A run that is about to begin. Calls and results of the input are brought into pairs.
    pub fn new(input: Vec<Item>, bounds: Bounds) -> Self {
        Self {
            input: pair_calls(input),
            new_items: Vec::new(),
            turns: 0,
            usage: Usage::default(),
            bounds,
            phase: Phase::Ready,
        }
    }

    /// A run that begins with calls of an earlier one that the user decided about. Those that the input has a result
    /// for are left as they are.
    pub fn resume(
        mut input: Vec<Item>,
        mut decided: Vec<(ToolCall, Decision)>,
        bounds: Bounds,
    ) -> Self {
        let mut settled = answered_ids(&input);
        decided.retain(|(call, _)| settled.insert(call.call_id.clone()));
        let open = decided.iter().map(|(call, _)| call.call_id.clone());
        let open: BTreeSet<String> = open.collect();
        let calls = input
            .iter()
            .filter(|item| matches!(item, Item::FunctionCall(_)));
        let known = used_ids(calls);
        for (call, _) in &decided {
            if !known.contains(&call.call_id) {
                let item = Item::function_call(&call.call_id, &call.name, call.arguments.as_str());
                input.push(item);
            }
        }
        Self {
            input: pair_calls_but(&open, input),
            phase: Phase::Decided { calls: decided },
            ..Self::new(Vec::new(), bounds)
        }
    }

    /// What the model reads next: the conversation before the run, and what the run has added.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.input.iter().chain(&self.new_items)
    }

    /// The call ids that the conversation uses already.
    pub fn call_ids(&self) -> BTreeSet<String> {
        used_ids(self.items())
    }
}
