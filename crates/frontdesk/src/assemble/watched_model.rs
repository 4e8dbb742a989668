//! A model that remembers how its last call went, for `/readyz`. It calls nothing by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use frontdesk_model::{Error, EventStream, Model, Prices, Request};

use crate::health::State;

/// See the module.
#[derive(Debug)]
pub(crate) struct WatchedModel {
    model: Arc<dyn Model>,
    failed: AtomicBool,
}

impl WatchedModel {
    pub(crate) fn new(model: Arc<dyn Model>) -> Self {
        Self {
            model,
            failed: AtomicBool::new(false),
        }
    }

    /// Degraded from a call that could not begin until one that could.
    pub(crate) fn state(&self) -> State {
        if self.failed.load(Ordering::Relaxed) {
            State::Degraded
        } else {
            State::Ok
        }
    }
}

#[async_trait]
impl Model for WatchedModel {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn prices(&self) -> Option<Prices> {
        self.model.prices()
    }

    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        let stream = self.model.stream(request).await;
        self.failed.store(stream.is_err(), Ordering::Relaxed);
        stream
    }
}
