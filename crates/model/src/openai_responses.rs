//! The Responses API, of OpenAI or of anything compatible.
//!
//! Streaming only. Every request carries its whole history, unless the provider is told to keep its answers.
//! <https://platform.openai.com/docs/api-reference/responses>

mod custom;
mod decode;
mod encode;
mod input;
pub(crate) mod previous;

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_identity::Secret;

use self::decode::Decoder;
use crate::call::{Body, Endpoint, Retry, Timeouts, bearer, call, endpoint_url};
use crate::decode::{Decode, replay};
use crate::{Error, Event, EventStream, Model, Request, Settings};

/// Where OpenAI serves the API.
pub const OPENAI_BASE_URL: &str = "https://api.openai.com/v1";

/// Which model to ask, and how.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address before `/responses`, such as [`OPENAI_BASE_URL`]; no user and password in it.
    pub base_url: String,
    /// The key, sent as a bearer token. Local servers often need none.
    pub api_key: Option<Secret>,
    /// The model's name at the provider.
    pub model: String,
    /// Whether the provider keeps its answers.
    pub kept_answers: KeptAnswers,
    /// What a request's own settings leave open.
    pub settings: Settings,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How to try again.
    pub retry: Retry,
}

/// Whether the provider keeps its answers, so that a request needs only what came after the newest of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeptAnswers {
    /// It keeps nothing.
    #[default]
    None,
    /// It keeps them, and a request goes on from the newest one in its history (`previous_response_id`).
    /// What the history changed before that one doesn't count then, but for items that were
    /// [made to be sent again](crate::Item::forget_answer).
    /// Where the provider refuses to go on from it, the whole history is sent.
    GoOnFrom,
}

/// A model behind the Responses API.
#[derive(Debug)]
pub struct OpenAiResponses {
    model: String,
    kept_answers: KeptAnswers,
    settings: Settings,
    endpoint: Arc<Endpoint>,
}

impl Config {
    /// A model of OpenAI's, with the usual waits.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            base_url: OPENAI_BASE_URL.to_owned(),
            api_key: None,
            model: model.into(),
            kept_answers: KeptAnswers::default(),
            settings: Settings::default(),
            timeouts: Timeouts::default(),
            retry: Retry::default(),
        }
    }
}

impl OpenAiResponses {
    /// Checks the configuration; nothing is sent. `http` is the client of [`crate::http::client`].
    pub fn new(config: Config, http: reqwest::Client) -> Result<Self, Error> {
        let headers = config
            .api_key
            .as_ref()
            .map(bearer)
            .transpose()?
            .unwrap_or_default();
        Ok(Self {
            model: config.model,
            kept_answers: config.kept_answers,
            settings: config.settings,
            endpoint: Arc::new(Endpoint {
                http,
                url: endpoint_url(&config.base_url, &["responses"])?,
                headers,
                key: config.api_key,
                timeouts: config.timeouts,
                retry: config.retry,
            }),
        })
    }
}

#[async_trait]
impl Model for OpenAiResponses {
    fn name(&self) -> &str {
        &self.model
    }

    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        let bodies = encode::bodies(&self.model, &self.settings, self.kept_answers, &request)?;
        let body = match bodies.continued {
            Some(continued) => Body::or(continued, bodies.whole),
            None => Body::from(bodies.whole),
        };
        call(&self.endpoint, body, decoder(self.kept_answers)).await
    }
}

/// A decoder of one answer.
pub(crate) fn decoder(kept_answers: KeptAnswers) -> Box<dyn Decode> {
    Box::new(Decoder::new(kept_answers))
}

/// The events of a recorded answer, and the error that it ends with if it does. `pieces` are its bytes in any split.
pub fn replayed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<Error>) {
    replay(decoder(KeptAnswers::None), pieces)
}
