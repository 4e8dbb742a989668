//! Which calls ask the user before they are made, and what the user decided.
//!
//! A decision belongs to one call of one tool of one toolset: approving it approves nothing else.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// Whether a tool that goes by these names asks.
    pub(crate) fn asks(&self, names: &[String], annotations: &Annotations) -> bool {
        let is_named = |set: &BTreeSet<String>| names.iter().any(|name| set.contains(name));
        if is_named(&self.always) {
            return true;
        }
        if is_named(&self.never) {
            return false;
        }
        match self.ask {
            Ask::Destructive => {
                annotations.destructive == Some(true) && annotations.read_only != Some(true)
            }
            Ask::Never => false,
        }
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
