//! Runs one function to its end: its result, its failure, its questions, its deadline, or its caller's going away.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::ToolFailure;
use crate::asking::{Asking, Need, Stall, Way};

/// How a function's run ended.
#[derive(Debug)]
pub(crate) enum Ended<T> {
    Done(T),
    Failed(ToolFailure),
    Questions(BTreeMap<String, Value>),
    Lacks(Need),
}

/// Runs it; whatever happens, the future is gone afterwards.
pub(crate) async fn run<T>(
    running: impl Future<Output = Result<T, ToolFailure>>,
    asking: &Asking,
    cancel: &CancellationToken,
    timeout: Option<Duration>,
) -> Ended<T> {
    let running = AssertUnwindSafe(running).catch_unwind();
    let stalled = async {
        match &asking.way {
            Way::Rounds(rounds) => rounds.stalled().await,
            Way::Session(_) | Way::None => std::future::pending().await,
        }
    };
    let late = async {
        match timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    // In this order: a function that is done needs no answer any more.
    tokio::select! {
        biased;
        () = cancel.cancelled() => Ended::Failed(ToolFailure::new("the call was cancelled")),
        outcome = running => match outcome {
            Ok(Ok(done)) => Ended::Done(done),
            Ok(Err(failure)) => Ended::Failed(failure),
            Err(_) => Ended::Failed(ToolFailure::internal("the function panicked")),
        },
        stall = stalled => match stall {
            Stall::Questions(questions) => Ended::Questions(questions),
            Stall::Lacks(need) => Ended::Lacks(need),
        },
        () = late => Ended::Failed(ToolFailure::new(match timeout {
            Some(timeout) => format!("the tool did not finish within {timeout:?}"),
            None => "the tool did not finish in time".to_owned(),
        })),
    }
}
