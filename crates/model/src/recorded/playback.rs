//! One answer being played, in place of a connection.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk_identity::Secret;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use tokio::time::{Instant, sleep};

use crate::ErrorKind;
use crate::call::{Ask, LONGEST_TIMEOUT, Reply, Retry, Source, Timeouts};
use crate::failure::{Again, Failure};

/// An answer, with the tries that it takes.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) tries: Arc<[Try]>,
    pub(super) timeouts: Timeouts,
    pub(super) retry: Retry,
}

/// What a try comes to.
#[derive(Clone, Debug)]
pub(super) enum Try {
    /// Nobody is there.
    Unreachable,
    /// An error's status.
    Refused {
        status: StatusCode,
        headers: HeaderMap,
        body: String,
    },
    /// An answer, as far as it comes.
    Streamed(Arc<[Act]>),
}

/// What happens next in an answer.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Send(Bytes),
    Pause(Duration),
    /// The connection is closed.
    Cut,
    /// Nothing more happens.
    Stall,
}

/// An answer being played.
#[derive(Debug)]
pub(crate) struct Playback {
    acts: Arc<[Act]>,
    next: usize,
}

#[async_trait]
impl Ask for Answer {
    async fn send(&self, tries: u32) -> Result<Reply, Failure> {
        let made = usize::try_from(tries).unwrap_or(usize::MAX);
        match self.tries.get(made) {
            Some(Try::Streamed(acts)) => {
                let playback = Playback {
                    acts: Arc::clone(acts),
                    next: 0,
                };
                let first_byte_by = Instant::now() + self.timeouts.first_byte.min(LONGEST_TIMEOUT);
                Ok(Reply::new(Source::Played(playback), first_byte_by))
            }
            Some(Try::Refused {
                status,
                headers,
                body,
            }) => Err(Failure::of_status(*status, headers, body)),
            Some(Try::Unreachable) | None => Err(Failure::new(
                ErrorKind::Connect,
                Again::MayHelp,
                "nobody is there, as recorded",
            )),
        }
    }

    fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    fn retry(&self) -> &Retry {
        &self.retry
    }

    fn key(&self) -> Option<&Secret> {
        None
    }
}

impl Try {
    /// An error's status; the wait that it asks for is in seconds.
    pub(super) fn refused(status: StatusCode, retry_after: Option<u32>) -> Self {
        let wait = retry_after.map(|seconds| (RETRY_AFTER, seconds.into()));
        Self::Refused {
            status,
            headers: wait.into_iter().collect(),
            body: String::new(),
        }
    }
}

impl Playback {
    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        while let Some(act) = self.acts.get(self.next) {
            self.next += 1;
            match act {
                Act::Send(bytes) => return Ok(Some(bytes.clone())),
                Act::Pause(pause) => sleep(*pause).await,
                Act::Cut => return Err(Failure::cut("the connection was closed, as recorded")),
                Act::Stall => std::future::pending().await,
            }
        }
        Ok(None)
    }
}
