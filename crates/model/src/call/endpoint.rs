//! Where a model answers over HTTP, and how a question gets there.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk_identity::Secret;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url};
use tokio::time::{Instant, timeout_at};

use super::reply::{Reply, Source, late};
use super::{Ask, LONGEST_TIMEOUT, Rephrased, Retry, Timeouts};
use crate::failure::Failure;
use crate::{Error, ErrorKind};

/// Where a model answers, and how it is asked.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) http: Client,
    pub(crate) url: Url,
    /// Those that carry the key and the like.
    pub(crate) headers: HeaderMap,
    pub(crate) key: Option<Secret>,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: Retry,
}

/// A question to it.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) body: Body,
}

/// What is sent.
#[derive(Debug, Default)]
pub(crate) struct Body {
    now: Bytes,
    /// What is sent where that one is refused.
    then: Option<Bytes>,
}

/// The address of an API below a configured one.
pub(crate) fn endpoint_url(base_url: &str, path: &[&str]) -> Result<Url, Error> {
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
        .extend(path);
    Ok(url)
}

/// The key as a bearer token.
pub(crate) fn bearer(key: &Secret) -> Result<HeaderMap, Error> {
    key_header(AUTHORIZATION, &format!("Bearer {}", key.expose().trim()))
}

/// A header that carries the key.
pub(crate) fn key_header(name: HeaderName, value: &str) -> Result<HeaderMap, Error> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Error::new(
            ErrorKind::Unauthorized,
            "the key has characters that a header can't carry",
        )
    })?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(name, value)]))
}

impl Body {
    /// `other` is sent where this one is refused.
    pub(crate) fn or(now: Vec<u8>, other: Vec<u8>) -> Self {
        Self {
            now: now.into(),
            then: Some(other.into()),
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(body: Vec<u8>) -> Self {
        Self {
            now: body.into(),
            then: None,
        }
    }
}

#[async_trait]
impl Ask for Question {
    async fn send(&self, _tries: u32) -> Result<Reply, Failure> {
        let endpoint = &self.endpoint;
        let first_byte_by = Instant::now() + endpoint.timeouts.first_byte.min(LONGEST_TIMEOUT);
        let request = endpoint
            .http
            .post(endpoint.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .headers(endpoint.headers.clone())
            .body(self.body.now.clone());
        let response = timeout_at(first_byte_by, request.send())
            .await
            .map_err(|_| late("no answer"))?
            .map_err(Failure::of_transport)?;
        if response.status().is_success() {
            return Ok(Reply::new(Source::Live(response), first_byte_by));
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let mut reply = Reply::new(Source::Live(response), first_byte_by);
        let body = reply.read_error(&endpoint.timeouts).await;
        Err(Failure::of_status(status, &headers, &body))
    }

    fn timeouts(&self) -> &Timeouts {
        &self.endpoint.timeouts
    }

    fn retry(&self) -> &Retry {
        &self.endpoint.retry
    }

    fn key(&self) -> Option<&Secret> {
        self.endpoint.key.as_ref()
    }

    fn rephrase(&mut self) -> Rephrased {
        match self.body.then.take() {
            Some(other) => {
                self.body.now = other;
                Rephrased::Yes
            }
            None => Rephrased::No,
        }
    }

    fn forget(&mut self) {
        self.body = Body::default();
    }
}
