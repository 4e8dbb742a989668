//! What a run and its tools know of the caller: given at call time, never kept in an agent or a toolset.

use std::fmt;
use std::sync::Arc;

use frontdesk_identity::{Credentials, Principal, SignedIn};
use tokio_util::sync::CancellationToken;

use crate::names::cut;
use crate::usage::UsageSink;

/// The longest progress message that is passed on, in bytes.
pub const MAX_PROGRESS_BYTES: usize = 512;

/// For whom a run happens, and how it is stopped.
pub struct RunContext<C> {
    /// The verified caller.
    pub principal: Arc<Principal>,
    /// What the caller signed in with, for tools that take the caller's own token.
    pub credentials: Credentials,
    /// The application's own context of the request.
    pub context: Arc<C>,
    /// Stops the run when cancelled.
    pub cancel: CancellationToken,
    /// Takes what models used that the application's own checks ask. Each run has one of its own.
    pub usage: UsageSink,
}

impl<C> Clone for RunContext<C> {
    fn clone(&self) -> Self {
        Self {
            principal: Arc::clone(&self.principal),
            credentials: self.credentials.clone(),
            context: Arc::clone(&self.context),
            cancel: self.cancel.clone(),
            usage: self.usage.clone(),
        }
    }
}

impl<C> RunContext<C> {
    /// A run for this caller, which [`RunContext::cancel`] stops.
    pub fn new(caller: SignedIn, context: C) -> Self {
        Self {
            principal: caller.principal,
            credentials: caller.credentials,
            context: Arc::new(context),
            cancel: CancellationToken::new(),
            usage: UsageSink::default(),
        }
    }

    /// The caller, for whoever attaches an identity to a call.
    pub fn signed_in(&self) -> SignedIn {
        SignedIn {
            principal: Arc::clone(&self.principal),
            credentials: self.credentials.clone(),
        }
    }
}

impl<C> fmt::Debug for RunContext<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunContext")
            .field("user", &self.principal.user)
            .finish_non_exhaustive()
    }
}

/// What one tool call knows: the caller, the application's context, and ways to stop and to report.
pub struct ToolContext<C> {
    /// The verified caller, at the time of the call.
    pub principal: Arc<Principal>,
    /// What the caller signed in with, for servers that take the caller's own token.
    pub credentials: Credentials,
    /// The application's own context of the request.
    pub context: Arc<C>,
    /// Cancelled when the call has lost its reader: the run was stopped or the call's time is over.
    pub cancel: CancellationToken,
    /// Where the tool says how far it is; each report gives the call its full time again.
    pub progress: ProgressSink,
    /// Where the tool says what models used that it asked by itself.
    pub usage: UsageSink,
    /// The call, unique within a run.
    pub call_id: String,
}

impl<C> Clone for ToolContext<C> {
    fn clone(&self) -> Self {
        Self {
            principal: Arc::clone(&self.principal),
            credentials: self.credentials.clone(),
            context: Arc::clone(&self.context),
            cancel: self.cancel.clone(),
            progress: self.progress.clone(),
            usage: self.usage.clone(),
            call_id: self.call_id.clone(),
        }
    }
}

impl<C> ToolContext<C> {
    /// The caller, for whoever attaches an identity to the call.
    pub fn signed_in(&self) -> SignedIn {
        SignedIn {
            principal: Arc::clone(&self.principal),
            credentials: self.credentials.clone(),
        }
    }
}

impl<C> ToolContext<C> {
    /// What a run within the call, or a check of it, knows.
    pub(crate) fn of_run(&self) -> RunContext<C> {
        RunContext {
            principal: Arc::clone(&self.principal),
            credentials: self.credentials.clone(),
            context: Arc::clone(&self.context),
            cancel: self.cancel.clone(),
            usage: self.usage.clone(),
        }
    }
}

impl<C> fmt::Debug for ToolContext<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolContext")
            .field("user", &self.principal.user)
            .field("call_id", &self.call_id)
            .finish_non_exhaustive()
    }
}

/// How far a tool is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// What it is doing, for people.
    pub message: Option<String>,
    /// The done part of the work, from 0 to 1.
    pub fraction: Option<f64>,
}

/// Takes a tool's progress reports: bounded, never blocks, drops reports that nobody keeps up with.
#[derive(Clone)]
pub struct ProgressSink(Arc<dyn Fn(Progress) + Send + Sync>);

impl ProgressSink {
    /// A sink that gives each report to `take`, which must neither block nor keep without bound.
    pub fn new(take: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    /// A sink that drops every report.
    pub fn silent() -> Self {
        Self::new(|_| {})
    }

    /// Reports progress. A message is cut to [`MAX_PROGRESS_BYTES`], a fraction is brought into 0 to 1.
    pub fn report(&self, progress: Progress) {
        let message = progress
            .message
            .map(|message| cut(&message, MAX_PROGRESS_BYTES).to_owned());
        let fraction = progress
            .fraction
            .filter(|fraction| !fraction.is_nan())
            .map(|fraction| fraction.clamp(0.0, 1.0));
        (self.0)(Progress { message, fraction });
    }
}

impl fmt::Debug for ProgressSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProgressSink")
    }
}
