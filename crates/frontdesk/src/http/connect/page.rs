//! The pages by which an account is connected: plain HTML that runs nothing, says what happens, and is kept nowhere.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use frontdesk_auth::outgoing::OutgoingError;
use frontdesk_auth::outgoing::oauth::{ConnectError, Connecting};

use super::super::HttpError;

const PAGE: &str = include_str!("../../../assets/connect.html");
const STYLE: &str = include_str!("../../../assets/connect.css");
/// Nothing is run and nothing is loaded but our own style. A form goes to us, and from there to an authorization server
/// that is not known yet when the page is shown; browsers hold redirects against `form-action`, too.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; \
     form-action 'self' https: http:; frame-ancestors 'none'",
);
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// For answers that lead elsewhere: they aren't kept, and where they lead to doesn't learn of the link.
pub(super) const PRIVATE: [(HeaderName, HeaderValue); 2] = [
    (header::CACHE_CONTROL, NO_STORE),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
];

/// The pages' style.
pub(super) fn style() -> Response {
    let css = HeaderValue::from_static("text/css; charset=utf-8");
    let headers = [
        (header::CONTENT_TYPE, css),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, STYLE).into_response()
}

/// Why nothing is connected, as a page.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    text: String,
    /// For the operator's log.
    detail: Option<String>,
}

impl Failure {
    /// A link that leads nowhere.
    pub(super) const UNKNOWN: Refused = Refused(
        StatusCode::NOT_FOUND,
        "This link has run out or isn't whole. Ask for a new one in the chat.",
    );
    /// A form that isn't ours.
    pub(super) const FOREIGN: Refused = Refused(
        StatusCode::FORBIDDEN,
        "This can only be done from our own page. Open the link in the chat once more.",
    );
    /// A link of another user's.
    pub(super) const SOMEONE_ELSE: Refused = Refused(
        StatusCode::FORBIDDEN,
        "This link is for another user than the one who is signed in here. Nothing was connected.",
    );

    /// Something that can't be.
    pub(super) fn broken(detail: String) -> Self {
        Self {
            status: StatusCode::BAD_GATEWAY,
            text: "Connecting doesn't work. Whoever runs this chat can find out why.".to_owned(),
            detail: Some(detail),
        }
    }
}

/// A failure that is always the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused(StatusCode, &'static str);

impl From<Refused> for Failure {
    fn from(Refused(status, text): Refused) -> Self {
        Self {
            status,
            text: text.to_owned(),
            detail: None,
        }
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        Self {
            status: error.status,
            text: format!("This can't be done: {}.", error.message),
            detail: error.detail,
        }
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let (status, text) = match &error {
            ConnectError::Link { reason } => (
                StatusCode::BAD_REQUEST,
                format!("Nothing was connected: {reason}."),
            ),
            ConnectError::Declined => (
                StatusCode::FORBIDDEN,
                "You didn't allow it, so nothing was connected.".to_owned(),
            ),
            ConnectError::Failed(OutgoingError::Expired) => (
                StatusCode::BAD_REQUEST,
                "It took too long, so nothing was connected. Ask for a new link in the chat."
                    .to_owned(),
            ),
            ConnectError::Failed(why @ OutgoingError::Unavailable { .. }) => {
                return Self {
                    status: StatusCode::SERVICE_UNAVAILABLE,
                    text: "The other side doesn't answer at the moment. Try again in a while."
                        .to_owned(),
                    detail: Some(why.to_string()),
                };
            }
            ConnectError::Failed(why) => return Self::broken(why.to_string()),
        };
        Self {
            status,
            text,
            detail: None,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Some(detail) = &self.detail {
            tracing::warn!(detail, "an account was not connected");
        }
        let body = format!("<p>{}</p>", escaped(&self.text));
        let mut response = page("Not connected", &body);
        *response.status_mut() = self.status;
        response
    }
}

/// Asks whether this account is to be connected for this user.
pub(super) fn confirmation(connecting: &Connecting) -> Response {
    let (server, user) = (escaped(&connecting.server), escaped(&connecting.user));
    let body = format!(
        "<p>You are about to connect <b>{server}</b> for <b>{user}</b>.</p>\
         <p>The chat of {user} will then use your account at {server}. \
         If you are not {user}, or didn't ask for this, close this page.</p>\
         <form method=\"post\"><button id=\"send\">Connect {server}</button></form>"
    );
    page(&format!("Connect {server}"), &body)
}

/// Says that it is done.
pub(super) fn connected(server: &str) -> Response {
    let server = escaped(server);
    let body = format!(
        "<p>Your account at <b>{server}</b> is connected.</p>\
         <p>You can close this page and go back to the chat.</p>"
    );
    page("Connected", &body)
}

/// A page of two texts that are HTML already.
fn page(title: &str, body: &str) -> Response {
    let html = PAGE.replace("{{body}}", body).replace("{{title}}", title);
    let headers = [
        (header::CONTENT_TYPE, HTML),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, NO_STORE),
        // With `no-referrer` a browser would send our own form without saying that it comes from us.
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ),
        (
            HeaderName::from_static("x-frame-options"),
            HeaderValue::from_static("DENY"),
        ),
    ];
    (headers, html).into_response()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            sign => escaped.push(sign),
        }
    }
    escaped
}
