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

/// Handles one request.
pub(crate) async fn handle(
    State(app): State<App>,
    Caller(cx): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
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

pub(crate) fn turn_header(turn: &TurnId) -> Option<HeaderValue> {
    HeaderValue::from_str(turn.as_str()).ok()
}
