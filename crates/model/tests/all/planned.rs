//! A model that answers as planned, one plan for each request, and says what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use frontdesk_model::{Error, ErrorKind, Event, EventStream, Item, Model, Prices, Request, Usage};
use futures_util::{StreamExt, stream};

/// How a request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    /// Not at all.
    Refuse(Error),
    /// With these events; after them comes nothing more, nor an end.
    Hang(Vec<Event>),
    /// With these events and perhaps an error.
    Answer(Vec<Event>, Option<Error>),
}

#[derive(Debug)]
pub(crate) struct Planned {
    name: &'static str,
    prices: Option<Prices>,
    plans: Mutex<VecDeque<Plan>>,
    asked: Mutex<usize>,
}

impl Planned {
    pub(crate) fn new(name: &'static str, plans: Vec<Plan>) -> Arc<Self> {
        Arc::new(Self {
            name,
            prices: None,
            plans: Mutex::new(plans.into()),
            asked: Mutex::new(0),
        })
    }

    pub(crate) fn priced(name: &'static str, prices: Prices, plans: Vec<Plan>) -> Arc<Self> {
        let model = Self::new(name, plans);
        Arc::new(Self {
            prices: Some(prices),
            ..Arc::into_inner(model).unwrap()
        })
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

#[async_trait]
impl Model for Planned {
    fn name(&self) -> &str {
        self.name
    }

    fn prices(&self) -> Option<Prices> {
        self.prices
    }

    async fn stream(&self, _request: Request) -> Result<EventStream, Error> {
        *self.asked.lock().unwrap() += 1;
        match self.plans.lock().unwrap().pop_front() {
            None => Err(Error::new(ErrorKind::Failed, "nothing is planned")),
            Some(Plan::Refuse(error)) => Err(error),
            Some(Plan::Hang(events)) => Ok(Box::pin(
                stream::iter(events).map(Ok).chain(stream::pending()),
            )),
            Some(Plan::Answer(events, error)) => Ok(Box::pin(
                stream::iter(events)
                    .map(Ok)
                    .chain(stream::iter(error.map(Err))),
            )),
        }
    }
}

pub(crate) fn text(delta: &str) -> Event {
    Event::TextDelta {
        index: 0,
        part: 0,
        delta: delta.to_owned(),
    }
}

/// The events of a plain answer that used so many tokens.
pub(crate) fn said(word: &str, total_tokens: u64) -> Vec<Event> {
    let end = Event::Completed {
        usage: Usage {
            total_tokens,
            ..Usage::default()
        },
        output: vec![Item::assistant(word)],
    };
    vec![Event::Started, text(word), end]
}

pub(crate) fn answer(word: &str) -> Plan {
    Plan::Answer(said(word, 0), None)
}
