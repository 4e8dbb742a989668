//! The check of what the user wrote: before the first model call, or beside it.

use std::sync::Arc;

use frontdesk_model::Usage;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::{RunError, until_cancelled};
use crate::agent::Agent;
use crate::context::RunContext;
use crate::guardrail::{
    InputGuardrail, Timing, UNCHECKED, Verdict, check_input, check_input_at_once, is_unanswered,
};
use crate::state::{Input, Phase, State};

/// What guardrails have against what the user wrote.
pub(super) enum Objection {
    /// The model is to read this in its place.
    Replace(String),
    /// The run ends.
    Stop { message: String },
}

impl Objection {
    fn of(verdict: Verdict<String>) -> Option<Self> {
        match verdict {
            Verdict::Allow => None,
            Verdict::Replace(text) => Some(Self::Replace(text)),
            Verdict::Stop { message } => Some(Self::Stop { message }),
        }
    }

    /// Whether a guardrail has said it, and not only failed.
    pub(super) fn is_verdict(&self) -> bool {
        !matches!(self, Self::Stop { message } if message == UNCHECKED)
    }

    /// What happens to the run. `usage` is what a void reply used.
    pub(super) fn into_input(self, usage: Usage) -> Input {
        match self {
            Self::Replace(text) => Input::InputReplaced { text, usage },
            Self::Stop { message } => Input::Blocked { message, usage },
        }
    }
}

/// Asks the guardrails that are asked before the model, where the run begins with what a user wrote.
pub(super) async fn check_before<C: Send + Sync + 'static>(
    agent: &Agent<C>,
    state: &State,
    context: &RunContext<C>,
) -> Result<Option<Objection>, RunError> {
    let guardrails = timed(agent, Timing::Blocking);
    if guardrails.is_empty() || state.phase != Phase::Ready || !is_unanswered(&state.input) {
        return Ok(None);
    }
    let asking = check_input(&guardrails, state.input.clone(), context);
    let verdict = until_cancelled(&context.cancel, asking).await?;
    Ok(Objection::of(verdict))
}

/// The verdict of the guardrails that are asked beside the first model call.
pub(super) struct InputCheck {
    verdict: Option<BoxFuture<'static, Verdict<String>>>,
}

impl InputCheck {
    /// Begins to ask, where this is the first model call after what a user wrote.
    pub(super) fn beside<C: Send + Sync + 'static>(
        agent: &Arc<Agent<C>>,
        state: &State,
        context: &RunContext<C>,
    ) -> Self {
        let is_first =
            state.turns == 1 && state.new_items.is_empty() && is_unanswered(&state.input);
        if !is_first || timed(agent, Timing::Parallel).is_empty() {
            return Self { verdict: None };
        }
        let (agent, context, input) = (Arc::clone(agent), context.clone(), state.input.clone());
        let asking = async move {
            let guardrails = timed(&agent, Timing::Parallel);
            check_input_at_once(&guardrails, input, &context).await
        };
        Self {
            verdict: Some(asking.boxed()),
        }
    }

    /// Waits for something else, until a guardrail objects.
    pub(super) async fn unless<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, Objection> {
        tokio::select! {
            biased;
            objection = self.objection() => Err(objection),
            done = work => Ok(done),
        }
    }

    /// Waits for the verdict.
    pub(super) async fn settled(
        &mut self,
        cancel: &CancellationToken,
    ) -> Result<Option<Objection>, RunError> {
        let Some(verdict) = &mut self.verdict else {
            return Ok(None);
        };
        let verdict = until_cancelled(cancel, verdict).await?;
        self.verdict = None;
        Ok(Objection::of(verdict))
    }

    /// Ready when a guardrail objects, and never when none does.
    async fn objection(&mut self) -> Objection {
        if let Some(verdict) = &mut self.verdict {
            let verdict = verdict.await;
            self.verdict = None;
            if let Some(objection) = Objection::of(verdict) {
                return objection;
            }
        }
        std::future::pending().await
    }
}

fn timed<C>(agent: &Agent<C>, timing: Timing) -> Vec<&Arc<dyn InputGuardrail<C>>> {
    let all = agent.guardrails.input.iter();
    all.filter(|guardrail| guardrail.timing() == timing)
        .collect()
}
