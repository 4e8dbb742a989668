//! What guardrails say of a call: before it is made, and of what it gave.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Made, failed};
use crate::agent::Agent;
use crate::context::RunContext;
use crate::guardrail::{InsteadOfCall, Verdict, check_call, check_output, check_result};
use crate::names::cut;
use crate::state::{CallResult, ToolCall};
use crate::tool::Outcome;
use crate::validate::Arguments;

/// What the model reads of an approved call that a guardrail would make with other arguments.
const NOT_AS_APPROVED: &str =
    "the call was not made: a check lets it through with other arguments than the user approved";

/// The guardrails of one call.
pub(crate) struct CallGuards<C> {
    pub(crate) agent: Arc<Agent<C>>,
    pub(crate) context: RunContext<C>,
    pub(crate) consent: Consent,
    pub(crate) result: ResultIs,
}

/// Whether the user has approved the call as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    Given,
    NotAsked,
}

/// Who reads what the call gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultIs {
    ForTheModel,
    /// The user, too, as the answer of the agent.
    TheAnswer,
}

impl<C: Send + Sync> CallGuards<C> {
    /// The arguments to make the call with, or what came of it already.
    pub(super) async fn before(
        &self,
        schema: &Arguments,
        call: &ToolCall,
        arguments: Map<String, Value>,
    ) -> Result<Map<String, Value>, Made> {
        let guardrails = &self.agent.guardrails.tools;
        match check_call(guardrails, call, &arguments, &self.context).await {
            Verdict::Allow => Ok(arguments),
            Verdict::Replace(InsteadOfCall::Arguments(other)) => {
                if self.consent == Consent::Given && other != arguments {
                    return Err(failed(NOT_AS_APPROVED).into());
                }
                let checked = schema.check(other);
                checked.map_err(|complaint| failed(complaint).into())
            }
            Verdict::Replace(InsteadOfCall::Refusal(text)) => Err(failed(text).into()),
            Verdict::Stop { message } => Err(Made::blocked(message)),
        }
    }

    /// What the model reads of what a call gave; at most `max_bytes`, as everything that a tool gives.
    pub(super) async fn after(&self, call: &ToolCall, mut made: Made, max_bytes: usize) -> Made {
        let guardrails = &self.agent.guardrails.tools;
        let verdict = check_result(guardrails, call, &made.result.text, &self.context).await;
        let made = match verdict {
            Verdict::Allow => made,
            Verdict::Replace(text) => {
                cut(&text, max_bytes).clone_into(&mut made.result.text);
                made
            }
            Verdict::Stop { message } => return Made::blocked(message),
        };
        match self.result {
            ResultIs::TheAnswer if made.result.outcome == Outcome::Ok => self.as_answer(made).await,
            ResultIs::TheAnswer | ResultIs::ForTheModel => made,
        }
    }

    async fn as_answer(&self, made: Made) -> Made {
        let guardrails = &self.agent.guardrails.output;
        match check_output(guardrails, &made.result.text, &self.context).await {
            Verdict::Allow => made,
            Verdict::Replace(text) => Made {
                result: CallResult {
                    text,
                    outcome: Outcome::Ok,
                },
                ..made
            },
            Verdict::Stop { message } => Made::blocked(message),
        }
    }
}
