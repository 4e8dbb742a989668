//! The Chat Completions API, of OpenAI or of anything compatible.
//!
//! Streaming only. What a server can't take is known from its [`Profile`], a row of data.
//! <https://platform.openai.com/docs/api-reference/chat>

mod call;
mod decode;
mod details;
mod encode;
mod extras;
mod message;
mod output;
mod profile;
mod think;

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_clock::{Ids, SequentialIds};
use frontdesk_identity::Secret;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName};

use self::decode::Decoder;
pub use self::profile::{
    Auth, Forms, Images, LimitField, OperatorRole, Profile, Quirks, ReasoningBack, Support,
};
use crate::call::{Endpoint, Retry, Timeouts, bearer, call, endpoint_url, key_header};
use crate::decode::{Decode, replay};
use crate::{Error, Event, EventStream, Model, Request, Settings};

/// The name by which reasoning items say that this dialect wrote them.
const DIALECT: &str = "openai_chat";

/// Which model to ask, and how.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address before `/chat/completions`, such as `http://localhost:11434/v1`; no user and password in it.
    /// For Azure it ends in `/openai/v1` or `/openai/deployments/<name>`.
    pub base_url: String,
    /// The key, sent as the profile has it. Local servers often need none.
    pub api_key: Option<Secret>,
    /// Azure's `api-version`, which goes into the address. Its `v1` addresses need none.
    pub api_version: Option<String>,
    /// The model's name at the server.
    pub model: String,
    /// What server it is.
    pub profile: Profile,
    /// What a request's own settings leave open.
    pub settings: Settings,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How to try again.
    pub retry: Retry,
}

/// A model behind the Chat Completions API.
#[derive(Debug)]
pub struct OpenAiChat {
    model: String,
    quirks: &'static Quirks,
    settings: Settings,
    endpoint: Arc<Endpoint>,
    ids: Arc<dyn Ids>,
}

impl Config {
    /// A model of this server, with the usual waits.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>, profile: Profile) -> Self {
        Self {
            base_url: base_url.into(),
            api_key: None,
            api_version: None,
            model: model.into(),
            profile,
            settings: Settings::default(),
            timeouts: Timeouts::default(),
            retry: Retry::default(),
        }
    }
}

impl OpenAiChat {
    /// Checks the configuration; nothing is sent. `http` is the client of [`crate::http::client`], `ids` gives the
    /// calls their ids.
    pub fn new(config: Config, http: reqwest::Client, ids: Arc<dyn Ids>) -> Result<Self, Error> {
        let path = ["chat", "completions"];
        let url = address(&config.base_url, &path, config.api_version.as_deref())?;
        let headers = key_headers(config.profile, config.api_key.as_ref())?;
        Ok(Self {
            model: config.model,
            quirks: config.profile.quirks(),
            settings: config.settings,
            endpoint: Arc::new(Endpoint {
                http,
                url,
                headers,
                key: config.api_key,
                timeouts: config.timeouts,
                retry: config.retry,
            }),
            ids,
        })
    }
}

#[async_trait]
impl Model for OpenAiChat {
    fn name(&self) -> &str {
        &self.model
    }

    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        let body = encode::body(&self.model, self.quirks, &self.settings, &request)?;
        call(&self.endpoint, body.into(), decoder(Arc::clone(&self.ids))).await
    }
}

/// The key as this server has it.
pub(crate) fn key_headers(profile: Profile, key: Option<&Secret>) -> Result<HeaderMap, Error> {
    match (key, profile.quirks().auth) {
        (None, _) => Ok(HeaderMap::new()),
        (Some(key), Auth::Bearer) => bearer(key),
        (Some(key), Auth::ApiKeyHeader) => {
            key_header(HeaderName::from_static("api-key"), key.expose().trim())
        }
    }
}

/// The address of an API, with Azure's version in it.
pub(crate) fn address(base: &str, path: &[&str], version: Option<&str>) -> Result<Url, Error> {
    let mut url = endpoint_url(base, path)?;
    if let Some(version) = version {
        url.query_pairs_mut().append_pair("api-version", version);
    }
    Ok(url)
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
