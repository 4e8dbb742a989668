//! `POST /chatkit`: the protocol.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use frontdesk_chat::{ChatError, Reply};
use frontdesk_protocol::Request;
use frontdesk_store::TurnId;

use super::answer::JSON;
use super::caller::Caller;
use super::json_body::read_json_body;
use super::stream::stream;
use super::{App, HttpError};

/// Names the turn whose events a stream has, or that runs in the thread that was asked for.
const TURN: HeaderName = HeaderName::from_static("frontdesk-turn");

/// The longest key of a request, in characters.
const MAX_KEY: usize = 255;

/// Handles one request.
pub(crate) async fn handle(
    State(app): State<App>,
    Caller(mut cx): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    cx.idempotency_key = idempotency_key(&headers)?;
    let body = read_json_body(&headers, body).await?;
    let request = Request::parse(&body).map_err(ChatError::from)?;
    let (turn, mut response) = match app.service.handle(request, cx).await? {
        Reply::Json { body, turn } => {
            (turn, ([(header::CONTENT_TYPE, JSON)], body).into_response())
        }
        Reply::Stream { turn, reader } => (turn, stream(reader, app.framing)),
    };
    if let Some(turn) = turn.as_ref().and_then(turn_header) {
        response.headers_mut().insert(TURN, turn);
    }
    Ok(response)
}

/// The key by which a client knows its request again; what can't be one is refused rather than done twice.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, HttpError> {
    let mut keys = headers.get_all("idempotency-key").iter();
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    let is_key = |key: &&str| {
        (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match key.to_str().ok().filter(is_key) {
        Some(key) if keys.next().is_none() => Ok(Some(key.to_owned())),
        _ => Err(HttpError::bad_request(
            "Idempotency-Key",
            format!("expected one key of 1 to {MAX_KEY} visible ASCII characters"),
        )),
    }
}

pub(crate) fn turn_header(turn: &TurnId) -> Option<HeaderValue> {
    HeaderValue::from_str(turn.as_str()).ok()
}
