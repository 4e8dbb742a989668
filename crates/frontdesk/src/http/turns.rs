//! `/chatkit/turns/{id}`: reading a turn's events again, and stopping it.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use frontdesk_chat::Stopped;
use frontdesk_store::{EventId, TurnId};
use serde::Deserialize;

use super::answer::JSON;
use super::caller::Caller;
use super::stream::stream;
use super::{App, HttpError};

/// The query of [`events`].
#[derive(Deserialize)]
pub(crate) struct After {
    after: Option<String>,
}

/// `GET /chatkit/turns/{id}/events`: the events after `Last-Event-ID`, else after `?after=`, else all.
pub(crate) async fn events(
    State(app): State<App>,
    Caller(cx): Caller,
    turn: Result<Path<String>, PathRejection>,
    query: Result<Query<After>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let turn = turn_id(turn)?;
    let Query(query) =
        query.map_err(|_| HttpError::bad_request("after", "the query can't be read"))?;
    let after = match headers.get("last-event-id") {
        Some(value) => Some(event_id(
            "Last-Event-ID",
            value.to_str().unwrap_or_default(),
        )?),
        None => query
            .after
            .map(|after| event_id("after", &after))
            .transpose()?,
    };
    let reader = app.service.events(&cx, &turn, after).await?;
    Ok(stream(reader, app.framing))
}

/// `POST /chatkit/turns/{id}/stop`. Stopping a turn that is over changes nothing. 202 says that the turn's end takes a
/// while: it was asked to stop.
pub(crate) async fn stop(
    State(app): State<App>,
    Caller(cx): Caller,
    turn: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    let status = match app.service.stop(&cx, &turn_id(turn)?).await? {
        Stopped::Over => StatusCode::OK,
        Stopped::Asked => StatusCode::ACCEPTED,
    };
    Ok((status, [(header::CONTENT_TYPE, JSON)], "{}").into_response())
}

fn turn_id(path: Result<Path<String>, PathRejection>) -> Result<TurnId, HttpError> {
    path.map(|Path(id)| TurnId::new(id))
        .map_err(|_| HttpError::not_found())
}

fn event_id(field: &str, text: &str) -> Result<EventId, HttpError> {
    text.parse()
        .map_err(|_| HttpError::bad_request(field, "expected the id of an event, such as 1-17"))
}
