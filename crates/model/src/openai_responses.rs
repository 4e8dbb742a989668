//! The Responses API, of OpenAI or of anything compatible.
//!
//! Streaming only, and nothing is stored at the provider: every request carries its whole history.
//! <https://platform.openai.com/docs/api-reference/responses>

mod call;
mod decode;
mod encode;
mod failure;
mod surrogates;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_identity::Secret;
use futures_util::stream;
use reqwest::Url;
use reqwest::header::HeaderValue;

use self::call::{Endpoint, Live};
use crate::{Error, ErrorKind, EventStream, Model, Request, Settings};

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
    /// What a request's own settings leave open.
    pub settings: Settings,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How to try again.
    pub retry: Retry,
}

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

/// A model behind the Responses API.
#[derive(Debug)]
pub struct OpenAiResponses {
    model: String,
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
            settings: Settings::default(),
            timeouts: Timeouts::default(),
            retry: Retry::default(),
        }
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

impl OpenAiResponses {
    /// Checks the configuration; nothing is sent. `http` is the client of [`crate::http::client`].
    pub fn new(config: Config, http: reqwest::Client) -> Result<Self, Error> {
        let bearer = config.api_key.as_ref().map(bearer).transpose()?;
        Ok(Self {
            model: config.model,
            settings: config.settings,
            endpoint: Arc::new(Endpoint {
                http,
                url: responses_url(&config.base_url)?,
                bearer,
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
        let body = encode::body(&self.model, &self.settings, &request)?;
        let live = Box::new(Live::open(Arc::clone(&self.endpoint), body.into()).await?);
        Ok(Box::pin(stream::unfold(live, |mut live| async move {
            let next = live.next().await?;
            Some((next, live))
        })))
    }
}

fn responses_url(base_url: &str) -> Result<Url, Error> {
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
        .push("responses");
    Ok(url)
}

fn bearer(key: &Secret) -> Result<HeaderValue, Error> {
    let mut value =
        HeaderValue::from_str(&format!("Bearer {}", key.expose().trim())).map_err(|_| {
            Error::new(
                ErrorKind::Unauthorized,
                "the key has characters that a header can't carry",
            )
        })?;
    value.set_sensitive(true);
    Ok(value)
}
