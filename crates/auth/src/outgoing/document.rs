//! Metadata documents of servers and issuers: fetched through the guarded client, bounded.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Request, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::OutgoingError;
use crate::{FetchError, GuardedHttp};

/// The longest document that is read, in bytes.
pub(super) const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
/// The longest address that is taken from a document, in bytes.
pub(super) const MAX_URL_BYTES: usize = 2_048;

/// The JSON document at an address; `None` where there is none: any 4xx, or a page instead of JSON.
pub(super) async fn document<T: DeserializeOwned>(
    http: &GuardedHttp,
    url: &Url,
) -> Result<Option<T>, OutgoingError> {
    let request = Request::get(url.as_str())
        .header(ACCEPT, "application/json")
        .body(Bytes::new())
        .map_err(|_| OutgoingError::refused("not an address"))?;
    let response = send(http, request).await?;
    let status = response.status();
    if status.is_server_error() {
        return Err(OutgoingError::unavailable(format!("metadata: {status}")));
    }
    if !status.is_success() || !is_json(response.headers()) {
        return Ok(None);
    }
    parse(response.body()).map(Some)
}

/// Sends a request; what keeps an answer from coming is told in our own words.
pub(super) async fn send(
    http: &GuardedHttp,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, OutgoingError> {
    http.send(request).await.map_err(|error| match error {
        FetchError::Refused { .. } => OutgoingError::refused(error.to_string()),
        other => OutgoingError::unavailable(other.to_string()),
    })
}

/// Reads a bounded JSON document.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, OutgoingError> {
    if body.len() > MAX_DOCUMENT_BYTES {
        return Err(OutgoingError::refused("a document is too long"));
    }
    // What the parser says may quote the document.
    serde_json::from_slice(body)
        .map_err(|_| OutgoingError::refused("a document doesn't have the form that it should"))
}

/// Some servers write `null` for what they don't say.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// An address from a document.
pub(super) fn address(text: &str) -> Result<Url, OutgoingError> {
    let url = (text.len() <= MAX_URL_BYTES).then(|| Url::parse(text).ok());
    let url = url.flatten().filter(|url| {
        let web = matches!(url.scheme(), "https" | "http");
        // `https://bank.example@evil.example` is there to be misread.
        let plain = url.username().is_empty() && url.password().is_none();
        web && plain && url.has_host() && url.fragment().is_none()
    });
    url.ok_or_else(|| OutgoingError::refused("a document has something that is no address"))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    kind.is_none_or(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json")
            || kind.to_ascii_lowercase().ends_with("+json")
    })
}
