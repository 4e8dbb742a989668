//! Lets the pages of listed origins read answers
//! ([CORS](https://fetch.spec.whatwg.org/#http-cors-protocol)). Whether they may ask at all is decided further in.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::refusal::{SERVER_ERROR, refusal};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE");

/// What a page may read besides the body.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("mcp-session-id, retry-after, www-authenticate");

/// How long a browser may go without asking again, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// The origins whose pages may call.
#[derive(Debug)]
pub(crate) struct Origins(Vec<Origin>);

#[derive(Debug)]
struct Origin {
    scheme: String,
    host: String,
    /// `None` for any.
    port: Option<u16>,
}

impl Origins {
    pub(crate) fn new(listed: &[String]) -> Self {
        Self(
            listed
                .iter()
                .filter_map(|one| Origin::listed(one))
                .collect(),
        )
    }

    fn has(&self, origin: &HeaderValue) -> bool {
        let url = origin.to_str().ok().and_then(|text| Url::parse(text).ok());
        url.is_some_and(|url| self.0.iter().any(|listed| listed.is(&url)))
    }
}

impl Origin {
    fn listed(text: &str) -> Option<Self> {
        let (address, any) = match text.strip_suffix(":*") {
            Some(address) => (address, true),
            None => (text, false),
        };
        let url = Url::parse(address).ok()?;
        // One that names no port is for any, as where the request itself is let in.
        let named = text.trim_end_matches('/').rsplit_once(':');
        let named = named.is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        Some(Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str()?.to_owned(),
            port: url.port_or_known_default().filter(|_| named && !any),
        })
    }

    fn is(&self, url: &Url) -> bool {
        let port = self
            .port
            .is_none_or(|port| url.port_or_known_default() == Some(port));
        port && url.scheme() == self.scheme && url.host_str() == Some(&self.host)
    }
}

pub(crate) async fn check(
    State(origins): State<Arc<Origins>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(origin) = request.headers().get(ORIGIN).cloned() else {
        return next.run(request).await;
    };
    let listed = origins.has(&origin);
    let before = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (before, listed) {
        (true, true) => before_the_request(&request),
        (true, false) => refusal(
            StatusCode::FORBIDDEN,
            SERVER_ERROR,
            "Origin header is not allowed",
        ),
        (false, _) => next.run(request).await,
    };
    if listed {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
    response
}

/// What a browser asks before it sends a page's request: it may send what it names, without cookies.
fn before_the_request(request: &Request) -> Response {
    let wanted = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS);
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if let Some(wanted) = wanted {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_told_apart_by_scheme_host_and_port() {
        let cases = [
            ("https://a.example:443", "https://a.example", true),
            ("https://a.example:443", "https://a.example:443", true),
            ("https://a.example:443", "https://a.example:444", false),
            ("https://a.example:443", "http://a.example", false),
            ("https://a.example:443", "https://a.example.evil", false),
            ("http://127.0.0.1:*", "http://127.0.0.1:8000", true),
            ("http://[::1]:*", "http://[::1]:8000", true),
            ("https://a.example", "https://a.example:444", true),
            ("https://a.example", "null", false),
        ];
        for (listed, origin, expected) in cases {
            let origins = Origins::new(&[listed.to_owned()]);
            let origin = HeaderValue::from_static(origin);
            assert_eq!(origins.has(&origin), expected, "{listed} {origin:?}");
        }
    }
}
