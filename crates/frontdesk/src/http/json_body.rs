//! Reads a JSON body within its bounds: size, time and content type.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::BytesMut;
use http_body_util::BodyExt;

use super::HttpError;

/// The largest body that is taken, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 2 << 20;
/// How much more is read and thrown away, so that the client gets to read why it is refused.
const MAX_DISCARDED_BYTES: usize = 16 << 20;
/// How long a body may take.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// The whole body, if it is JSON by its content type (or has none) and small enough.
pub(crate) async fn read_json_body(headers: &HeaderMap, body: Body) -> Result<Bytes, HttpError> {
    let timely = tokio::time::timeout(BODY_DEADLINE, collect(body)).await;
    let bytes = timely.map_err(|_| {
        HttpError::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "the body took too long",
        )
    })??;
    if !is_json(headers) {
        return Err(HttpError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "the content type must be application/json",
        ));
    }
    Ok(bytes)
}

async fn collect(mut body: Body) -> Result<Bytes, HttpError> {
    let mut collected = BytesMut::new();
    let mut read = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| HttpError::bad_request("", "the body could not be read"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        read = read.saturating_add(data.len());
        if read <= MAX_BODY_BYTES {
            collected.extend_from_slice(&data);
        } else {
            collected.clear();
        }
        if read > MAX_BODY_BYTES + MAX_DISCARDED_BYTES {
            break;
        }
    }
    if read > MAX_BODY_BYTES {
        let message = format!("the body is larger than {MAX_BODY_BYTES} bytes");
        return Err(HttpError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            message,
        ));
    }
    Ok(collected.freeze())
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let Ok(content_type) = content_type.to_str() else {
        return false;
    };
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}
