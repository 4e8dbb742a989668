//! `GET /chatkit/files/{id}`: a file, in a form in which no browser runs it.

use std::fmt::Write as _;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use frontdesk_files::{Opened, Purpose};

use super::super::{App, HttpError};
use super::Access;

/// Nothing in a file may load or run anything, or be part of the product's own origin.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
/// A link's file never changes, and the link itself changes with the hour.
const KEPT: HeaderValue = HeaderValue::from_static("private, max-age=3600, immutable");
const NOT_KEPT: HeaderValue = HeaderValue::from_static("private, no-cache");
/// What a file is sent as that is neither text, an image nor a PDF.
const BYTES: &str = "application/octet-stream";
/// Any text is sent as plain text: a page that somebody uploaded is no page of ours.
const TEXT: &str = "text/plain; charset=utf-8";

/// Gives a file out; with a link to it, its preview.
pub(crate) async fn download(
    State(app): State<App>,
    access: Access,
) -> Result<Response, HttpError> {
    access.check(&[Purpose::Download, Purpose::Preview])?;
    let which = access.link.unwrap_or(Purpose::Download);
    let files = &app.attachments()?.files;
    let opened = files.get(&access.scope, &access.id, which).await?;
    let opened = opened.ok_or_else(HttpError::not_found)?;
    let kept = match access.link {
        Some(_) => KEPT,
        None => NOT_KEPT,
    };
    Ok(sent(opened, kept))
}

fn sent(opened: Opened, kept: HeaderValue) -> Response {
    let media_type = sent_type(&opened.media_type);
    let how = if is_shown(media_type) {
        "inline"
    } else {
        "attachment"
    };
    let disposition = HeaderValue::try_from(disposition(how, &opened.name));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_LENGTH, opened.size.into()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, kept),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        ),
    ];
    (headers, Body::from_stream(opened.bytes)).into_response()
}

/// As what a file of this type is sent.
fn sent_type(media_type: &str) -> &'static str {
    match media_type {
        "image/png" => "image/png",
        "image/jpeg" => "image/jpeg",
        "image/gif" => "image/gif",
        "image/webp" => "image/webp",
        "application/pdf" => "application/pdf",
        text if text.starts_with("text/") => TEXT,
        _ => BYTES,
    }
}

fn is_shown(sent_type: &str) -> bool {
    sent_type.starts_with("image/")
}

/// The header that names the file ([RFC 6266](https://www.rfc-editor.org/rfc/rfc6266#section-4)): in ASCII for old
/// readers, and as it is ([RFC 8187](https://www.rfc-editor.org/rfc/rfc8187#section-3.2)).
fn disposition(how: &str, name: &str) -> String {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || " .-_()".contains(sign);
    let ascii = name
        .chars()
        .map(|sign| if plain(sign) { sign } else { '_' });
    let ascii: String = ascii.collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a text can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("{how}; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_so_that_nothing_follows_from_it() {
        let cases = [
            (
                "plan.pdf",
                "attachment; filename=\"plan.pdf\"; filename*=UTF-8''plan.pdf",
            ),
            (
                "a\"; b=\r\nc",
                "attachment; filename=\"a__ b___c\"; filename*=UTF-8''a%22%3B%20b%3D%0D%0Ac",
            ),
            (
                "é.txt",
                "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%A9.txt",
            ),
        ];
        for (name, expected) in cases {
            assert_eq!(disposition("attachment", name), expected);
        }
    }

    #[test]
    fn only_images_are_shown_and_no_page_is_sent_as_one() {
        let cases = [
            ("image/png", "image/png", true),
            ("text/html", TEXT, false),
            ("image/svg+xml", BYTES, false),
            ("application/xhtml+xml", BYTES, false),
            ("application/pdf", "application/pdf", false),
        ];
        for (media_type, sent, shown) in cases {
            assert_eq!(sent_type(media_type), sent);
            assert_eq!(is_shown(sent), shown);
        }
    }
}
