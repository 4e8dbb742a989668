//! The front end: the chat's script, what it loads when it is first needed, and our own pages.

use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use frontdesk_ui::Asset;

use super::{App, HttpError};

/// Instead of the pages where there are none.
const UNBUILT: &str = include_str!("../../assets/unbuilt.html");
/// Where a page says what its addresses are relative to.
const BASE: &str = "{{base}}";
/// Where a page says what the server lets users do.
const ABILITIES: &str = "{{abilities}}";
/// The page loads its own files and talks to its own server, and turns no text into markup or script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data: blob:; font-src 'self'; media-src blob:; base-uri 'self'; form-action 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors ";

/// `/`: the page.
pub(crate) async fn page(State(app): State<App>, OriginalUri(uri): OriginalUri) -> Response {
    let deny = (HeaderName::from_static("x-frame-options"), "DENY");
    ([deny], shown("index.html", &app, uri.path(), "'none'")).into_response()
}

/// `/embed`: the chat alone, for the frames of pages that may call us.
pub(crate) async fn embed(State(app): State<App>, OriginalUri(uri): OriginalUri) -> Response {
    shown("embed.html", &app, uri.path(), &app.cors.framers())
}

/// `/chatkit.js`
pub(crate) async fn script(headers: HeaderMap) -> Response {
    file("chatkit.js", &headers)
}

/// `/ui/{path}`: what the script and the pages load.
pub(crate) async fn part(Path(path): Path<String>, headers: HeaderMap) -> Response {
    file(&format!("ui/{path}"), &headers)
}

fn shown(name: &str, app: &App, path: &str, framers: &str) -> Response {
    let Some(page) = frontdesk_ui::asset(name) else {
        return (page_headers("'none'"), UNBUILT).into_response();
    };
    let abilities = serde_json::json!({ "attachments": app.attachments.is_some() });
    let page = String::from_utf8_lossy(page.bytes)
        .replace(BASE, &base(path))
        .replace(ABILITIES, &abilities.to_string().replace('"', "&quot;"));
    (page_headers(framers), page).into_response()
}

fn page_headers(framers: &str) -> [(HeaderName, HeaderValue); 4] {
    let nobody = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    let policy = HeaderValue::try_from(format!("{POLICY}{framers}")).unwrap_or(nobody);
    [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ]
}

fn file(path: &str, headers: &HeaderMap) -> Response {
    match frontdesk_ui::asset(path) {
        Some(asset) => sent(asset, headers),
        None => HttpError::not_found().into_response(),
    }
}

/// Pages of any origin may load it, also those that are isolated from others: it is the same for everybody.
fn sent(asset: &'static Asset, asked: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", asset.etag);
    let has = |name: HeaderName, part: &str| {
        let values = asked
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .any(|value| value.trim() == part)
    };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type()),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "Accept-Encoding"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ];
    let headers = (headers, [(header::ETAG, etag.clone())]);
    if has(header::IF_NONE_MATCH, &etag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    match asset.gzip {
        Some(packed) if has(header::ACCEPT_ENCODING, "gzip") => {
            let encoding = [(header::CONTENT_ENCODING, "gzip")];
            (headers, encoding, packed).into_response()
        }
        _ => (headers, asset.bytes).into_response(),
    }
}

/// Relative, so that it holds under any prefix: seen at `/support`, the page's files are at `support/`.
fn base(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_.~%".contains(sign);
    match last {
        // The embedded page lies beside the files.
        "" | "embed" => "./".to_owned(),
        last => format!(
            "./{}/",
            last.chars().filter(|sign| plain(*sign)).collect::<String>()
        ),
    }
}
