//! Tools: what they are to the model, and the trait by which a run reaches them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_model::ToolDefinition;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::context::{RunContext, ToolContext};
use crate::validate::Arguments;

/// A source of tools: functions of the application, or a server elsewhere.
///
/// An agent holds its toolsets for good and for all users; so a toolset takes the user from the context of each call.
/// Both methods may be called many times at once. Their futures are dropped when a run is stopped.
#[async_trait]
pub trait Toolset<C>: Send + Sync {
    /// The toolset's name: in logs, in what the model is told when it is away, and as a prefix where tool names collide.
    fn name(&self) -> &str;

    /// The tools that this caller may use. Called once per run; a toolset that asks over a network keeps the answer.
    ///
    /// Clones of a [`ToolInfo`] share its compiled schema, so keep the list and give out clones.
    async fn list(&self, context: &RunContext<C>) -> Result<Vec<ToolInfo>, ToolsetError>;

    /// Calls a tool by the name it was listed with. The arguments fit the tool's schema.
    async fn call(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        context: ToolContext<C>,
    ) -> Result<ToolOutput, ToolError>;

    /// How long a call of this toolset's tools may go without progress, where it isn't the agent's `tool_timeout`.
    fn call_timeout(&self) -> Option<Duration> {
        None
    }

    /// How many agents deep its tools go: 0 where none of them is an agent. A toolset around another one says what that
    /// one says.
    fn agent_depth(&self) -> usize {
        0
    }
}

/// A tool as it is listed: its definition for the model, its annotations for us.
#[derive(Clone)]
pub struct ToolInfo {
    /// What the model reads.
    pub definition: ToolDefinition,
    /// What people and policies read.
    pub annotations: Annotations,
    pub(crate) arguments: Arc<Arguments>,
}

impl ToolInfo {
    /// A tool. Its schema is compiled when it is first called, once for all clones.
    pub fn new(definition: ToolDefinition, annotations: Annotations) -> Self {
        let arguments = Arc::new(Arguments::new(definition.parameters.clone()));
        Self {
            definition,
            annotations,
            arguments,
        }
    }
}

impl fmt::Debug for ToolInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolInfo")
            .field("definition", &self.definition)
            .field("annotations", &self.annotations)
            .finish_non_exhaustive()
    }
}

/// Hints about a tool, as [MCP](https://modelcontextprotocol.io/specification/2025-11-25/schema#toolannotations) has them.
/// `None` is "not said"; nothing here is a promise.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Annotations {
    /// The name to show to people.
    pub title: Option<String>,
    /// It changes nothing.
    pub read_only: Option<bool>,
    /// It may destroy something.
    pub destructive: Option<bool>,
    /// Calling it again with the same arguments changes nothing more.
    pub idempotent: Option<bool>,
}

impl Annotations {
    /// Whether a call that may have been made can be made again: the tool says that it changes nothing, or nothing more
    /// the second time, and doesn't say that it destroys anything.
    pub fn is_repeatable(&self) -> bool {
        let is_idempotent = self.idempotent == Some(true) && self.destructive != Some(true);
        self.read_only == Some(true) || is_idempotent
    }

    /// Whether the tool says that it may destroy something, and doesn't say that it changes nothing.
    pub(crate) fn destroys(&self) -> bool {
        self.destructive == Some(true) && self.read_only != Some(true)
    }
}

/// Whether a tool did what it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did.
    Ok,
    /// It didn't; the text says why.
    Error,
}

/// A tool's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolOutput {
    /// What the model reads: text, or JSON as text.
    pub text: String,
    /// Whether the tool did what it was asked to.
    pub outcome: Outcome,
}

impl ToolOutput {
    /// An answer in words.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            outcome: Outcome::Ok,
        }
    }

    /// A failure that the tool itself tells the model about.
    pub fn error(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            outcome: Outcome::Error,
        }
    }

    /// A value as JSON text; a string as it is.
    pub fn json(value: &Value) -> Self {
        Self::text(
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        )
    }
}

/// A failed call. It goes back to the model, and the run goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{model_message}: {detail}")]
pub struct ToolError {
    /// What the model may read, and through it the user.
    pub model_message: String,
    /// What the operator needs; for the log alone.
    pub detail: String,
    /// What the user alone reads, as Markdown: what they have to do first, with a link. No model is shown it.
    pub user_message: Option<String>,
}

impl ToolError {
    /// A failure with different words for the model and for the log.
    pub fn new(model_message: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            model_message: model_message.into(),
            detail: detail.into(),
            user_message: None,
        }
    }

    /// The same failure with something to read for the user alone.
    #[must_use]
    pub fn with_user_message(self, message: impl Into<String>) -> Self {
        Self {
            user_message: Some(message.into()),
            ..self
        }
    }

    /// A failure of which everybody may know everything.
    pub fn plain(message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            detail: message.clone(),
            model_message: message,
            user_message: None,
        }
    }
}

/// A toolset that can't be listed. The run goes on without its tools.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the toolset is away: {detail}")]
pub struct ToolsetError {
    /// What the operator needs; for the log alone.
    pub detail: String,
}
