//! Pages of other origins: what their browsers let them send and read
//! ([CORS](https://fetch.spec.whatwg.org/#http-cors-protocol)).
//!
//! It gives no right to do anything: sign-in decides that, for every request but the one that only asks.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{HttpError, PageHeaders};
use crate::config::{CorsCredentials, CorsOrigins, CorsSection};

/// The paths that pages of other origins may call, each with what is below it. Not `/mcp`: pages don't call tools.
const COVERED: [&str; 3] = [
    "/chatkit",
    "/connect",
    "/.well-known/oauth-protected-resource",
];
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE");
const REQUEST_HEADERS: &str =
    "Authorization, Content-Type, Frontdesk-Resume, Last-Event-ID, Idempotency-Key";
const ANSWER_HEADERS: HeaderValue =
    HeaderValue::from_static("Frontdesk-Turn, Frontdesk, X-Request-Id, Retry-After");
/// How long a browser may remember what it was told before a request, in seconds.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");

/// Which pages may call.
#[derive(Debug)]
pub(crate) struct Cors {
    origins: CorsOrigins,
    credentials: CorsCredentials,
    request_headers: HeaderValue,
}

/// What a request's page may do.
pub(crate) enum Grant {
    /// Nothing is said about it.
    Silent,
    /// Nothing; another page might.
    Refused,
    /// It may send the request and read the answer.
    Given {
        /// The page's origin, or all.
        origin: HeaderValue,
        /// Whether with cookies.
        credentials: CorsCredentials,
        /// The headers that it may send.
        request_headers: HeaderValue,
    },
}

impl Cors {
    /// Pages may send those headers, too, in which they tell of themselves.
    pub(crate) fn new(section: &CorsSection, page: &PageHeaders) -> Self {
        let mut request_headers = REQUEST_HEADERS.to_owned();
        for name in page.names() {
            request_headers.extend([", ", name.as_str()]);
        }
        Self {
            request_headers: HeaderValue::try_from(request_headers)
                .unwrap_or(HeaderValue::from_static(REQUEST_HEADERS)),
            origins: section.allowed_origins.value.clone(),
            credentials: section.credentials.value,
        }
    }

    /// Whose frames may show the chat: those that may call us, and our own; as in `frame-ancestors`.
    pub(crate) fn framers(&self) -> String {
        match &self.origins {
            CorsOrigins::Any => "*".to_owned(),
            CorsOrigins::Listed(listed) => {
                let listed = listed.iter().map(String::as_str);
                let all: Vec<&str> = std::iter::once("'self'").chain(listed).collect();
                all.join(" ")
            }
        }
    }

    /// What the page that sends this request may do.
    pub(crate) fn grant(&self, request: &Request) -> Grant {
        let origin = request.headers().get(header::ORIGIN);
        let given = match (&self.origins, origin) {
            (CorsOrigins::Listed(listed), _) if listed.is_empty() => return Grant::Silent,
            _ if !is_covered(request.uri().path()) => return Grant::Silent,
            (CorsOrigins::Any, _) => Some(HeaderValue::from_static("*")),
            (CorsOrigins::Listed(listed), Some(origin)) => listed
                .iter()
                .any(|listed| listed.as_bytes() == origin.as_bytes())
                .then(|| origin.clone()),
            (CorsOrigins::Listed(_), None) => None,
        };
        given.map_or(Grant::Refused, |origin| Grant::Given {
            origin,
            credentials: self.credentials,
            request_headers: self.request_headers.clone(),
        })
    }
}

impl Grant {
    /// The answer to a request that only asks whether another one may be sent; it needs no sign-in.
    pub(crate) fn preflight(&self, request: &Request) -> Option<Response> {
        let asks = request.method() == Method::OPTIONS
            && request
                .headers()
                .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
            && request.headers().contains_key(header::ORIGIN);
        match self {
            _ if !asks => None,
            Self::Silent => None,
            Self::Refused => {
                let message = "this origin is not allowed";
                let refused = HttpError::new(StatusCode::FORBIDDEN, "forbidden", message);
                Some(refused.into_response())
            }
            Self::Given {
                request_headers, ..
            } => {
                let headers = [
                    (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
                    (
                        header::ACCESS_CONTROL_ALLOW_HEADERS,
                        request_headers.clone(),
                    ),
                    (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
                ];
                Some((StatusCode::NO_CONTENT, headers).into_response())
            }
        }
    }

    /// Puts it on the answer.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        match self {
            Self::Silent => {}
            Self::Refused => {
                headers.append(header::VARY, HeaderValue::from_static("Origin"));
            }
            Self::Given {
                origin,
                credentials,
                ..
            } => {
                headers.append(header::VARY, HeaderValue::from_static("Origin"));
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
                if credentials == CorsCredentials::Allowed {
                    headers.insert(
                        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                        HeaderValue::from_static("true"),
                    );
                }
            }
        }
    }
}

fn is_covered(path: &str) -> bool {
    COVERED.iter().any(|covered| {
        path.strip_prefix(covered)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}
