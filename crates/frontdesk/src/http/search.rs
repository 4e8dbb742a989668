//! `GET /chatkit/search`: the caller's threads by title and text.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use frontdesk_chat::FoundThread;
use frontdesk_protocol::Page;
use serde::Deserialize;

use super::caller::Caller;
use super::{App, HttpError};

/// The query of [`search`].
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
    limit: Option<i64>,
    after: Option<String>,
}

/// `GET /chatkit/search?q=&limit=&after=`: a page of what was found, the newest thread first.
pub(crate) async fn search(
    State(app): State<App>,
    Caller(cx): Caller,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Page<FoundThread>>, HttpError> {
    let Query(asked) = asked.map_err(|_| HttpError::bad_request("q", "the query can't be read"))?;
    let after = asked.after.as_deref();
    let found = app.service.search(&cx, &asked.q, asked.limit, after);
    Ok(Json(found.await?))
}
