//! What happens to a run, and what it has to do about it.

use std::collections::BTreeSet;

use frontdesk_model::{Item, Usage};
use serde::{Deserialize, Serialize};

use super::call::{CallResult, Mark, ToolCall};

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
        /// What a void reply used, as far as it is known, or the tools that asked models by themselves.
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
        /// What models used that the tool asked by itself.
        #[serde(default)]
        usage: Usage,
    },
}

/// A model's whole reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// What it wrote, in order.
    pub output: Vec<Item>,
    /// What is special about the calls at these positions in `output`.
    #[serde(default)]
    pub marks: BTreeSet<(usize, Mark)>,
    /// What is wrong with the form of the answer, for the model, where the reply is one.
    #[serde(default)]
    pub complaint: Option<String>,
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
    /// A guardrail stops the run, and none of the reply's calls is made. Texts that weren't let through aren't in it.
    Blocked {
        /// What the user reads.
        message: String,
    },
}

/// What a driver has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call the model with the state's [`items`](super::State::items), and bring [`Input::ModelFinished`].
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
        /// What the model wrote, and what it is told about its form.
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
    /// From now on it is this agent whose model is called.
    HandOver {
        /// The agent that handed over.
        from: String,
        /// The agent that goes on.
        to: String,
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
