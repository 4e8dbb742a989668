//! Asks guardrails: in their order, each within a bound of time. One that can't say anything stops the run.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_model::Item;
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Map, Value};

use super::newest::replace_newest;
use super::{
    GuardrailError, InputGuardrail, InsteadOfCall, OutputGuardrail, ToolGuardrail, Verdict,
};
use crate::context::RunContext;
use crate::state::ToolCall;

/// How long a guardrail may take for one check.
pub const MAX_GUARDRAIL_TIME: Duration = Duration::from_secs(30);

/// What the user reads when a guardrail fails or takes too long.
pub const UNCHECKED: &str =
    "This can't be answered at the moment, because it could not be checked. Please try again.";

/// Asks input guardrails one after the other; each reads what those before it have put in place.
pub(crate) async fn check_input<C: Send + Sync>(
    guardrails: &[&Arc<dyn InputGuardrail<C>>],
    input: Vec<Item>,
    context: &RunContext<C>,
) -> Verdict<String> {
    go_on_checking(guardrails, input, Verdict::Allow, context).await
}

/// Asks input guardrails all at once. The verdict is the one that they would give one after the other.
pub(crate) async fn check_input_at_once<C: Send + Sync>(
    guardrails: &[&Arc<dyn InputGuardrail<C>>],
    input: Vec<Item>,
    context: &RunContext<C>,
) -> Verdict<String> {
    let all = guardrails
        .iter()
        .map(|guardrail| verdict_of(guardrail.name(), guardrail.check(&input, context)));
    let mut verdicts = join_all(all).await;
    if let Some(stop) = verdicts
        .iter()
        .position(|verdict| matches!(verdict, Verdict::Stop { .. }))
    {
        return verdicts.swap_remove(stop);
    }
    let replaced = verdicts
        .iter()
        .position(|verdict| *verdict != Verdict::Allow);
    let Some(first) = replaced else {
        return Verdict::Allow;
    };
    // Those behind the first replacement have read what is no longer there.
    let rest = guardrails
        .get(first.saturating_add(1)..)
        .unwrap_or_default();
    let verdict = verdicts.swap_remove(first);
    go_on_checking(rest, input, verdict, context).await
}

async fn go_on_checking<C: Send + Sync>(
    guardrails: &[&Arc<dyn InputGuardrail<C>>],
    mut input: Vec<Item>,
    mut verdict: Verdict<String>,
    context: &RunContext<C>,
) -> Verdict<String> {
    if let Verdict::Replace(text) = &verdict {
        replace_newest(&mut input, text);
    }
    for guardrail in guardrails {
        match verdict_of(guardrail.name(), guardrail.check(&input, context)).await {
            Verdict::Allow => {}
            Verdict::Replace(text) => {
                replace_newest(&mut input, &text);
                verdict = Verdict::Replace(text);
            }
            stop @ Verdict::Stop { .. } => return stop,
        }
    }
    verdict
}

/// Asks output guardrails; each reads what those before it have put in place.
pub(crate) async fn check_output<C: Send + Sync>(
    guardrails: &[Arc<dyn OutputGuardrail<C>>],
    output: &str,
    context: &RunContext<C>,
) -> Verdict<String> {
    let mut replaced: Option<String> = None;
    for guardrail in guardrails {
        let text = replaced.as_deref().unwrap_or(output);
        match verdict_of(guardrail.name(), guardrail.check(text, context)).await {
            Verdict::Allow => {}
            Verdict::Replace(text) => replaced = Some(text),
            stop @ Verdict::Stop { .. } => return stop,
        }
    }
    replaced.map_or(Verdict::Allow, Verdict::Replace)
}

/// Asks tool guardrails about a call; each reads the arguments that those before it have put in place.
pub(crate) async fn check_call<C: Send + Sync>(
    guardrails: &[Arc<dyn ToolGuardrail<C>>],
    call: &ToolCall,
    arguments: &Map<String, Value>,
    context: &RunContext<C>,
) -> Verdict<InsteadOfCall> {
    let mut replaced: Option<Map<String, Value>> = None;
    for guardrail in guardrails {
        let current = replaced.as_ref().unwrap_or(arguments);
        match verdict_of(guardrail.name(), guardrail.before(call, current, context)).await {
            Verdict::Allow => {}
            Verdict::Replace(InsteadOfCall::Arguments(arguments)) => replaced = Some(arguments),
            other => return other,
        }
    }
    replaced.map_or(Verdict::Allow, |arguments| {
        Verdict::Replace(InsteadOfCall::Arguments(arguments))
    })
}

/// Asks tool guardrails about what a call gave; each reads what those before it have put in place.
pub(crate) async fn check_result<C: Send + Sync>(
    guardrails: &[Arc<dyn ToolGuardrail<C>>],
    call: &ToolCall,
    result: &str,
    context: &RunContext<C>,
) -> Verdict<String> {
    let mut replaced: Option<String> = None;
    for guardrail in guardrails {
        let text = replaced.as_deref().unwrap_or(result);
        match verdict_of(guardrail.name(), guardrail.after(call, text, context)).await {
            Verdict::Allow => {}
            Verdict::Replace(text) => replaced = Some(text),
            stop @ Verdict::Stop { .. } => return stop,
        }
    }
    replaced.map_or(Verdict::Allow, Verdict::Replace)
}

/// What a guardrail says; [`Verdict::Stop`] where it fails, panics or takes too long.
async fn verdict_of<T>(
    name: &str,
    check: impl Future<Output = Result<Verdict<T>, GuardrailError>>,
) -> Verdict<T> {
    let check = AssertUnwindSafe(check).catch_unwind();
    let detail = match tokio::time::timeout(MAX_GUARDRAIL_TIME, check).await {
        Ok(Ok(Ok(verdict))) => {
            if matches!(verdict, Verdict::Stop { .. }) {
                tracing::info!(guardrail = name, "a guardrail stops the run");
            }
            return verdict;
        }
        Ok(Ok(Err(error))) => error.detail,
        Ok(Err(_)) => "it panicked".to_owned(),
        Err(_) => format!("it took longer than {} s", MAX_GUARDRAIL_TIME.as_secs()),
    };
    tracing::error!(
        guardrail = name,
        detail,
        "a guardrail failed, so the run is stopped"
    );
    Verdict::Stop {
        message: UNCHECKED.to_owned(),
    }
}
