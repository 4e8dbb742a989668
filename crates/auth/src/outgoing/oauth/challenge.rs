//! The challenge of a server that was asked without a token
//! ([RFC 9728](https://www.rfc-editor.org/rfc/rfc9728#section-5.1)).

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, StatusCode};
use url::Url;

use super::scopes::{split_scopes, union_of_scopes};
use crate::GuardedHttp;
use crate::outgoing::document::MAX_URL_BYTES;
use crate::outgoing::{Refusal, document};

/// The longest header that is read, in bytes.
const MAX_HEADER_BYTES: usize = 8 * 1024;
/// A request that changes nothing, whatever the server makes of it.
const PING: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

/// What a server says about how to get a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Challenge {
    /// Where its metadata is.
    pub resource_metadata: Option<String>,
    /// The scopes that it needs.
    pub scopes: Vec<String>,
}

impl Challenge {
    /// The bearer challenge among a response's headers.
    pub fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        let mut challenge = Self::default();
        for value in values.filter_map(|value| value.to_str().ok()) {
            if value.len() <= MAX_HEADER_BYTES {
                challenge.read(value);
            }
        }
        challenge
    }

    /// Asks the server without a token, to hear its challenge. That there is none is no failure.
    pub(super) async fn asked_for(http: &GuardedHttp, server: &Url) -> Self {
        let request = Request::post(server.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .body(Bytes::from_static(PING));
        let Ok(request) = request else {
            return Self::default();
        };
        match document::send(http, request).await {
            Ok(response) if response.status() == StatusCode::UNAUTHORIZED => {
                Self::of(response.headers())
            }
            _ => Self::default(),
        }
    }

    fn read(&mut self, header: &str) {
        for (name, value) in Parameters(header) {
            if name.eq_ignore_ascii_case("resource_metadata") && value.len() <= MAX_URL_BYTES {
                self.resource_metadata.get_or_insert(value);
            } else if name.eq_ignore_ascii_case("scope") && self.scopes.is_empty() {
                self.scopes = split_scopes(&value);
            }
        }
    }
}

impl From<&Refusal> for Challenge {
    fn from(refusal: &Refusal) -> Self {
        let metadata = refusal.resource_metadata.clone();
        Self {
            resource_metadata: metadata.filter(|url| url.len() <= MAX_URL_BYTES),
            scopes: union_of_scopes(refusal.scopes.iter().map(String::as_str)),
        }
    }
}

/// The `name=value` pairs of a header; schemes and anything else between them are passed over.
struct Parameters<'a>(&'a str);

impl Iterator for Parameters<'_> {
    type Item = (String, String);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (before, after) = self.0.split_once('=')?;
            let name = before.rsplit([' ', ',', '\t']).next().unwrap_or_default();
            let (value, rest) = if let Some(quoted) = after.strip_prefix('"') {
                unquote(quoted)?
            } else {
                let end = after.find([',', ' ', '\t']).unwrap_or(after.len());
                let (value, rest) = after.split_at_checked(end)?;
                (value.to_owned(), rest)
            };
            self.0 = rest;
            if !name.is_empty() {
                return Some((name.to_owned(), value));
            }
        }
    }
}

fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return text.get(at + 1..).map(|rest| (value, rest)),
            '\\' => value.push(letters.next()?.1),
            _ => value.push(letter),
        }
    }
    None
}
