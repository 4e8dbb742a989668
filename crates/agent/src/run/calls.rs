//! The calls that run at the moment, each in a task of its own that ends with the run.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::{Id, JoinSet};
use tracing::{Instrument, Span};

use crate::catalog::Entry;
use crate::context::{Progress, ProgressSink, ToolContext};
use crate::invoke::{CallGuards, CallLimits, Made, failed, invoke};
use crate::state::ToolCall;
use crate::usage::{Spent, UsageSink};

/// How many progress reports wait for the observer; further ones are dropped.
const PROGRESS_CAPACITY: usize = 64;

/// How long a stopped run waits for its tools to be gone.
const STOP_GRACE: Duration = Duration::from_millis(250);

/// A report, and the call that it comes from.
pub(super) type Report = (String, Progress);

/// The running calls of a run.
pub(super) struct Calls {
    tasks: JoinSet<Made>,
    running: HashMap<Id, (String, UsageSink)>,
    reports: mpsc::Receiver<Report>,
    reporting: mpsc::Sender<Report>,
}

/// What a running call did.
pub(super) enum CallNews {
    /// It reports.
    Reported(Report),
    /// It is finished; these are its last reports.
    Finished {
        call_id: String,
        made: Made,
        spent: Spent,
        reports: Vec<Report>,
    },
}

impl Calls {
    pub(super) fn new() -> Self {
        let (reporting, reports) = mpsc::channel(PROGRESS_CAPACITY);
        Self {
            tasks: JoinSet::new(),
            running: HashMap::new(),
            reports,
            reporting,
        }
    }

    /// Starts a call. An unknown tool fails without being started, but in its turn like the others.
    pub(super) fn start<C: Send + Sync + 'static>(
        &mut self,
        entry: Result<Entry<C>, String>,
        call: ToolCall,
        guards: CallGuards<C>,
    ) {
        let call_id = call.call_id.clone();
        let (progress, beats) = self.progress_of(&call_id);
        let usage = UsageSink::default();
        let task = match entry {
            Err(not_found) => self
                .tasks
                .spawn(std::future::ready(failed(not_found).into())),
            Ok(entry) => {
                let context = &guards.context;
                let context = ToolContext {
                    principal: Arc::clone(&context.principal),
                    credentials: context.credentials.clone(),
                    context: Arc::clone(&context.context),
                    cancel: context.cancel.child_token(),
                    progress,
                    usage: usage.clone(),
                    call_id: call_id.clone(),
                };
                let limits = CallLimits::of(&guards.agent.limits, entry.toolset.call_timeout());
                let made = invoke(entry, call, context, limits, guards, beats);
                self.tasks.spawn(made.instrument(Span::current()))
            }
        };
        self.running.insert(task.id(), (call_id, usage));
    }

    /// Waits for what happens next; `None` when nothing runs.
    pub(super) async fn next(&mut self) -> Option<CallNews> {
        loop {
            tokio::select! {
                biased;
                joined = self.tasks.join_next_with_id() => {
                    let (id, made) = match joined? {
                        Ok((id, made)) => (id, made),
                        Err(error) => {
                            tracing::error!(detail = %error, "a tool panicked");
                            (error.id(), failed("the tool failed unexpectedly").into())
                        }
                    };
                    let reports = self.waiting_reports();
                    let Some((call_id, usage)) = self.running.remove(&id) else { continue };
                    let spent = usage.spent();
                    return Some(CallNews::Finished { call_id, made, spent, reports });
                }
                Some(report) = self.reports.recv() => {
                    if self.is_running(&report.0) {
                        return Some(CallNews::Reported(report));
                    }
                }
            }
        }
    }

    /// What the running calls have used so far.
    pub(super) fn spent(&self) -> Spent {
        let sinks = self.running.values().map(|(_, sink)| sink.spent());
        sinks.fold(Spent::default(), Spent::and)
    }

    /// Drops all calls, and waits a moment for them to be gone.
    pub(super) async fn stop(&mut self) {
        self.tasks.abort_all();
        let gone = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_GRACE, gone).await.is_err() {
            tracing::warn!("a stopped run's tools don't end: they block their thread");
        }
    }

    fn progress_of(&self, call_id: &str) -> (ProgressSink, Arc<Notify>) {
        let beats = Arc::new(Notify::new());
        let (beat, reporting, call_id) = (
            Arc::clone(&beats),
            self.reporting.clone(),
            call_id.to_owned(),
        );
        let sink = ProgressSink::new(move |progress| {
            beat.notify_one();
            // A full channel means that the observer is slower than the tool; the next report says more anyway.
            let _ = reporting.try_send((call_id.clone(), progress));
        });
        (sink, beats)
    }

    fn waiting_reports(&mut self) -> Vec<Report> {
        let mut waiting = Vec::new();
        while waiting.len() < PROGRESS_CAPACITY
            && let Ok(report) = self.reports.try_recv()
        {
            if self.is_running(&report.0) {
                waiting.push(report);
            }
        }
        waiting
    }

    fn is_running(&self, call_id: &str) -> bool {
        self.running.values().any(|(running, _)| running == call_id)
    }
}
