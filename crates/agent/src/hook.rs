//! Hooks: an application's own code at every step of a run.

use async_trait::async_trait;
use frontdesk_model::{Error, Item, Request, Usage};

use crate::context::RunContext;
use crate::run::{RunError, RunOutcome};
use crate::state::{CallResult, ToolCall};

/// Hears of each step while it happens; a run waits for it. All methods do nothing by default.
///
/// A hook that panics is logged, and the run goes on without it. One that doesn't end holds up its run until that is
/// stopped. An agent that is a tool of another one has its own hooks.
#[async_trait]
pub trait Hook<C>: Send + Sync {
    /// An agent begins to answer, or takes over.
    async fn agent_started(&self, agent: &str, context: &RunContext<C>)
    where
        C: Send + Sync,
    {
        let _ = (agent, context);
    }

    /// The model is about to be asked. The request may be changed; what is changed is asked, and not remembered.
    async fn model_asked(&self, agent: &str, request: &mut Request, context: &RunContext<C>)
    where
        C: Send + Sync,
    {
        let _ = (agent, request, context);
    }

    /// The model has replied.
    async fn model_replied(
        &self,
        agent: &str,
        output: &[Item],
        usage: Usage,
        context: &RunContext<C>,
    ) where
        C: Send + Sync,
    {
        let _ = (agent, output, usage, context);
    }

    /// The model failed.
    async fn model_failed(&self, agent: &str, error: &Error, context: &RunContext<C>)
    where
        C: Send + Sync,
    {
        let _ = (agent, error, context);
    }

    /// A tool is about to be called.
    async fn tool_started(&self, agent: &str, call: &ToolCall, context: &RunContext<C>)
    where
        C: Send + Sync,
    {
        let _ = (agent, call, context);
    }

    /// A tool call is finished, in whatever way.
    async fn tool_finished(
        &self,
        agent: &str,
        call: &ToolCall,
        result: &CallResult,
        context: &RunContext<C>,
    ) where
        C: Send + Sync,
    {
        let _ = (agent, call, result, context);
    }

    /// An agent hands over to another one.
    async fn handed_off(&self, from: &str, to: &str, context: &RunContext<C>)
    where
        C: Send + Sync,
    {
        let _ = (from, to, context);
    }

    /// The run is over. A run that is dropped, or stopped, isn't told.
    async fn run_ended(&self, outcome: Result<&RunOutcome, &RunError>, context: &RunContext<C>)
    where
        C: Send + Sync,
    {
        let _ = (outcome, context);
    }
}
