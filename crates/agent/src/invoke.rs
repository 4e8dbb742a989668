//! Makes one call: finds the tool, reads the arguments, waits within bounds. Whatever fails becomes a result.

mod guarded;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

pub(crate) use self::guarded::{CallGuards, Consent, ResultIs};
use crate::agent::Limits;
use crate::catalog::Entry;
use crate::context::ToolContext;
use crate::names::cut;
use crate::state::{CallResult, ToolCall};
use crate::tool::{Outcome, ToolError, ToolOutput};

/// The longest message for the user alone, in bytes. A longer one is left out: half a link helps nobody.
pub const MAX_USER_MESSAGE_BYTES: usize = 16 * 1024;

/// A call that was made.
pub(crate) struct Made {
    pub(crate) result: CallResult,
    /// What the user alone is to read.
    pub(crate) user_message: Option<String>,
    /// What the user reads when a guardrail stops the run here.
    pub(crate) blocked: Option<String>,
}

impl Made {
    /// A call that a guardrail stops the run at.
    fn blocked(message: String) -> Self {
        Self {
            blocked: Some(message),
            ..failed(String::new()).into()
        }
    }
}

impl From<CallResult> for Made {
    fn from(result: CallResult) -> Self {
        Self {
            result,
            user_message: None,
            blocked: None,
        }
    }
}

/// The bounds of one call.
pub(crate) struct CallLimits {
    pub(crate) max_arguments_bytes: usize,
    pub(crate) max_output_bytes: usize,
    /// How long it may go without progress.
    pub(crate) timeout: Duration,
    /// How long it may take in all.
    pub(crate) timeout_total: Duration,
}

impl CallLimits {
    /// The limits of an agent, with the toolset's own time where it has one.
    pub(crate) fn of(limits: &Limits, timeout: Option<Duration>) -> Self {
        let timeout = timeout.unwrap_or(limits.tool_timeout);
        Self {
            max_arguments_bytes: limits.max_arguments_bytes,
            max_output_bytes: limits.max_tool_output_bytes,
            timeout,
            timeout_total: limits.tool_timeout_total.max(timeout),
        }
    }
}

/// Makes a call. Each notification of `progress` gives it its full time again, up to the total.
pub(crate) async fn invoke<C: Send + Sync + 'static>(
    entry: Entry<C>,
    call: ToolCall,
    context: ToolContext<C>,
    limits: CallLimits,
    guards: CallGuards<C>,
    progress: Arc<Notify>,
) -> Made {
    let schema = Arc::clone(&entry.arguments);
    let arguments = match schema.read(&call.arguments, limits.max_arguments_bytes) {
        Ok(arguments) => arguments,
        Err(complaint) => return failed(complaint).into(),
    };
    let arguments = match guards.before(&schema, &call, arguments).await {
        Ok(arguments) => arguments,
        Err(made) => return made,
    };
    let made = make(&entry, &call, arguments, context, &limits, &progress).await;
    guards.after(&call, made, limits.max_output_bytes).await
}

async fn make<C: Send + Sync + 'static>(
    entry: &Entry<C>,
    call: &ToolCall,
    arguments: Map<String, Value>,
    context: ToolContext<C>,
    limits: &CallLimits,
    progress: &Notify,
) -> Made {
    // Whatever the tool has started elsewhere learns that nobody waits for it any more.
    let _over = context.cancel.clone().drop_guard();
    let work = entry.toolset.call(&entry.own_name, arguments, context);
    match within(work, limits, progress).await {
        Ok(Ok(output)) => bounded(output, limits.max_output_bytes).into(),
        Ok(Err(ToolError {
            model_message,
            detail,
            user_message,
        })) => {
            tracing::warn!(
                tool = call.name,
                call = call.call_id,
                detail,
                "a tool failed"
            );
            Made {
                result: bounded(ToolOutput::error(model_message), limits.max_output_bytes),
                user_message: user_message.filter(|text| text.len() <= MAX_USER_MESSAGE_BYTES),
                blocked: None,
            }
        }
        Err(TimedOut(time)) => {
            let seconds = time.as_secs_f64();
            tracing::warn!(
                tool = call.name,
                call = call.call_id,
                seconds,
                "a tool timed out"
            );
            failed(format!("tool timed out after {seconds} s")).into()
        }
    }
}

/// A failed call's result.
pub(crate) fn failed(text: impl Into<String>) -> CallResult {
    CallResult {
        text: text.into(),
        outcome: Outcome::Error,
    }
}

struct TimedOut(Duration);

async fn within<T>(
    work: impl Future<Output = T>,
    limits: &CallLimits,
    progress: &Notify,
) -> Result<T, TimedOut> {
    let start = Instant::now();
    let last = start + limits.timeout_total;
    let mut deadline = start + limits.timeout;
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            () = progress.notified() => deadline = (Instant::now() + limits.timeout).min(last),
            () = sleep_until(deadline) => {
                return Err(TimedOut(if deadline == last { limits.timeout_total } else { limits.timeout }));
            }
        }
    }
}

fn bounded(output: ToolOutput, max_bytes: usize) -> CallResult {
    let ToolOutput { text, outcome } = output;
    let shown = cut(&text, max_bytes);
    let text = if shown.len() == text.len() {
        text
    } else {
        format!(
            "{shown}\n[output cut off: these are the first {} of {} bytes]",
            shown.len(),
            text.len()
        )
    };
    CallResult { text, outcome }
}
