//! The seam between an agent and whoever answers it.

use std::fmt::Debug;
use std::pin::Pin;

use async_trait::async_trait;
use futures_util::Stream;

use crate::{Error, Event, Prices, Request};

/// The events of one answer. It ends after a terminal event or an error; dropping it cancels the call.
pub type EventStream = Pin<Box<dyn Stream<Item = Result<Event, Error>> + Send>>;

/// Something that answers requests: a provider's model, or a script.
#[async_trait]
pub trait Model: Debug + Send + Sync {
    /// The model's name, for logs and usage.
    fn name(&self) -> &str;

    /// What its tokens cost, where that is known. A wrapper hands on what its model says.
    fn prices(&self) -> Option<Prices> {
        None
    }

    /// Sends a request and gives back the events of its answer.
    ///
    /// A provider retries by itself where that is safe: before the first event with content, and nowhere else.
    async fn stream(&self, request: Request) -> Result<EventStream, Error>;
}
