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

use crate::KitError;
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
    /// # Errors
    /// One of them isn't an origin.
    pub(crate) fn new(listed: &[String]) -> Result<Self, KitError> {
        let read =
            |one: &String| Origin::listed(one).ok_or_else(|| KitError::Unmatched(one.clone()));
        listed.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The same, as the protocol's own check reads them.
    pub(crate) fn listed(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|one| {
            let port = match one.port {
                Some(port) => port.to_string(),
                None => "*".to_owned(),
            };
            format!("{}://{}:{port}", one.scheme, one.host)
        })
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
        let bare = matches!(url.path(), "" | "/")
            && url.username().is_empty()
            && url.query().is_none()
            && url.fragment().is_none();
        let host = url.host_str().filter(|host| bare && !host.contains('*'))?;
        Some(Self {
            scheme: url.scheme().to_owned(),
            host: host.to_owned(),
            port: url.port_or_known_default().filter(|_| !any),
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
            ("https://a.example", "https://a.example", true),
            ("https://a.example/", "https://a.example:444", false),
            ("https://a.example:*", "https://a.example:444", true),
            ("app://desk", "app://desk", true),
            ("https://a.example", "null", false),
        ];
        for (listed, origin, expected) in cases {
            let origins = Origins::new(&[listed.to_owned()]).unwrap();
            let origin = HeaderValue::from_static(origin);
            assert_eq!(origins.has(&origin), expected, "{listed} {origin:?}");
        }
    }
}
