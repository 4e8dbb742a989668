//! Tool guardrails that are asked about one side of a call alone.

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::{GuardrailError, InsteadOfCall, ToolGuardrail, Verdict};
use crate::context::RunContext;
use crate::state::ToolCall;

/// A guardrail that is asked about calls, and not about their results.
#[derive(Debug, Clone)]
pub struct ToolInputOnly<G>(pub G);

/// A guardrail that is asked about results, and not about calls.
#[derive(Debug, Clone)]
pub struct ToolOutputOnly<G>(pub G);

#[async_trait]
impl<C: Send + Sync, G: ToolGuardrail<C>> ToolGuardrail<C> for ToolInputOnly<G> {
    fn name(&self) -> &str {
        self.0.name()
    }

    async fn before(
        &self,
        call: &ToolCall,
        arguments: &Map<String, Value>,
        context: &RunContext<C>,
    ) -> Result<Verdict<InsteadOfCall>, GuardrailError> {
        self.0.before(call, arguments, context).await
    }
}

#[async_trait]
impl<C: Send + Sync, G: ToolGuardrail<C>> ToolGuardrail<C> for ToolOutputOnly<G> {
    fn name(&self) -> &str {
        self.0.name()
    }

    async fn after(
        &self,
        call: &ToolCall,
        result: &str,
        context: &RunContext<C>,
    ) -> Result<Verdict<String>, GuardrailError> {
        self.0.after(call, result, context).await
    }
}
