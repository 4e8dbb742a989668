//! Runs an agent: performs the effects that [`step`](crate::step) asks for, and brings it what comes of them.

mod call_check;
mod calls;
mod driver;
mod going_on;
mod held;
mod hooks;
mod input_check;
mod marks;
mod model_call;
mod on_duty;
mod request;
mod told;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_model::{Error, ErrorKind, Item, Model, ToolChoice, Usage};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::agents::Agents;
use crate::approval::{ApprovedTool, AskedCall, Decision};
use crate::context::RunContext;
use crate::event::AgentEvent;
use crate::state::{Ended, Recorded};
use driver::Begin;

/// What a run begins with.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The conversation up to now, the current message last.
    pub input: Vec<Item>,
    /// The agent that goes on; the entry where none is named, or one that isn't there any more.
    pub agent: Option<String>,
    /// What the user chose for this run.
    pub options: RunOptions,
}

/// What was chosen for one run, within what its application allows.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Asked in place of the models of the agents.
    pub model: Option<Arc<dyn Model>>,
    /// In place of the choice of the agent that begins.
    pub tool_choice: Option<ToolChoice>,
    /// Whether there is somebody to ask.
    pub attended: Attended,
    /// Tools that don't ask any more, unless an agent's policy says that they always do.
    pub approved: BTreeSet<ApprovedTool>,
}

/// Whether a user is there to be asked, and their page to make calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Attended {
    /// They are.
    #[default]
    ByUser,
    /// Nobody is: calls that would ask, or that the user's page would make, aren't made, and the model is told so.
    ByNobody,
}

impl From<Vec<Item>> for Start {
    fn from(input: Vec<Item>) -> Self {
        Self {
            input,
            ..Self::default()
        }
    }
}

/// What is left of a run whose process died.
#[derive(Debug, Clone, Default)]
pub struct LeftOff {
    /// What it recorded, in order.
    pub record: Vec<Recorded>,
    /// The calls that it began with, where it had begun with [`resume`], and what the user had decided about them.
    pub decided: Vec<(AskedCall, Decision)>,
}

/// Hears what happens in a run. Each event is awaited, so what is to be stored is stored before the run goes on.
///
/// Cancelling a run doesn't drop the future of an event that is being observed; only dropping the run does.
#[async_trait]
pub trait Observer: Send {
    /// Takes an event. [`Stopped`] ends the run at once.
    async fn observe(&mut self, event: AgentEvent) -> Result<(), Stopped>;
}

/// An observer wants no more: the run is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the run was stopped")]
pub struct Stopped;

/// How a run ended, and what it added.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOutcome {
    /// How it ended.
    pub ended: Ended,
    /// The agent that ended it.
    pub agent: String,
    /// The final answer, where its form isn't words.
    pub output: Option<Value>,
    /// What its calls cost in US dollars, where all its models have prices.
    pub cost: Option<f64>,
    /// What all its model calls used.
    pub usage: Usage,
    /// The model's items, and the results of its calls in call order.
    pub new_items: Vec<Item>,
}

/// An answer that can't be had as a value of a type.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The run didn't end with an answer, or its agent has no form of answers.
    #[error("the run has no answer that has a form")]
    Missing,
    /// The form of the agent's answers isn't that of the type.
    #[error("the answer doesn't fit the type: {0}")]
    Unfit(serde_json::Error),
}

impl RunOutcome {
    /// The final answer as a value, where its form isn't words.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, OutputError> {
        let output = self.output.as_ref().ok_or(OutputError::Missing)?;
        T::deserialize(output).map_err(OutputError::Unfit)
    }
}

/// A run that ended before its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The model failed. What it had begun to write stays open.
    #[error(transparent)]
    Model(Error),
    /// The run was cancelled, or its observer wanted no more.
    #[error("the run was stopped")]
    Stopped,
    /// The run can't go on, through a fault of ours.
    #[error("the run can't go on")]
    Internal {
        /// What the operator needs.
        detail: String,
    },
}

impl RunError {
    /// What the operator needs; for the log alone.
    pub fn detail(&self) -> &str {
        match self {
            Self::Model(error) => &error.detail,
            Self::Stopped => "the run was stopped",
            Self::Internal { detail } => detail,
        }
    }

    /// What the user may read.
    pub fn user_message(&self) -> &'static str {
        match self {
            Self::Stopped => "The answer was stopped.",
            Self::Internal { .. } => "Something went wrong while answering. Please try again.",
            Self::Model(error) => match error.kind {
                ErrorKind::RateLimited | ErrorKind::Overloaded => {
                    "The assistant is very busy at the moment. Please try again in a little while."
                }
                ErrorKind::Connect | ErrorKind::Timeout => {
                    "The assistant can't be reached at the moment. Please try again."
                }
                ErrorKind::Unauthorized | ErrorKind::InvalidRequest => {
                    "The assistant can't answer at the moment. Please tell whoever runs this service."
                }
                ErrorKind::Protocol | ErrorKind::Failed => {
                    "The assistant's answer broke off. Please try again."
                }
            },
        }
    }
}

impl From<Error> for RunError {
    fn from(error: Error) -> Self {
        Self::Model(error)
    }
}

impl From<Stopped> for RunError {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

/// Runs an agent on a conversation, until the model has answered or a bound is reached.
///
/// Calls and results of the input are brought into pairs.
/// When the context's token is cancelled, or the returned future is dropped, the model call and all tools are dropped.
pub async fn run<C: Send + Sync + 'static>(
    agents: &Agents<C>,
    start: impl Into<Start>,
    context: RunContext<C>,
    observer: &mut dyn Observer,
) -> Result<RunOutcome, RunError> {
    driver::drive(agents, start.into(), Begin::Anew, context, observer).await
}

/// Goes on after [`Ended::WaitingForApproval`]: begins with the calls that the user decided about.
///
/// The input is the conversation up to and with these calls. A call that has its result there already isn't made again,
/// nor is one whose name stands for another tool by now: the model is told so. The caller sees to it that each
/// decision is taken once, and stored before this is called.
pub async fn resume<C: Send + Sync + 'static>(
    agents: &Agents<C>,
    start: impl Into<Start>,
    decided: Vec<(AskedCall, Decision)>,
    context: RunContext<C>,
    observer: &mut dyn Observer,
) -> Result<RunOutcome, RunError> {
    let begin = Begin::Decided(decided);
    driver::drive(agents, start.into(), begin, context, observer).await
}

/// Goes on with a run whose process died: what it recorded isn't done again.
///
/// The start is the one that the run had. Calls that have no result are made again where their tools say that this
/// changes nothing ([`Annotations::is_repeatable`](crate::Annotations)). Of any other it isn't known whether it was made;
/// it asks the user, [because](crate::Because::Interrupted) of that. A run that had come to its end only ends.
pub async fn go_on<C: Send + Sync + 'static>(
    agents: &Agents<C>,
    start: impl Into<Start>,
    left: LeftOff,
    context: RunContext<C>,
    observer: &mut dyn Observer,
) -> Result<RunOutcome, RunError> {
    let begin = Begin::LeftOff(left);
    driver::drive(agents, start.into(), begin, context, observer).await
}

async fn until_cancelled<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = T>,
) -> Result<T, RunError> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(RunError::Stopped),
        done = work => Ok(done),
    }
}

async fn in_time<T>(
    cancel: &CancellationToken,
    patience: Duration,
    work: impl Future<Output = T>,
) -> Result<T, RunError> {
    let waiting = until_cancelled(cancel, tokio::time::timeout(patience, work)).await?;
    waiting.map_err(|_| {
        Error::new(
            ErrorKind::Timeout,
            format!("no event from the model for {} s", patience.as_secs_f64()),
        )
        .into()
    })
}
