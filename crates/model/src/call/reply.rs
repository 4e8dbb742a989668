//! An answer's body while it is read: every wait has a deadline, and there is a most of everything.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use tokio::time::{Instant, timeout, timeout_at};

use super::{LONGEST_TIMEOUT, Timeouts};
use crate::ErrorKind;
use crate::decode::Progress;
use crate::failure::{Again, Failure, causes};
use crate::recorded::Playback;

/// The most bytes that an answer may have.
const MAX_ANSWER_BYTES: usize = 256 * 1024 * 1024;
/// How much of an error's body is read.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// How long the end of the body is awaited after the last event, so that the connection can be used again.
const END_OF_BODY: Duration = Duration::from_millis(50);
/// How long an answer that is whole is awaited to say so.
const LAST_WORD: Duration = Duration::from_secs(2);

/// An answer whose head came.
#[derive(Debug)]
pub(crate) struct Reply {
    source: Source,
    first_byte_by: Instant,
    bytes: usize,
}

/// Where the bytes come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A connection.
    Live(Response),
    /// A recording.
    Played(Playback),
}

impl Reply {
    pub(crate) fn new(source: Source, first_byte_by: Instant) -> Self {
        Self {
            source,
            first_byte_by,
            bytes: 0,
        }
    }

    /// The next bytes of the body; `None` at its end.
    pub(crate) async fn read(
        &mut self,
        timeouts: &Timeouts,
        progress: Progress,
    ) -> Result<Option<Bytes>, Failure> {
        let chunk = if self.bytes == 0 {
            timeout_at(self.first_byte_by, self.source.chunk()).await
        } else {
            let idle = match progress {
                Progress::Whole => timeouts.idle.min(LAST_WORD),
                Progress::Silent | Progress::Started | Progress::Content | Progress::Ended => {
                    timeouts.idle
                }
            };
            timeout(idle, self.source.chunk()).await
        };
        let chunk = chunk.map_err(|_| late("no further bytes"))??;
        self.bytes += chunk.as_ref().map_or(0, Bytes::len);
        if self.bytes > MAX_ANSWER_BYTES {
            return Err(Failure::malformed(format!(
                "the answer has more bytes than allowed: {MAX_ANSWER_BYTES}"
            )));
        }
        Ok(chunk)
    }

    /// The whole body. Between its first byte and its last there is the time that a stream may be silent, once.
    pub(crate) async fn read_whole(
        &mut self,
        timeouts: &Timeouts,
        limit: usize,
    ) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        let whole_by = self.first_byte_by + timeouts.idle.min(LONGEST_TIMEOUT);
        while let Some(chunk) = timeout_at(whole_by, self.read(timeouts, Progress::Silent))
            .await
            .map_err(|_| late("no whole answer"))??
        {
            if body.len() + chunk.len() > limit {
                return Err(Failure::malformed(format!(
                    "the answer has more bytes than allowed: {limit}"
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The body of an error, as much of it as there is and is allowed.
    pub(crate) async fn read_error(&mut self, timeouts: &Timeouts) -> String {
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = self.read(timeouts, Progress::Silent).await {
            let room = MAX_ERROR_BYTES - body.len();
            body.extend(chunk.iter().take(room));
            if chunk.len() >= room {
                break;
            }
        }
        String::from_utf8_lossy(&body).into_owned()
    }

    /// Reads to the end of the body, where it comes soon.
    pub(crate) async fn finish(&mut self) {
        // Whatever comes here changes nothing about an answer that is complete.
        let _ = timeout(END_OF_BODY, async {
            while let Ok(Some(_)) = self.source.chunk().await {}
        })
        .await;
    }
}

impl Source {
    /// The next bytes; `None` at the end.
    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::Live(response) => response
                .chunk()
                .await
                .map_err(|error| Failure::cut(causes(&error.without_url()))),
            Self::Played(playback) => playback.next().await,
        }
    }
}

/// What there is to say about an answer that ended too early.
pub(crate) fn describe_cut(reply: Option<&Reply>) -> String {
    let kind = reply.and_then(|reply| match &reply.source {
        Source::Live(response) => {
            let kind = response.headers().get(CONTENT_TYPE)?;
            Some(kind.to_str().unwrap_or("unreadable").to_owned())
        }
        Source::Played(_) => Some("recorded".to_owned()),
    });
    let kind = kind.as_deref().unwrap_or("none");
    format!("the answer ended without a last event, content type: {kind}")
}

/// Something that didn't come in time.
pub(crate) fn late(what: &str) -> Failure {
    Failure::new(
        ErrorKind::Timeout,
        Again::Pointless,
        format!("{what} in time"),
    )
}
