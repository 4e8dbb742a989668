//! Guardrails: checks of what goes into an agent, what comes out of it, and what its tools are given and give.
//!
//! A guardrail allows, replaces or stops. One that fails, panics or takes longer than [`MAX_GUARDRAIL_TIME`] stops the
//! run: what wasn't checked isn't let through.

mod ask;
mod model;
mod newest;
mod pattern;
mod side;

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_model::Item;
use serde_json::{Map, Value};

pub use self::ask::{MAX_GUARDRAIL_TIME, UNCHECKED};
pub(crate) use self::ask::{
    check_call, check_input, check_input_at_once, check_output, check_result,
};
pub use self::model::{MAX_CHECKED_BYTES, ModelGuardrail};
pub(crate) use self::newest::{is_unanswered, replace_newest};
pub use self::pattern::{MAX_PATTERN_BYTES, MAX_PATTERNS, OnMatch, PatternGuardrail};
pub use self::side::{ToolInputOnly, ToolOutputOnly};
use crate::context::RunContext;
use crate::state::ToolCall;

/// What later runs read in place of a message that wasn't let through.
pub const WITHHELD_INPUT: &str = "[This message was withheld: a check did not let it through.]";

/// What later runs read in place of an answer that wasn't let through.
pub(crate) const WITHHELD_ANSWER: &str =
    "[This answer was withheld: a check did not let it through.]";

/// What a guardrail says. `T` is what takes the place of what was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<T> {
    /// It may pass.
    Allow,
    /// This passes in its place.
    Replace(T),
    /// The run ends here.
    Stop {
        /// What the user reads.
        message: String,
    },
}

/// What takes the place of a call that a guardrail doesn't let through as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InsteadOfCall {
    /// The call with these arguments.
    Arguments(Map<String, Value>),
    /// No call, and this as its result for the model, as a failure.
    Refusal(String),
}

/// A guardrail that can't say anything. For the operator; the user reads that the answer can't be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct GuardrailError {
    /// What the operator needs.
    pub detail: String,
}

/// When an input guardrail is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Timing {
    /// Beside the first model call. Tools wait for its verdict; what was shown by then is taken back when it stops or
    /// replaces.
    ///
    /// A run that is stopped before the verdict, or in which both the model and the guardrail fail, leaves its message
    /// unchecked, and later runs check their own newest message alone. What no model may ever read is to be checked
    /// before.
    #[default]
    Parallel,
    /// Before the first model call.
    Blocking,
}

/// Checks the newest message of the user before an agent answers it. Asked once per run, of the agent that begins, and
/// not where a run goes on without the user having written anything.
///
/// Later runs are given what takes the message's place, or that it was withheld, in
/// [`AgentEvent::InputReplaced`](crate::AgentEvent::InputReplaced): whoever keeps the conversation gives it to them
/// instead of what the user wrote.
#[async_trait]
pub trait InputGuardrail<C>: Send + Sync {
    /// The guardrail's name, for logs.
    fn name(&self) -> &str;

    /// When it is asked.
    fn timing(&self) -> Timing {
        Timing::default()
    }

    /// Checks the conversation, the newest message last. A replacement takes the place of that message's text.
    async fn check(
        &self,
        input: &[Item],
        context: &RunContext<C>,
    ) -> Result<Verdict<String>, GuardrailError>;
}

/// Checks what an agent is about to say: its final answer, words that it writes beside calls, and the result of a tool
/// that is the answer. Nothing of it is shown before it was checked; thoughts are, and are taken back after a stop.
///
/// What is recorded is what was let through. Of an answer that was stopped a note is.
#[async_trait]
pub trait OutputGuardrail<C>: Send + Sync {
    /// The guardrail's name, for logs.
    fn name(&self) -> &str;

    /// Checks the answer's text.
    async fn check(
        &self,
        output: &str,
        context: &RunContext<C>,
    ) -> Result<Verdict<String>, GuardrailError>;
}

/// Checks the calls of an agent's tools, and of the tools of the user's page before it gets them. A call that asks the
/// user is checked before they are asked, and again before it is made: then it is made as it was approved, or not at all.
///
/// What the user's page gives back isn't checked.
#[async_trait]
pub trait ToolGuardrail<C>: Send + Sync {
    /// The guardrail's name, for logs.
    fn name(&self) -> &str;

    /// Checks a call before it is made. The arguments fit the tool's schema; those of a replacement are checked again.
    async fn before(
        &self,
        call: &ToolCall,
        arguments: &Map<String, Value>,
        context: &RunContext<C>,
    ) -> Result<Verdict<InsteadOfCall>, GuardrailError>
    where
        C: Send + Sync,
    {
        let _ = (call, arguments, context);
        Ok(Verdict::Allow)
    }

    /// Checks what a call gave, before the model reads it.
    async fn after(
        &self,
        call: &ToolCall,
        result: &str,
        context: &RunContext<C>,
    ) -> Result<Verdict<String>, GuardrailError>
    where
        C: Send + Sync,
    {
        let _ = (call, result, context);
        Ok(Verdict::Allow)
    }
}

/// An agent's guardrails, each kind in the order in which they are asked.
pub struct Guardrails<C> {
    /// Of what the user wrote.
    pub input: Vec<Arc<dyn InputGuardrail<C>>>,
    /// Of the final answer.
    pub output: Vec<Arc<dyn OutputGuardrail<C>>>,
    /// Of all tools' calls and results.
    pub tools: Vec<Arc<dyn ToolGuardrail<C>>>,
}

impl<C> Default for Guardrails<C> {
    fn default() -> Self {
        Self {
            input: Vec::new(),
            output: Vec::new(),
            tools: Vec::new(),
        }
    }
}
