//! The Responses API, of OpenAI or of anything compatible.
//!
//! Streaming only, and nothing is stored at the provider: every request carries its whole history.
//! <https://platform.openai.com/docs/api-reference/responses>

mod decode;
mod encode;

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_identity::Secret;

use self::decode::Decoder;
use crate::call::{Endpoint, Retry, Timeouts, bearer, call, endpoint_url};
use crate::{Error, EventStream, Model, Request, Settings};

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
        let body = encode::body(&self.model, &self.settings, &request)?;
        call(&self.endpoint, body, Box::new(Decoder::default())).await
    }
}
