//! The Messages API of Anthropic, or of anything compatible.
//!
//! Streaming only. Thinking goes back as it came, with its signature; what doesn't change is marked for the cache.
//! <https://docs.claude.com/en/api/messages>

mod block;
mod decode;
mod encode;
mod message;
mod output;
mod pause;

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_clock::{Ids, SequentialIds};
use frontdesk_identity::Secret;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use self::decode::Decoder;
use self::pause::Ends;
use crate::call::{Endpoint, Retry, Timeouts, call, endpoint_url, key_header};
use crate::decode::{Decode, replay};
use crate::{Error, Event, EventStream, Model, Request, Settings};

/// Where Anthropic serves the API.
pub const ANTHROPIC_BASE_URL: &str = "https://api.anthropic.com/v1";
/// The most tokens of an answer where nothing else is said; the API wants a number.
pub const DEFAULT_MAX_OUTPUT_TOKENS: u64 = 16_384;

/// The version of the API that this dialect is written for.
const VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");
/// The name by which reasoning items say that this dialect wrote them.
const DIALECT: &str = "anthropic";
/// The field of a reasoning item that has the thinking's signature.
const SIGNATURE: &str = "signature";
/// The field of a reasoning item that has thinking which nobody else can read.
const REDACTED: &str = "redacted";

/// Which model to ask, and how.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address before `/messages`, such as [`ANTHROPIC_BASE_URL`]; no user and password in it.
    pub base_url: String,
    /// The key, sent as `x-api-key`.
    pub api_key: Option<Secret>,
    /// The model's name at the provider.
    pub model: String,
    /// Whether the model thinks before it answers.
    pub thinking: Thinking,
    /// Whether the provider is asked to remember what doesn't change.
    pub caching: Caching,
    /// What a request's own settings leave open.
    pub settings: Settings,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How to try again.
    pub retry: Retry,
}

/// Whether the model thinks before it answers. Sampling is then the provider's own, and a call that must be made is
/// made without thinking, because the API refuses both together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Thinking {
    /// As the model does it by default.
    #[default]
    ProviderDefault,
    /// As much as it thinks fit, guided by the reasoning effort. For Claude 4.6 and later.
    Adaptive,
    /// Up to this many tokens. For Claude 4.6 and earlier.
    Budget(u64),
}

/// Whether the provider is asked to remember tools, instructions and the conversation so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caching {
    /// It is.
    #[default]
    On,
    /// It isn't.
    Off,
}

/// A model behind the Messages API.
#[derive(Debug)]
pub struct Anthropic(Arc<Asker>);

/// What is needed to ask the model.
#[derive(Debug)]
struct Asker {
    model: String,
    thinking: Thinking,
    caching: Caching,
    settings: Settings,
    endpoint: Arc<Endpoint>,
    ids: Arc<dyn Ids>,
}

impl Config {
    /// A model of Anthropic's, with the usual waits.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            base_url: ANTHROPIC_BASE_URL.to_owned(),
            api_key: None,
            model: model.into(),
            thinking: Thinking::default(),
            caching: Caching::default(),
            settings: Settings::default(),
            timeouts: Timeouts::default(),
            retry: Retry::default(),
        }
    }
}

impl Anthropic {
    /// Checks the configuration; nothing is sent. `http` is the client of [`crate::http::client`], `ids` gives the
    /// calls their ids.
    pub fn new(config: Config, http: reqwest::Client, ids: Arc<dyn Ids>) -> Result<Self, Error> {
        let mut headers = match &config.api_key {
            Some(key) => key_header(HeaderName::from_static("x-api-key"), key.expose().trim())?,
            None => HeaderMap::new(),
        };
        headers.insert(HeaderName::from_static("anthropic-version"), VERSION);
        Ok(Self(Arc::new(Asker {
            model: config.model,
            thinking: config.thinking,
            caching: config.caching,
            settings: config.settings,
            endpoint: Arc::new(Endpoint {
                http,
                url: endpoint_url(&config.base_url, &["messages"])?,
                headers,
                key: config.api_key,
                timeouts: config.timeouts,
                retry: config.retry,
            }),
            ids,
        })))
    }
}

#[async_trait]
impl Model for Anthropic {
    fn name(&self) -> &str {
        &self.0.model
    }

    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        let first = self.0.ask(&request, Ends::Said).await?;
        if request.hosted_tools.is_empty() {
            return Ok(first);
        }
        Ok(pause::whole(Arc::clone(&self.0), request, first))
    }
}

impl Asker {
    async fn ask(&self, request: &Request, ends: Ends) -> Result<EventStream, Error> {
        let settings = request.settings.or(&self.settings);
        let body = encode::body(
            &self.model,
            self.thinking,
            self.caching,
            &settings,
            request,
            ends,
        )?;
        call(&self.endpoint, body.into(), decoder(Arc::clone(&self.ids))).await
    }
}

/// A decoder of one answer.
pub(crate) fn decoder(ids: Arc<dyn Ids>) -> Box<dyn Decode> {
    Box::new(Decoder::new(ids))
}

/// The events of a recorded answer, and the error that it ends with if it does. `pieces` are its bytes in any split.
/// Calls are numbered from one.
pub fn replayed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<Error>) {
    let ids = Arc::new(SequentialIds::default());
    replay(decoder(ids), pieces)
}
