//! A model that is asked no more often, and no more at once, than is allowed.
//!
//! Requests wait in line, each for a bounded time, and go in the order in which they came. A place in the line and a
//! place at the model are both given back when whoever held them is dropped.

mod window;

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use self::window::Window;
use crate::{
    ContentPart, Error, ErrorKind, Event, EventStream, Item, Model, Prices, Request, Usage,
};

/// How long a request waits where nothing else is said.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The longest wait that a configuration can ask for.
const LONGEST_WAIT_ASKED: Duration = Duration::from_hours(1);
/// How many bytes of text are taken for a token before the provider has counted.
const BYTES_PER_TOKEN: usize = 4;

/// How much a model may be asked. What is `None` is not limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many answers may be under way at once.
    pub at_once: Option<NonZeroU32>,
    /// How many requests there may be in any minute.
    pub requests_per_minute: Option<NonZeroU32>,
    /// How many tokens, read and written, there may be in any minute. A request counts with an estimate of what it
    /// reads until its answer says what it used; one that is larger than the limit goes when nothing else counts.
    pub tokens_per_minute: Option<NonZeroU64>,
    /// How long a request waits for its turn before it fails as [`ErrorKind::RateLimited`]; an hour at most.
    pub longest_wait: Duration,
}

/// A model within limits.
#[derive(Debug)]
pub struct Limited {
    model: Arc<dyn Model>,
    limits: Limits,
    /// Who holds its only permit is the next to go.
    line: Semaphore,
    places: Option<Arc<Semaphore>>,
    window: Arc<Mutex<Window>>,
}

/// A request that was let through.
#[derive(Debug)]
struct Admitted {
    /// Its place, until its answer has ended.
    _place: Option<OwnedSemaphorePermit>,
    window: Arc<Mutex<Window>>,
    since: Instant,
    estimate: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: None,
            requests_per_minute: None,
            tokens_per_minute: None,
            longest_wait: LONGEST_WAIT,
        }
    }
}

impl Limited {
    /// This model within these limits.
    pub fn new(model: Arc<dyn Model>, limits: Limits) -> Self {
        let places = limits.at_once.map(|places| {
            let places = usize::try_from(places.get()).unwrap_or(usize::MAX);
            Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)))
        });
        Self {
            model,
            limits,
            line: Semaphore::new(1),
            places,
            window: Arc::default(),
        }
    }

    /// Waits for the request's turn.
    async fn admit(&self, estimate: u64) -> Result<Admitted, Error> {
        let give_up = Instant::now() + self.limits.longest_wait.min(LONGEST_WAIT_ASKED);
        let waited = timeout_at(give_up, async {
            let next = self.line.acquire().await;
            let place = match &self.places {
                Some(places) => Arc::clone(places).acquire_owned().await.ok(),
                None => None,
            };
            let since = self.pass_window(estimate, give_up).await?;
            drop(next);
            Ok(Admitted {
                _place: place,
                window: Arc::clone(&self.window),
                since,
                estimate,
            })
        });
        waited
            .await
            .unwrap_or_else(|_| Err(self.full(Duration::ZERO)))
    }

    /// Waits until the minute has room. Where that takes too long it isn't waited for at all.
    async fn pass_window(&self, estimate: u64, give_up: Instant) -> Result<Instant, Error> {
        loop {
            let now = Instant::now();
            let free_at = {
                let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
                match window.admit(now, estimate, &self.limits) {
                    Ok(()) => return Ok(now),
                    Err(free_at) => free_at,
                }
            };
            if free_at > give_up {
                return Err(self.full(free_at - now));
            }
            sleep_until(free_at).await;
        }
    }

    fn full(&self, free_in: Duration) -> Error {
        let waited = self.limits.longest_wait.as_secs_f64();
        Error {
            retry_after: Some(free_in.max(Duration::from_secs(1))),
            ..Error::new(
                ErrorKind::RateLimited,
                format!("no room within {waited} s, by the limits that are set for the model"),
            )
        }
    }
}

#[async_trait]
impl Model for Limited {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn prices(&self) -> Option<Prices> {
        self.model.prices()
    }

    /// As [`Model::stream`]; waits for the request's turn first.
    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        let mut admitted = Some(self.admit(estimate(&request)).await?);
        let events = self.model.stream(request).await?;
        Ok(Box::pin(events.map(move |event| {
            match &event {
                Ok(Event::Completed { usage, .. } | Event::Incomplete { usage, .. }) => {
                    if let Some(admitted) = admitted.take() {
                        admitted.settle(usage);
                    }
                }
                Err(_) => admitted = None,
                Ok(_) => {}
            }
            event
        })))
    }
}

impl Admitted {
    /// Counts what was used in place of what was estimated.
    fn settle(self, usage: &Usage) {
        if usage.total_tokens > 0 {
            self.window
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .settle(self.since, self.estimate, usage.total_tokens);
        }
    }
}

/// About how many tokens a request has to read. Pictures and files count as nothing here.
fn estimate(request: &Request) -> u64 {
    let instructions = request.instructions.as_deref().map_or(0, str::len);
    let input: usize = request.input.iter().map(bytes).sum();
    u64::try_from((instructions + input).div_ceil(BYTES_PER_TOKEN)).unwrap_or(u64::MAX)
}

fn bytes(item: &Item) -> usize {
    match item {
        Item::Message(message) => {
            let parts = message.content.iter();
            parts
                .filter_map(ContentPart::as_text)
                .map(str::len)
                .sum::<usize>()
        }
        Item::FunctionCall(call) => call.name.len() + call.arguments.len(),
        Item::FunctionCallOutput(output) => output.text().len(),
        Item::Reasoning(_) | Item::Other(_) => 0,
    }
}
