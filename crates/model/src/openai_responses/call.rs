//! One call over HTTP: send, read, and try again while nothing was handed on that can't be taken back.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_identity::Secret;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response, Url};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::decode::{Decoder, Progress};
use super::failure::{Again, Failure, causes};
use super::{Retry, Timeouts};
use crate::{Error, ErrorKind, Event, sse};

/// The most bytes that one event may have: a whole answer comes in the last one.
const MAX_EVENT_BYTES: usize = 32 * 1024 * 1024;
/// The most bytes that an answer may have.
const MAX_ANSWER_BYTES: usize = 256 * 1024 * 1024;
/// How much of an error's body is read.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// How long the end of the body is awaited after the last event, so that the connection can be used again.
const END_OF_BODY: Duration = Duration::from_millis(50);
/// The longest wait that a configuration can ask for.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(24);

/// Where a model answers, and how it is asked.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) http: Client,
    pub(super) url: Url,
    pub(super) bearer: Option<HeaderValue>,
    pub(super) key: Option<Secret>,
    pub(super) timeouts: Timeouts,
    pub(super) retry: Retry,
}

/// An answer that is being read.
#[derive(Debug)]
pub(super) struct Live {
    endpoint: Arc<Endpoint>,
    body: Bytes,
    retries: u32,
    reply: Option<Reply>,
    sse: sse::Decoder,
    decoder: Decoder,
    events: VecDeque<Event>,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Reply {
    response: Response,
    first_byte_by: Instant,
    bytes: usize,
}

impl Live {
    /// Sends the request and waits for the head of the answer.
    pub(super) async fn open(endpoint: Arc<Endpoint>, body: Bytes) -> Result<Self, Error> {
        let mut retries = 0;
        let reply = endpoint.send_until_taken(&body, &mut retries).await?;
        Ok(Self {
            endpoint,
            body,
            retries,
            reply: Some(reply),
            sse: sse::Decoder::new(MAX_EVENT_BYTES),
            decoder: Decoder::default(),
            events: VecDeque::new(),
            failure: None,
        })
    }

    /// The next event; `None` after the last one and after an error.
    pub(super) async fn next(&mut self) -> Option<Result<Event, Error>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(Ok(event));
            }
            if let Some(failure) = self.failure.take() {
                self.reply = None;
                if let Err(error) = self.start_again(failure).await {
                    return Some(Err(error));
                }
            }
            let reply = self.reply.as_mut()?;
            if self.decoder.progress() == Progress::Ended {
                reply.finish().await;
                self.reply = None;
                return None;
            }
            match reply.read(&self.endpoint.timeouts).await {
                Ok(Some(bytes)) => self.take(&bytes),
                Ok(None) => self.take_end(),
                Err(failure) => self.failure = Some(failure),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let Self {
            sse,
            decoder,
            events,
            failure,
            ..
        } = self;
        let taken = sse.decode(bytes, |frame| {
            if failure.is_none() && decoder.progress() != Progress::Ended {
                *failure = decoder.read(&frame, events).err();
            }
        });
        if let (Err(error), None) = (taken, &self.failure) {
            self.failure = Some(Failure::malformed(error.to_string()));
        }
    }

    fn take_end(&mut self) {
        if let Some(frame) = self.sse.finish() {
            // A frame that the end cut in two isn't JSON; that the answer was cut is what there is to say.
            let _ = self.decoder.read(&frame.as_ref(), &mut self.events);
        }
        if self.decoder.progress() != Progress::Ended {
            self.failure = Some(Failure::cut(self.describe_cut()));
        }
    }

    fn describe_cut(&self) -> String {
        let kind = self.reply.as_ref().and_then(|reply| {
            let kind = reply.response.headers().get(CONTENT_TYPE)?;
            Some(kind.to_str().unwrap_or("unreadable").to_owned())
        });
        let kind = kind.as_deref().unwrap_or("none");
        format!("the answer ended without a last event, content type: {kind}")
    }

    async fn start_again(&mut self, failure: Failure) -> Result<(), Error> {
        let failure = match self.decoder.progress() {
            Progress::Silent | Progress::Started => failure,
            Progress::Content | Progress::Ended => Failure {
                again: Again::Pointless,
                ..failure
            },
        };
        self.endpoint.wait(failure, &mut self.retries).await?;
        self.reply = Some(
            self.endpoint
                .send_until_taken(&self.body, &mut self.retries)
                .await?,
        );
        self.sse = sse::Decoder::new(MAX_EVENT_BYTES);
        self.decoder = self.decoder.again();
        Ok(())
    }
}

impl Endpoint {
    async fn send_until_taken(&self, body: &Bytes, retries: &mut u32) -> Result<Reply, Error> {
        loop {
            match self.send(body.clone()).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => self.wait(failure, retries).await?,
            }
        }
    }

    async fn send(&self, body: Bytes) -> Result<Reply, Failure> {
        let first_byte_by = Instant::now() + self.timeouts.first_byte.min(LONGEST_TIMEOUT);
        let mut request = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .body(body);
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        let response = timeout_at(first_byte_by, request.send())
            .await
            .map_err(|_| late("no answer"))?
            .map_err(Failure::of_transport)?;
        let status = response.status();
        let mut reply = Reply {
            response,
            first_byte_by,
            bytes: 0,
        };
        if status.is_success() {
            return Ok(reply);
        }
        let body = reply.read_error(&self.timeouts).await;
        Err(Failure::of_status(status, reply.response.headers(), &body))
    }

    /// Waits before the next try; an error where there is none.
    async fn wait(&self, failure: Failure, retries: &mut u32) -> Result<(), Error> {
        if failure.again == Again::Pointless || *retries >= self.retry.times {
            return Err(failure.into_error(self.key.as_ref()));
        }
        let wait = self.retry.wait(*retries, failure.error.retry_after);
        let error = failure.into_error(self.key.as_ref());
        tracing::warn!(kind = ?error.kind, detail = error.detail, ?wait, "model call failed, trying again");
        *retries += 1;
        sleep(wait).await;
        Ok(())
    }
}

impl Retry {
    fn wait(&self, retries: u32, asked: Option<Duration>) -> Duration {
        if let Some(asked) = asked {
            return asked.min(self.longest_asked_wait);
        }
        let wait = self
            .first_wait
            .saturating_mul(2_u32.saturating_pow(retries))
            .min(self.longest_wait);
        // Between three quarters and the whole, so that calls that failed together don't come back together.
        let eighths = u32::try_from(RandomState::new().hash_one(retries) % 3).unwrap_or_default();
        wait.saturating_mul(6 + eighths) / 8
    }
}

impl Reply {
    /// The next bytes of the body; `None` at its end.
    async fn read(&mut self, timeouts: &Timeouts) -> Result<Option<Bytes>, Failure> {
        let chunk = if self.bytes == 0 {
            timeout_at(self.first_byte_by, self.response.chunk()).await
        } else {
            timeout(timeouts.idle, self.response.chunk()).await
        };
        let chunk = chunk
            .map_err(|_| late("no further bytes"))?
            .map_err(|error| Failure::cut(causes(&error.without_url())))?;
        self.bytes += chunk.as_ref().map_or(0, Bytes::len);
        if self.bytes > MAX_ANSWER_BYTES {
            return Err(Failure::malformed(format!(
                "the answer has more bytes than allowed: {MAX_ANSWER_BYTES}"
            )));
        }
        Ok(chunk)
    }

    /// The body of an error, as much of it as there is and is allowed.
    async fn read_error(&mut self, timeouts: &Timeouts) -> String {
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = self.read(timeouts).await {
            let room = MAX_ERROR_BYTES - body.len();
            body.extend(chunk.iter().take(room));
            if chunk.len() >= room {
                break;
            }
        }
        String::from_utf8_lossy(&body).into_owned()
    }

    /// Reads to the end of the body, where it comes soon.
    async fn finish(&mut self) {
        // Whatever comes here changes nothing about an answer that is complete.
        let _ = timeout(END_OF_BODY, async {
            while let Ok(Some(_)) = self.response.chunk().await {}
        })
        .await;
    }
}

fn late(what: &str) -> Failure {
    Failure::new(
        ErrorKind::Timeout,
        Again::Pointless,
        format!("{what} in time"),
    )
}
