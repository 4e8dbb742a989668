//! `/`: a plain page to try the chat with.

use axum::extract::OriginalUri;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

const PAGE: &str = include_str!("../../assets/index.html");
const SCRIPT: &str = include_str!("../../assets/page.js");
const STYLE: &str = include_str!("../../assets/page.css");
/// Where the page says what its addresses are relative to.
const BASE: &str = "{{base}}";
/// The page loads its own script and style and talks to its own server; nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/// The page.
pub(crate) async fn page(OriginalUri(uri): OriginalUri) -> Response {
    let page = PAGE.replace(BASE, &base(uri.path()));
    asset("text/html; charset=utf-8", page)
}

/// The page's script.
pub(crate) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

/// The page's style.
pub(crate) async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

fn asset(content_type: &'static str, body: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
        (
            HeaderName::from_static("x-frame-options"),
            HeaderValue::from_static("DENY"),
        ),
    ];
    (headers, body).into_response()
}

/// Relative, so that it holds under any prefix: seen at `/support`, the page's files are at `support/`.
fn base(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_.~%".contains(sign);
    match last {
        "" => "./".to_owned(),
        last => format!(
            "./{}/",
            last.chars().filter(|sign| plain(*sign)).collect::<String>()
        ),
    }
}
