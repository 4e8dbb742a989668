//! The agent that answers at the moment: what it was given when it began, and how it gives way to another one.

use std::mem;
use std::sync::Arc;

use super::driver::Driver;
use super::{RunError, until_cancelled};
use crate::agent::Agent;
use crate::agents::Agents;
use crate::catalog::Catalog;
use crate::context::RunContext;
use crate::event::AgentEvent;

/// What an agent is given when it begins; once per run, however often it takes over.
pub(super) struct OnDuty<C> {
    pub(super) catalog: Catalog<C>,
    pub(super) instructions: Option<String>,
}

impl<C: Send + Sync + 'static> OnDuty<C> {
    pub(super) async fn of(
        agents: &Agents<C>,
        agent: &Agent<C>,
        context: &RunContext<C>,
    ) -> Result<Self, RunError> {
        let catalog = Catalog::of(agents, agent, context).await;
        let instructions = agent
            .instructions
            .text(&context.context, &context.principal)
            .map_err(|reason| RunError::Internal {
                detail: format!("the instructions can't be written: {reason}"),
            })?;
        Ok(Self {
            catalog,
            instructions,
        })
    }
}

impl<C: Send + Sync + 'static> Driver<'_, C> {
    /// Tells that the agent begins.
    pub(super) async fn begin(&mut self) -> Result<(), RunError> {
        for toolset in self.catalog.away.clone() {
            self.tell(AgentEvent::ToolsetUnavailable { toolset })
                .await?;
        }
        self.hooks().agent_started().await
    }

    /// Another agent goes on.
    pub(super) async fn hand_over(&mut self, from: String, to: String) -> Result<(), RunError> {
        let Some(agent) = self.agents.find(&to).cloned() else {
            let detail = format!("handed over to an agent that isn't there: {to}");
            return Err(RunError::Internal { detail });
        };
        self.hooks().handed_off(&to).await?;
        self.tell(AgentEvent::HandedOff {
            from,
            to: to.clone(),
        })
        .await?;
        let on_duty = if let Some(known) = self.off_duty.remove(&to) {
            known
        } else {
            let listing = OnDuty::of(self.agents, &agent, &self.context);
            until_cancelled(&self.context.cancel, listing).await??
        };
        let before = OnDuty {
            catalog: mem::replace(&mut self.catalog, on_duty.catalog),
            instructions: mem::replace(&mut self.instructions, on_duty.instructions),
        };
        let agent_before = mem::replace(&mut self.agent, Arc::clone(&agent));
        self.off_duty.insert(agent_before.name.clone(), before);
        self.begin().await
    }
}
