//! Calls an agent's hooks. One that panics is logged, and the run goes on; a stopped run waits for none.

use std::panic::AssertUnwindSafe;

use frontdesk_model::{Error, Item, Request, Usage};
use futures_util::FutureExt;

use super::{RunError, RunOutcome, until_cancelled};
use crate::agent::Agent;
use crate::context::RunContext;
use crate::state::{CallResult, ToolCall};

/// The hooks of the agent that answers at the moment.
pub(super) struct Hooks<'a, C> {
    pub(super) agent: &'a Agent<C>,
    pub(super) context: &'a RunContext<C>,
}

impl<C: Send + Sync> Hooks<'_, C> {
    pub(super) async fn agent_started(&self) -> Result<(), RunError> {
        for hook in &self.agent.hooks {
            let told = hook.agent_started(&self.agent.name, self.context);
            self.wait_for(told).await?;
        }
        Ok(())
    }

    pub(super) async fn model_asked(&self, request: &mut Request) -> Result<(), RunError> {
        for hook in &self.agent.hooks {
            let told = hook.model_asked(&self.agent.name, request, self.context);
            self.wait_for(told).await?;
        }
        Ok(())
    }

    pub(super) async fn model_replied(
        &self,
        output: &[Item],
        usage: Usage,
    ) -> Result<(), RunError> {
        for hook in &self.agent.hooks {
            let told = hook.model_replied(&self.agent.name, output, usage, self.context);
            self.wait_for(told).await?;
        }
        Ok(())
    }

    pub(super) async fn model_failed(&self, error: &Error) -> Result<(), RunError> {
        for hook in &self.agent.hooks {
            let told = hook.model_failed(&self.agent.name, error, self.context);
            self.wait_for(told).await?;
        }
        Ok(())
    }

    pub(super) async fn tool_started(&self, call: &ToolCall) -> Result<(), RunError> {
        for hook in &self.agent.hooks {
            let told = hook.tool_started(&self.agent.name, call, self.context);
            self.wait_for(told).await?;
        }
        Ok(())
    }

    pub(super) async fn tool_finished(
        &self,
        call: &ToolCall,
        result: &CallResult,
    ) -> Result<(), RunError> {
        for hook in &self.agent.hooks {
            let told = hook.tool_finished(&self.agent.name, call, result, self.context);
            self.wait_for(told).await?;
        }
        Ok(())
    }

    pub(super) async fn handed_off(&self, to: &str) -> Result<(), RunError> {
        for hook in &self.agent.hooks {
            let told = hook.handed_off(&self.agent.name, to, self.context);
            self.wait_for(told).await?;
        }
        Ok(())
    }

    pub(super) async fn run_ended(
        &self,
        outcome: Result<&RunOutcome, &RunError>,
    ) -> Result<(), RunError> {
        for hook in &self.agent.hooks {
            let told = hook.run_ended(outcome, self.context);
            self.wait_for(told).await?;
        }
        Ok(())
    }

    async fn wait_for(&self, told: impl Future<Output = ()>) -> Result<(), RunError> {
        let told = AssertUnwindSafe(told).catch_unwind();
        let told = until_cancelled(&self.context.cancel, told).await?;
        if told.is_err() {
            tracing::error!(agent = self.agent.name, "a hook panicked");
        }
        Ok(())
    }
}
