//! An agent: instructions, a model, tools and limits. Immutable, shared by all runs.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_identity::Principal;
use frontdesk_model::{Model, ParallelToolCalls, Settings, ToolChoice, ToolDefinition};
use serde_json::Value;

use crate::approval::{ApprovalPolicy, AskWhen};
use crate::guardrail::Guardrails;
use crate::handoff::Handoff;
use crate::hook::Hook;
use crate::output::OutputSchema;
use crate::tool::Toolset;

/// Who answers, with what. It holds nothing of any user, so one agent serves all runs at once.
///
/// `C` is the application's context of a request; tools for another context don't fit:
///
/// ```compile_fail,E0308
/// # use std::sync::Arc;
/// # use frontdesk_agent::{Agent, FunctionTools, NoArguments, ToolContext, ToolError, function_tool};
/// struct Desk;
/// struct Kitchen;
///
/// async fn cook(_: NoArguments, _: ToolContext<Kitchen>) -> Result<String, ToolError> {
///     Ok("soup".to_owned())
/// }
///
/// fn add(agent: &mut Agent<Desk>) {
///     let tools: FunctionTools<Kitchen> = FunctionTools::new("kitchen", vec![function_tool("cook", "Cooks.", cook)]);
///     agent.toolsets.push(Arc::new(tools));
/// }
/// ```
///
/// while tools for the same context do:
///
/// ```
/// # use std::sync::Arc;
/// # use frontdesk_agent::{Agent, FunctionTools, NoArguments, ToolContext, ToolError, function_tool};
/// struct Kitchen;
///
/// async fn cook(_: NoArguments, _: ToolContext<Kitchen>) -> Result<String, ToolError> {
///     Ok("soup".to_owned())
/// }
///
/// fn add(agent: &mut Agent<Kitchen>) {
///     let tools: FunctionTools<Kitchen> = FunctionTools::new("kitchen", vec![function_tool("cook", "Cooks.", cook)]);
///     agent.toolsets.push(Arc::new(tools));
/// }
/// ```
pub struct Agent<C> {
    /// The agent's name, for logs and handoffs.
    pub name: String,
    /// What it is for, for models that may hand over to it.
    pub description: String,
    /// What the model is told first.
    pub instructions: Instructions<C>,
    /// The model.
    pub model: Arc<dyn Model>,
    /// The model's settings.
    pub settings: Settings,
    /// Where the tools come from. On equal tool names the earlier toolset keeps the name, the later one's gets
    /// `<toolset>__` in front; a tool that still has no free name is left out, with a warning in the log.
    pub toolsets: Vec<Arc<dyn Toolset<C>>>,
    /// Tools that the user's own page runs: a call of one ends the run, and its result begins the next.
    pub client_tools: Vec<ClientTool>,
    /// Tools that the provider runs by itself, as its API has them.
    pub hosted_tools: Arc<[Value]>,
    /// Whom it may hand over to.
    pub handoffs: Vec<Handoff>,
    /// Whether the model must call a tool.
    pub tool_choice: ToolChoice,
    /// Whether that still holds after it did, in the same run.
    pub after_tool_use: AfterToolUse,
    /// Whether the model may call several tools at once.
    pub parallel_tool_calls: ParallelToolCalls,
    /// Tools whose result is the answer: after one of them succeeded, the model isn't asked again. Named as in an
    /// [`ApprovalPolicy`].
    pub stop_at_tools: BTreeSet<String>,
    /// The form of the final answer, where it isn't words.
    pub output: Option<OutputSchema>,
    /// Checks of what goes in and comes out.
    pub guardrails: Guardrails<C>,
    /// The application's own code at every step.
    pub hooks: Vec<Arc<dyn Hook<C>>>,
    /// Which calls ask the user first.
    pub approval: ApprovalPolicy,
    /// The application's own word on which calls ask, by their arguments and their caller.
    pub ask_when: Option<Arc<AskWhen<C>>>,
    /// The bounds of a run.
    pub limits: Limits,
}

impl<C> Agent<C> {
    /// An agent without tools, with the usual settings and limits.
    pub fn new(
        name: impl Into<String>,
        instructions: impl Into<String>,
        model: Arc<dyn Model>,
    ) -> Self {
        Self {
            name: name.into(),
            instructions: Instructions::Fixed(instructions.into()),
            model,
            settings: Settings::default(),
            description: String::new(),
            toolsets: Vec::new(),
            client_tools: Vec::new(),
            hosted_tools: Arc::new([]),
            handoffs: Vec::new(),
            tool_choice: ToolChoice::Auto,
            after_tool_use: AfterToolUse::Reset,
            parallel_tool_calls: ParallelToolCalls::ProviderDefault,
            stop_at_tools: BTreeSet::new(),
            output: None,
            guardrails: Guardrails::default(),
            hooks: Vec::new(),
            approval: ApprovalPolicy::default(),
            ask_when: None,
            limits: Limits::default(),
        }
    }
}

impl<C> fmt::Debug for Agent<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let toolsets: Vec<&str> = self.toolsets.iter().map(|toolset| toolset.name()).collect();
        f.debug_struct("Agent")
            .field("name", &self.name)
            .field("model", &self.model)
            .field("toolsets", &toolsets)
            .field("approval", &self.approval)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Whether a choice of tools holds for a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AfterToolUse {
    /// After the first tool, the model chooses by itself: a model that must call a tool would never answer.
    #[default]
    Reset,
    /// It holds for every model call.
    Keep,
}

/// A tool that the user's own page runs.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientTool {
    /// What the model reads.
    pub definition: ToolDefinition,
    /// The name to show to people.
    pub title: Option<String>,
}

/// What the model is told before the conversation.
pub enum Instructions<C> {
    /// The same for everybody.
    Fixed(String),
    /// Made once per run.
    Dynamic(Arc<InstructionsOf<C>>),
}

/// A function that writes instructions for a caller. Its error is for the operator; a run ends with it, since a model
/// without its instructions is another assistant.
pub type InstructionsOf<C> = dyn Fn(&C, &Principal) -> Result<String, String> + Send + Sync;

impl<C> Instructions<C> {
    /// Instructions that a function writes, once per run.
    pub fn dynamic(write: impl Fn(&C, &Principal) -> String + Send + Sync + 'static) -> Self {
        Self::fallible(move |context, principal| Ok(write(context, principal)))
    }

    /// Instructions that a function writes, once per run, if it can; see [`InstructionsOf`].
    pub fn fallible(
        write: impl Fn(&C, &Principal) -> Result<String, String> + Send + Sync + 'static,
    ) -> Self {
        Self::Dynamic(Arc::new(write))
    }

    /// The text for a caller; `None` where there is nothing to say.
    pub(crate) fn text(
        &self,
        context: &C,
        principal: &Principal,
    ) -> Result<Option<String>, String> {
        let text = match self {
            Self::Fixed(text) => text.clone(),
            Self::Dynamic(write) => write(context, principal)?,
        };
        Ok((!text.is_empty()).then_some(text))
    }
}

impl<C> fmt::Debug for Instructions<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(text) => f.debug_tuple("Fixed").field(text).finish(),
            Self::Dynamic(_) => f.write_str("Dynamic"),
        }
    }
}

/// The bounds of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How often the model may be called.
    pub max_turns: u32,
    /// How many tools of one response run at the same time.
    pub max_parallel_tools: usize,
    /// How many calls of one response are made; further ones get an error.
    pub max_calls: usize,
    /// How long a tool may go without finishing or reporting progress.
    pub tool_timeout: Duration,
    /// How long a tool may take at most, however much progress it reports.
    pub tool_timeout_total: Duration,
    /// The longest tool output that the model reads; the rest is cut off with a note.
    pub max_tool_output_bytes: usize,
    /// The longest arguments that a tool is called with.
    pub max_arguments_bytes: usize,
    /// How long a toolset may take to list its tools.
    pub list_timeout: Duration,
    /// How long the model may go without an event.
    pub model_timeout: Duration,
    /// The longest text, arguments and reasoning of one response together.
    pub max_response_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_turns: 10,
            max_parallel_tools: 16,
            max_calls: 64,
            tool_timeout: Duration::from_mins(1),
            tool_timeout_total: Duration::from_mins(10),
            max_tool_output_bytes: 64 * 1024,
            max_arguments_bytes: 256 * 1024,
            list_timeout: Duration::from_secs(15),
            model_timeout: Duration::from_mins(5),
            max_response_bytes: 4 * 1024 * 1024,
        }
    }
}
