//! The calls of a reply: what the model asked for, what is special about it, how far it is, and what came of it.

use std::collections::BTreeSet;

use frontdesk_model::FunctionCall;
use serde::{Deserialize, Serialize};

use crate::approval::Decision;
use crate::handoff::handed_over;
use crate::tool::Outcome;

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

impl From<&FunctionCall> for ToolCall {
    fn from(call: &FunctionCall) -> Self {
        Self {
            call_id: call.call_id.clone(),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        }
    }
}

/// What is special about a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It asks the user first.
    Asks,
    /// Its result is the answer, if the tool did what it was asked to.
    Answers,
    /// It hands the conversation over, after all other calls.
    HandsOver {
        /// The agent that goes on.
        to: String,
    },
    /// The user's own page makes it, after all other calls.
    Client,
    /// A process that died may have made it already. It asks, too, where somebody can be asked.
    Interrupted,
    /// It isn't made, since a guardrail doesn't let it through.
    Refused {
        /// What the model reads.
        text: String,
    },
}

/// A call of the last reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// What the model asked for.
    #[serde(flatten)]
    pub call: ToolCall,
    /// What is special about it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub marks: BTreeSet<Mark>,
    /// How far it is.
    pub status: CallStatus,
}

/// How far a call is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// It waits until another call has finished.
    Waiting,
    /// It waits for the user, after all others that can be made.
    Asking,
    /// It waits for all others, even for those that ask: it hands over, or the user's own page makes it.
    Held,
    /// It runs.
    Running,
    /// It is finished.
    Done(CallResult),
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallResult {
    /// What the model reads.
    pub text: String,
    /// Whether the tool did what it was asked to.
    pub outcome: Outcome,
}

/// A call of an earlier run, or of an earlier process, that a run begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCall {
    /// What the model asked for.
    #[serde(flatten)]
    pub call: ToolCall,
    /// What is special about it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub marks: BTreeSet<Mark>,
    /// What has become of it so far.
    pub so_far: SoFar,
}

/// What has become of a call with which a run begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoFar {
    /// Nothing that is known: it goes as its marks say.
    Nothing,
    /// The user decided about it.
    Decided(Decision),
    /// It has its result, which was recorded.
    Done(CallResult),
}

impl Call {
    /// The agent that the call hands over to.
    pub(super) fn hands_over_to(&self) -> Option<&str> {
        self.marks.iter().find_map(|mark| match mark {
            Mark::HandsOver { to } => Some(to.as_str()),
            Mark::Asks
            | Mark::Answers
            | Mark::Client
            | Mark::Interrupted
            | Mark::Refused { .. } => None,
        })
    }

    /// Why the call isn't made, for the model.
    pub(super) fn refusal(&self) -> Option<String> {
        self.marks.iter().find_map(|mark| match mark {
            Mark::Refused { text } => Some(text.clone()),
            Mark::Asks
            | Mark::Answers
            | Mark::Client
            | Mark::Interrupted
            | Mark::HandsOver { .. } => None,
        })
    }

    /// The agent that went on after this call, where a process died after it was recorded.
    pub(super) fn has_handed_over_to(&self) -> Option<&str> {
        let to = self.hands_over_to()?;
        let told = handed_over(to);
        matches!(&self.status, CallStatus::Done(result) if result.text == told).then_some(to)
    }

    /// Where a call with these marks begins.
    pub(super) fn first_status(marks: &BTreeSet<Mark>) -> CallStatus {
        let is_held = |mark: &Mark| matches!(mark, Mark::HandsOver { .. } | Mark::Client);
        if marks.iter().any(is_held) {
            CallStatus::Held
        } else if marks.contains(&Mark::Asks) {
            CallStatus::Asking
        } else {
            CallStatus::Waiting
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.status, CallStatus::Waiting | CallStatus::Running)
    }

    pub(super) fn is_held(&self) -> bool {
        self.status == CallStatus::Held
    }

    /// Whether it is the answer.
    pub(super) fn has_answered(&self) -> bool {
        let did = matches!(&self.status, CallStatus::Done(result) if result.outcome == Outcome::Ok);
        did && self.marks.contains(&Mark::Answers)
    }
}
