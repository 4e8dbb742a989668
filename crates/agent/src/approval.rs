//! Which calls ask the user before they are made, and what the user decided.
//!
//! A decision belongs to one call of one tool of one toolset: approving it approves nothing else.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::agent::Agent;
use crate::context::RunContext;
use crate::state::ToolCall;
use crate::tool::Annotations;
use crate::validate::read_object;

/// Which tools ask. A name is a tool's own, the one that the model knows it by, or `<toolset>__<own name>`, which means
/// the same tool whatever other toolsets have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApprovalPolicy {
    /// What holds for tools that aren't named below.
    pub ask: Ask,
    /// Tools that always ask, whatever else is said of them.
    pub always: BTreeSet<String>,
    /// Tools that never ask.
    pub never: BTreeSet<String>,
}

/// A tool that the user has approved for good, as far as whoever keeps this says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ApprovedTool {
    /// The toolset that the tool is of.
    pub toolset: String,
    /// The toolset's own name for the tool.
    pub tool: String,
}

/// Which of the tools that aren't named ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ask {
    /// Those that are marked as destructive, and not as changing nothing.
    #[default]
    Destructive,
    /// None.
    Never,
}

impl ApprovalPolicy {
    fn always_asks(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.always.contains(name))
    }

    /// Whether a tool that goes by these names, and doesn't always ask, asks.
    fn asks(&self, names: &[String], annotations: &Annotations) -> bool {
        if names.iter().any(|name| self.never.contains(name)) {
            return false;
        }
        match self.ask {
            Ask::Destructive => annotations.destroys(),
            Ask::Never => false,
        }
    }
}

/// A call that may have to ask, for an application's own function.
#[derive(Debug)]
pub struct Considered<'a, C> {
    /// The toolset that the tool is of.
    pub toolset: &'a str,
    /// The toolset's own name for the tool.
    pub tool: &'a str,
    /// What the tool would be called with; it fits the tool's schema.
    pub arguments: &'a Map<String, Value>,
    /// What the toolset says of the tool.
    pub annotations: &'a Annotations,
    /// Who is calling, and the application's context.
    pub context: &'a RunContext<C>,
}

/// Says of each call whether it asks, by its arguments and its caller. It has to say the same of the same call; one that
/// panics asks.
pub type AskWhen<C> = dyn Fn(&Considered<'_, C>) -> Asking + Send + Sync;

/// What a function says of a call. Tools that an [`ApprovalPolicy`] names in `always` ask, whatever it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asking {
    /// As the policy says, and as the user has approved.
    #[default]
    AsPolicy,
    /// It asks, even where the user has approved the tool for good.
    Asks,
    /// It doesn't.
    DoesNotAsk,
}

/// Why a call asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The tool is marked so. It doesn't ask again where the user approves it for good.
    #[default]
    Marked,
    /// The policy says that the tool always asks.
    Always,
    /// A function says that this call asks.
    Function,
    /// A process died when the call may have been under way: nobody knows whether it was made.
    Interrupted,
}

/// Whether a call asks, and why.
pub(crate) fn asking<C>(
    agent: &Agent<C>,
    names: &[String],
    considered: &Considered<'_, C>,
    approved: &BTreeSet<ApprovedTool>,
) -> Option<Because> {
    if agent.approval.always_asks(names) {
        return Some(Because::Always);
    }
    let function = agent.ask_when.as_ref();
    let said = function.map_or(Asking::AsPolicy, |ask_when| {
        let said = catch_unwind(AssertUnwindSafe(|| ask_when(considered)));
        said.unwrap_or(Asking::Asks)
    });
    let tool = || ApprovedTool {
        toolset: considered.toolset.to_owned(),
        tool: considered.tool.to_owned(),
    };
    match said {
        Asking::Asks => Some(Because::Function),
        Asking::DoesNotAsk => None,
        Asking::AsPolicy => (agent.approval.asks(names, considered.annotations)
            && !approved.contains(&tool()))
        .then_some(Because::Marked),
    }
}

/// A call that waits for the user, with everything that a decision about it is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedCall {
    /// The call, exactly as it will be made.
    #[serde(flatten)]
    pub call: ToolCall,
    /// The toolset that the tool is of.
    pub toolset: String,
    /// The toolset's own name for the tool.
    pub tool: String,
    /// The tool's name for people.
    pub title: Option<String>,
    /// Those of its arguments that the tool's schema names.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub known: BTreeSet<String>,
    /// Whether the tool says that it may destroy something, and doesn't say that it changes nothing.
    #[serde(default)]
    pub destructive: bool,
    /// Why it asks: only where the tool is [marked](Because::Marked) can it be approved for good.
    #[serde(default)]
    pub because: Because,
}

impl AskedCall {
    /// The arguments that the tool will be called with, for people to read: first those that the tool knows, so that
    /// nothing made up hides them. `None` where they are no object.
    pub fn arguments(&self) -> Option<Vec<(String, Value)>> {
        let arguments = read_object(&self.call.arguments).ok()?.into_iter();
        let (mut first, others): (Vec<_>, Vec<_>) =
            arguments.partition(|(name, _)| self.known.contains(name));
        first.extend(others);
        Some(first)
    }
}

/// What the user decided about a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is to be made.
    Approved,
    /// It is not to be made.
    Declined {
        /// What the model reads about it.
        reason: String,
    },
}
