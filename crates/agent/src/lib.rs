//! The agent runtime: model ▸ tools ▸ model …, until the model answers.
//!
//! [`step`] is the whole logic, as a pure function of state and input; [`run`] performs the effects it asks for.
//! A call that asks the user first ends the run; [`resume`] goes on with what the user decided.
//! [`go_on`] goes on with a run whose process died, from what it recorded.
//! The crate knows neither HTTP nor SQL nor ChatKit nor MCP: models are [`frontdesk_model::Model`]s,
//! tools are [`Toolset`]s, and an [`Observer`] hears what happens and stores it before the run goes on.
//!
//! There is no mutable state in an [`Agent`]; what a tool may know of its caller comes with each call, in a [`ToolContext`].

mod run;
mod state;

mod agent;
mod agent_tool;
mod agents;
mod approval;
mod context;
mod event;
mod guardrail;
mod handoff;
mod hook;
mod output;
mod tool;

mod call_ids;
mod catalog;
mod function;
mod invoke;
mod names;
mod reader;
mod usage;
mod validate;

pub use agent::{AfterToolUse, Agent, ClientTool, Instructions, InstructionsOf, Limits};
pub use agent_tool::{AgentTool, MAX_AGENT_DEPTH};
pub use agents::{Agents, AgentsError};
pub use approval::{
    ApprovalPolicy, ApprovedTool, Ask, AskWhen, AskedCall, Asking, Because, Considered, Decision,
};
pub use call_ids::pair_calls;
pub use context::{MAX_PROGRESS_BYTES, Progress, ProgressSink, RunContext, ToolContext};
pub use event::{AgentEvent, OutputKey};
/// A tool as a model sees it, for those who write toolsets and talk to no model.
pub use frontdesk_model::{Schema, Strictness, ToolDefinition};
pub use function::{FunctionTool, FunctionTools, NoArguments, function_tool};
pub use guardrail::{
    GuardrailError, Guardrails, InputGuardrail, InsteadOfCall, MAX_CHECKED_BYTES,
    MAX_GUARDRAIL_TIME, MAX_PATTERN_BYTES, MAX_PATTERNS, ModelGuardrail, OnMatch, OutputGuardrail,
    PatternGuardrail, Timing, ToolGuardrail, ToolInputOnly, ToolOutputOnly, UNCHECKED, Verdict,
    WITHHELD_INPUT,
};
pub use handoff::{Handoff, HandoffHistory, InputFilter};
pub use hook::Hook;
pub use invoke::MAX_USER_MESSAGE_BYTES;
pub use output::OutputSchema;
pub use run::{
    Attended, LeftOff, Observer, OutputError, RunError, RunOptions, RunOutcome, Start, Stopped,
    go_on, resume, run,
};
pub use state::{
    Bounds, Call, CallResult, CallStatus, Effect, Ended, Ending, Handover, Input, MAX_ASKED_CALLS,
    Mark, OpenCall, Phase, Recorded, Repair, Reply, SoFar, State, ToolCall, step,
};
pub use tool::{Annotations, Outcome, ToolError, ToolInfo, ToolOutput, Toolset, ToolsetError};
pub use usage::UsageSink;
pub use validate::schema_fault;
