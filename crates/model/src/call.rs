//! One call over HTTP: send, read, and try again while nothing was handed on that can't be taken back.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_identity::Secret;
use futures_util::stream;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, Url};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::decode::{Decode, Progress, Reader};
use crate::failure::{Again, Failure, causes};
use crate::{Error, ErrorKind, Event, EventStream};

/// The most bytes that an answer may have.
const MAX_ANSWER_BYTES: usize = 256 * 1024 * 1024;
/// How much of an error's body is read.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// How long the end of the body is awaited after the last event, so that the connection can be used again.
const END_OF_BODY: Duration = Duration::from_millis(50);
/// How long an answer that is whole is awaited to say so.
const LAST_WORD: Duration = Duration::from_secs(2);
/// The longest wait that a configuration can ask for.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(24);

/// How long a call may stay silent. The connection's own deadline is [`crate::http::CONNECT_TIMEOUT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From sending to the first byte of the answer's body.
    pub first_byte: Duration,
    /// Between two bytes of it.
    pub idle: Duration,
}

/// How a call is tried again, before its first content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How many further tries there are.
    pub times: u32,
    /// The wait before the first of them; it doubles from try to try.
    pub first_wait: Duration,
    /// The longest wait that doubling leads to.
    pub longest_wait: Duration,
    /// The longest wait that a provider may ask for.
    pub longest_asked_wait: Duration,
}

/// Where a model answers, and how it is asked.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) http: Client,
    pub(crate) url: Url,
    /// Those that carry the key and the like.
    pub(crate) headers: HeaderMap,
    pub(crate) key: Option<Secret>,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: Retry,
}

/// What is sent.
#[derive(Debug, Default)]
pub(crate) struct Body {
    now: Bytes,
    /// What is sent where that one is refused.
    then: Option<Bytes>,
}

/// An answer that is being read.
#[derive(Debug)]
struct Live {
    endpoint: Arc<Endpoint>,
    body: Body,
    retries: u32,
    reply: Option<Reply>,
    reader: Reader,
}

#[derive(Debug)]
struct Reply {
    response: Response,
    first_byte_by: Instant,
    bytes: usize,
}

/// Asks, and gives back the events of the answer.
pub(crate) async fn call(
    endpoint: &Arc<Endpoint>,
    body: Body,
    decoder: Box<dyn Decode>,
) -> Result<EventStream, Error> {
    let live = Box::new(Live::open(Arc::clone(endpoint), body, decoder).await?);
    Ok(Box::pin(stream::unfold(live, |mut live| async move {
        let next = live.next().await?;
        Some((next, live))
    })))
}

/// Asks, and gives back the body of an answer that is no stream, of no more bytes than `limit`.
pub(crate) async fn call_for_body(
    endpoint: &Endpoint,
    body: Bytes,
    limit: usize,
) -> Result<Vec<u8>, Error> {
    let mut retries = 0;
    loop {
        let answer = async {
            let mut reply = endpoint.send(body.clone()).await?;
            reply.read_whole(&endpoint.timeouts, limit).await
        };
        match answer.await {
            Ok(answer) => return Ok(answer),
            Err(failure) => endpoint.wait(failure, &mut retries).await?,
        }
    }
}

/// The address of an API below a configured one.
pub(crate) fn endpoint_url(base_url: &str, path: &[&str]) -> Result<Url, Error> {
    let refused = |reason: &str| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("base_url of the model: {reason}"),
        )
    };
    let mut url = Url::parse(base_url).map_err(|error| refused(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            "a user or password doesn't belong there, use the key",
        ));
    }
    url.path_segments_mut()
        .map_err(|()| refused("has no path"))?
        .pop_if_empty()
        .extend(path);
    Ok(url)
}

/// The key as a bearer token.
pub(crate) fn bearer(key: &Secret) -> Result<HeaderMap, Error> {
    key_header(AUTHORIZATION, &format!("Bearer {}", key.expose().trim()))
}

/// A header that carries the key.
pub(crate) fn key_header(name: HeaderName, value: &str) -> Result<HeaderMap, Error> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Error::new(
            ErrorKind::Unauthorized,
            "the key has characters that a header can't carry",
        )
    })?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(name, value)]))
}

impl Body {
    /// `other` is sent where this one is refused.
    pub(crate) fn or(now: Vec<u8>, other: Vec<u8>) -> Self {
        Self {
            now: now.into(),
            then: Some(other.into()),
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(body: Vec<u8>) -> Self {
        Self {
            now: body.into(),
            then: None,
        }
    }
}

impl Live {
    /// Sends the request and waits for the head of the answer.
    async fn open(
        endpoint: Arc<Endpoint>,
        mut body: Body,
        decoder: Box<dyn Decode>,
    ) -> Result<Self, Error> {
        let mut retries = 0;
        let reply = endpoint.send_until_taken(&mut body, &mut retries).await?;
        Ok(Self {
            endpoint,
            body,
            retries,
            reply: Some(reply),
            reader: Reader::new(decoder),
        })
    }

    /// The next event; `None` after the last one and after an error.
    async fn next(&mut self) -> Option<Result<Event, Error>> {
        loop {
            if let Some(event) = self.reader.next_event() {
                return Some(Ok(event));
            }
            if let Some(failure) = self.reader.take_failure() {
                self.reply = None;
                if let Err(error) = self.start_again(failure).await {
                    return Some(Err(error));
                }
            }
            let progress = self.reader.progress();
            if progress >= Progress::Content {
                // It won't be sent again.
                self.body = Body::default();
            }
            let reply = self.reply.as_mut()?;
            if progress == Progress::Ended {
                reply.finish().await;
                self.reply = None;
                return None;
            }
            match reply.read(&self.endpoint.timeouts, progress).await {
                Ok(Some(bytes)) => self.reader.take(&bytes),
                Ok(None) => {
                    let Self { reader, reply, .. } = self;
                    reader.take_end(|| describe_cut(reply.as_ref()));
                }
                Err(failure) => self.reader.break_off(|| failure),
            }
        }
    }

    async fn start_again(&mut self, failure: Failure) -> Result<(), Error> {
        let failure = match self.reader.progress() {
            Progress::Silent | Progress::Started => failure,
            Progress::Content | Progress::Whole | Progress::Ended => Failure {
                again: Again::Pointless,
                ..failure
            },
        };
        let Self { body, retries, .. } = self;
        self.endpoint.recover(failure, body, retries).await?;
        self.reply = Some(self.endpoint.send_until_taken(body, retries).await?);
        self.reader.start_again();
        Ok(())
    }
}

impl Endpoint {
    async fn send_until_taken(&self, body: &mut Body, retries: &mut u32) -> Result<Reply, Error> {
        loop {
            match self.send(body.now.clone()).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => self.recover(failure, body, retries).await?,
            }
        }
    }

    /// Makes the next try possible: with the other body where this one is refused, else after a wait.
    async fn recover(
        &self,
        failure: Failure,
        body: &mut Body,
        retries: &mut u32,
    ) -> Result<(), Error> {
        let refused = failure.error.kind == ErrorKind::InvalidRequest;
        match body.then.take_if(|_| refused) {
            Some(other) => {
                let error = failure.into_error(self.key.as_ref());
                tracing::info!(
                    detail = error.detail,
                    "the model refused to go on from its last answer"
                );
                body.now = other;
                Ok(())
            }
            None => self.wait(failure, retries).await,
        }
    }

    async fn send(&self, body: Bytes) -> Result<Reply, Failure> {
        let first_byte_by = Instant::now() + self.timeouts.first_byte.min(LONGEST_TIMEOUT);
        let request = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .headers(self.headers.clone())
            .body(body);
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

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_mins(2),
            idle: Duration::from_mins(2),
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            times: 2,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(2),
            longest_asked_wait: Duration::from_secs(30),
        }
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
    async fn read(
        &mut self,
        timeouts: &Timeouts,
        progress: Progress,
    ) -> Result<Option<Bytes>, Failure> {
        let chunk = if self.bytes == 0 {
            timeout_at(self.first_byte_by, self.response.chunk()).await
        } else {
            let idle = match progress {
                Progress::Whole => timeouts.idle.min(LAST_WORD),
                Progress::Silent | Progress::Started | Progress::Content | Progress::Ended => {
                    timeouts.idle
                }
            };
            timeout(idle, self.response.chunk()).await
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

    /// The whole body. Between its first byte and its last there is the time that a stream may be silent, once.
    async fn read_whole(&mut self, timeouts: &Timeouts, limit: usize) -> Result<Vec<u8>, Failure> {
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
    async fn read_error(&mut self, timeouts: &Timeouts) -> String {
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

fn describe_cut(reply: Option<&Reply>) -> String {
    let kind = reply.and_then(|reply| {
        let kind = reply.response.headers().get(CONTENT_TYPE)?;
        Some(kind.to_str().unwrap_or("unreadable").to_owned())
    });
    let kind = kind.as_deref().unwrap_or("none");
    format!("the answer ended without a last event, content type: {kind}")
}
