//! One call: send, read, and try again while nothing was handed on that can't be taken back.

mod endpoint;
mod reply;

use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_identity::Secret;
use futures_util::stream;
use tokio::time::sleep;

use self::endpoint::Question;
pub(crate) use self::endpoint::{Body, Endpoint, bearer, endpoint_url, key_header};
use self::reply::describe_cut;
pub(crate) use self::reply::{Reply, Source};
use crate::decode::{Decode, Progress, Reader};
use crate::failure::{Again, Failure};
use crate::{Error, ErrorKind, Event, EventStream};

/// The longest wait that a configuration can ask for.
pub(crate) const LONGEST_TIMEOUT: Duration = Duration::from_hours(24);

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

/// One question that can be asked, as often as it takes.
#[async_trait]
pub(crate) trait Ask: Debug + Send + Sync {
    /// Asks, after so many tries in vain, and waits for the head of the answer.
    async fn send(&self, tries: u32) -> Result<Reply, Failure>;

    /// How long to wait.
    fn timeouts(&self) -> &Timeouts;

    /// How to try again.
    fn retry(&self) -> &Retry;

    /// What mustn't show in an error.
    fn key(&self) -> Option<&Secret>;

    /// Puts a question that was refused in another way, and says whether there is one.
    fn rephrase(&mut self) -> Rephrased {
        Rephrased::No
    }

    /// It won't be asked again.
    fn forget(&mut self) {}
}

/// Whether a question can be put in another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rephrased {
    Yes,
    No,
}

/// An answer that is being read.
#[derive(Debug)]
struct Live {
    asked: Box<dyn Ask>,
    retries: u32,
    reply: Option<Reply>,
    reader: Reader,
}

/// Asks a provider, and gives back the events of the answer.
pub(crate) async fn call(
    endpoint: &Arc<Endpoint>,
    body: Body,
    decoder: Box<dyn Decode>,
) -> Result<EventStream, Error> {
    let question = Question {
        endpoint: Arc::clone(endpoint),
        body,
    };
    ask(Box::new(question), decoder).await
}

/// Asks, and gives back the events of the answer.
pub(crate) async fn ask(
    asked: Box<dyn Ask>,
    decoder: Box<dyn Decode>,
) -> Result<EventStream, Error> {
    let live = Box::new(Live::open(asked, decoder).await?);
    Ok(Box::pin(stream::unfold(live, |mut live| async move {
        let next = live.next().await?;
        Some((next, live))
    })))
}

/// Asks a provider, and gives back the body of an answer that is no stream, of no more bytes than `limit`.
pub(crate) async fn call_for_body(
    endpoint: &Arc<Endpoint>,
    body: Body,
    limit: usize,
) -> Result<Vec<u8>, Error> {
    let mut question = Question {
        endpoint: Arc::clone(endpoint),
        body,
    };
    let mut retries = 0;
    loop {
        let answer = async {
            let mut reply = question.send(retries).await?;
            reply.read_whole(&endpoint.timeouts, limit).await
        };
        match answer.await {
            Ok(answer) => return Ok(answer),
            Err(failure) => recover(&mut question, failure, &mut retries).await?,
        }
    }
}

impl Live {
    /// Asks and waits for the head of the answer.
    async fn open(mut asked: Box<dyn Ask>, decoder: Box<dyn Decode>) -> Result<Self, Error> {
        let mut retries = 0;
        let reply = send_until_taken(asked.as_mut(), &mut retries).await?;
        Ok(Self {
            asked,
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
                self.asked.forget();
            }
            let reply = self.reply.as_mut()?;
            if progress == Progress::Ended {
                reply.finish().await;
                self.reply = None;
                return None;
            }
            match reply.read(self.asked.timeouts(), progress).await {
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
        let asked = self.asked.as_mut();
        recover(asked, failure, &mut self.retries).await?;
        self.reply = Some(send_until_taken(asked, &mut self.retries).await?);
        self.reader.start_again();
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
        let random = u32::try_from(RandomState::new().hash_one(retries) % 257).unwrap_or_default();
        wait.saturating_mul(768 + random) / 1024
    }
}

async fn send_until_taken(asked: &mut dyn Ask, retries: &mut u32) -> Result<Reply, Error> {
    loop {
        match asked.send(*retries).await {
            Ok(reply) => return Ok(reply),
            Err(failure) => recover(asked, failure, retries).await?,
        }
    }
}

/// Makes the next try possible: in another way where this one is refused, else after a wait.
async fn recover(asked: &mut dyn Ask, failure: Failure, retries: &mut u32) -> Result<(), Error> {
    let refused = failure.error.kind == ErrorKind::InvalidRequest;
    if refused && asked.rephrase() == Rephrased::Yes {
        let error = failure.into_error(asked.key());
        tracing::info!(
            detail = error.detail,
            "the model refused to go on from its last answer"
        );
        return Ok(());
    }
    wait(asked, failure, retries).await
}

/// Waits before the next try; an error where there is none.
async fn wait(asked: &dyn Ask, failure: Failure, retries: &mut u32) -> Result<(), Error> {
    if failure.again == Again::Pointless || *retries >= asked.retry().times {
        return Err(failure.into_error(asked.key()));
    }
    let wait = asked.retry().wait(*retries, failure.error.retry_after);
    let error = failure.into_error(asked.key());
    tracing::warn!(kind = ?error.kind, detail = error.detail, ?wait, "model call failed, trying again");
    *retries += 1;
    sleep(wait).await;
    Ok(())
}
