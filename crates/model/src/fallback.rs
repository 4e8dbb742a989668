//! A model with others in reserve: when it is away, the next one answers.
//!
//! Only what nobody has seen is asked again: until the first content came, an outage is the next model's chance, and
//! after it the answer's end. A model that was away is passed over for a while, then tried again by one request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use crate::{Error, ErrorKind, Event, EventStream, Model, Prices, Request};

/// How long a model that was away is passed over, where its provider says nothing about it.
const REST: Duration = Duration::from_secs(30);
/// The longest time that a provider can ask to be passed over.
const LONGEST_REST: Duration = Duration::from_mins(5);

/// Models of which the first one that is there answers.
///
/// Its name and prices are those of the first; where another one answers, [`Event::AnsweredBy`] says so.
#[derive(Debug)]
pub struct Fallback {
    first: Candidate,
    then: Vec<Candidate>,
}

#[derive(Debug)]
struct Candidate {
    model: Arc<dyn Model>,
    /// Until when it is passed over.
    rests_until: Mutex<Option<Instant>>,
}

impl Fallback {
    /// The first model, and those that are asked when it is away, in this order.
    pub fn new(first: Arc<dyn Model>, then: Vec<Arc<dyn Model>>) -> Self {
        Self {
            first: Candidate::new(first),
            then: then.into_iter().map(Candidate::new).collect(),
        }
    }

    /// Those that are to be asked, in order: those that were away lately are the last resort.
    fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        let all = || std::iter::once(&self.first).chain(&self.then);
        let now = Instant::now();
        let (there, away): (Vec<_>, Vec<_>) = all().partition(|candidate| candidate.is_there(now));
        there.into_iter().chain(away)
    }

    fn is_first(&self, candidate: &Candidate) -> bool {
        std::ptr::eq(candidate, &raw const self.first)
    }
}

#[async_trait]
impl Model for Fallback {
    fn name(&self) -> &str {
        self.first.model.name()
    }

    fn prices(&self) -> Option<Prices> {
        self.first.model.prices()
    }

    /// As [`Model::stream`]; the first content is awaited here already.
    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        let mut first_error = None;
        for candidate in self.candidates() {
            candidate.begin_try();
            match begin(candidate.model.as_ref(), request.clone()).await {
                Ok((mut begun, rest)) => {
                    candidate.set_there();
                    if !self.is_first(candidate) {
                        begun.insert(0, Ok(candidate.introduction()));
                    }
                    return Ok(Box::pin(stream::iter(begun).chain(rest)));
                }
                Err(error) => {
                    let outage = is_outage(error.kind);
                    if outage {
                        candidate.set_away(error.retry_after);
                    } else {
                        candidate.set_there();
                    }
                    tracing::warn!(
                        model = candidate.model.name(), kind = ?error.kind, detail = error.detail, outage,
                        "a model with others in reserve failed"
                    );
                    let error = first_error.get_or_insert(error);
                    if !outage {
                        return Err(error.clone());
                    }
                }
            }
        }
        Err(first_error.unwrap_or_else(|| Error::new(ErrorKind::Failed, "there is no model")))
    }
}

/// Asks, and waits for the first content; gives back what came until then, and what is still to come.
async fn begin(
    model: &dyn Model,
    request: Request,
) -> Result<(Vec<Result<Event, Error>>, EventStream), Error> {
    let mut rest = model.stream(request).await?;
    let mut begun = Vec::new();
    while let Some(event) = rest.next().await {
        let event = event?;
        let is_content = !matches!(event, Event::Started | Event::AnsweredBy { .. });
        begun.push(Ok(event));
        if is_content {
            return Ok((begun, rest));
        }
    }
    Err(Error::new(
        ErrorKind::Protocol,
        "the answer ended without a last event",
    ))
}

/// Whether another model may do better. What is wrong with the request is wrong everywhere.
fn is_outage(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::Connect
        | ErrorKind::Timeout
        | ErrorKind::RateLimited
        | ErrorKind::Overloaded
        | ErrorKind::Unauthorized
        | ErrorKind::Protocol
        | ErrorKind::Failed => true,
        ErrorKind::InvalidRequest => false,
    }
}

impl Candidate {
    fn new(model: Arc<dyn Model>) -> Self {
        Self {
            model,
            rests_until: Mutex::new(None),
        }
    }

    /// Whether it is to be asked in its turn.
    fn is_there(&self, now: Instant) -> bool {
        self.rests_until().is_none_or(|until| until <= now)
    }

    /// Of those that ask after a rest only the first one tries: to the others it is away for another while.
    fn begin_try(&self) {
        let mut rests_until = self.rests_until();
        let now = Instant::now();
        if rests_until.is_some_and(|until| until <= now) {
            *rests_until = Some(now + REST);
        }
    }

    fn set_there(&self) {
        *self.rests_until() = None;
    }

    fn set_away(&self, asked: Option<Duration>) {
        let rest = asked.unwrap_or(REST).min(LONGEST_REST);
        *self.rests_until() = Some(Instant::now() + rest);
    }

    fn rests_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.rests_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn introduction(&self) -> Event {
        Event::AnsweredBy {
            model: self.model.name().to_owned(),
            prices: self.model.prices(),
        }
    }
}
