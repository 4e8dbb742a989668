//! `/chatkit/files`: attachments' bytes, in and out.
//!
//! A signed link is good for what it says, without sign-in; without a link, the caller has to be the owner.

mod body;
mod download;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use frontdesk_chat::Uploads;
use frontdesk_files::{Announced, FileError, Purpose};
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId};
use serde::Deserialize;

use super::answer::JSON;
use super::caller::Caller;
use super::{App, HttpError};
use crate::attachments::Attachments;
use body::{Form, Sent, media_type};

pub(crate) use download::download;

/// When to come back where too much is going on, in seconds.
const WAIT: u32 = 10;

#[derive(Deserialize)]
struct Link {
    link: Option<String>,
}

/// What a file is called that is the body itself.
#[derive(Deserialize)]
pub(crate) struct Named {
    #[serde(default)]
    name: String,
}

/// Who may do something with a file, and what.
pub(crate) struct Access {
    id: AttachmentId,
    scope: Scope,
    /// What the link is good for; the owner may do everything.
    link: Option<Purpose>,
}

impl FromRequestParts<App> for Access {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, HttpError> {
        let id = Path::<String>::from_request_parts(parts, app).await;
        let Path(id) = id.map_err(|_| HttpError::not_found())?;
        let id = AttachmentId::new(id);
        let query: Result<Query<Link>, QueryRejection> =
            Query::from_request_parts(parts, app).await;
        let link = query.ok().and_then(|Query(query)| query.link);
        let Some(link) = link else {
            let Caller(cx) = Caller::from_request_parts(parts, app).await?;
            let scope = cx.scope();
            return Ok(Self {
                id,
                scope,
                link: None,
            });
        };
        app.hosts.check(parts)?;
        let checked = app.attachments()?.check(&link, &id);
        let (purpose, scope) = checked.map_err(|error| forbidden(error.to_string()))?;
        Ok(Self {
            id,
            scope,
            link: Some(purpose),
        })
    }
}

impl Access {
    /// Refuses a link that is good for something else.
    fn check(&self, wanted: &[Purpose]) -> Result<(), HttpError> {
        match self.link {
            Some(purpose) if !wanted.contains(&purpose) => {
                Err(forbidden("the link is not valid for this"))
            }
            _ => Ok(()),
        }
    }
}

/// `POST /chatkit/files`: a file, in a form or as the body, becomes an attachment.
pub(crate) async fn create(
    State(app): State<App>,
    Caller(cx): Caller,
    named: Result<Query<Named>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    let sent = Sent::new(body);
    let scope = cx.scope();
    let receiving = async {
        let attachments = app.attachments()?;
        let files = &attachments.files;
        let announced = |name: &str, media_type: &str| Announced {
            id: AttachmentId::new(app.ids.next("atc")),
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size: None,
        };
        let received = if let Some(mut form) = Form::of(&headers, &sent, files.limits()) {
            let mut file = form.file().await?;
            let announced = announced(file.name(), file.media_type());
            files.receive_new(&scope, announced, &mut file).await?
        } else {
            let Query(named) = named.map_err(|_| {
                HttpError::bad_request("name", "has to be one text, percent-encoded")
            })?;
            let announced = announced(&named.name, media_type(&headers));
            let body = &mut sent.clone();
            files.receive_new(&scope, announced, body).await?
        };
        Ok(told(attachments, received, &scope))
    };
    let received = receiving.await;
    sent.drain().await;
    received
}

/// `POST` or `PUT /chatkit/files/{id}`: the bytes of an attachment, in a form or as the body.
pub(crate) async fn receive(
    State(app): State<App>,
    access: Access,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    access.check(&[Purpose::Upload])?;
    let sent = Sent::new(body);
    let receiving = async {
        let attachments = app.attachments()?;
        let (files, scope, id) = (&attachments.files, &access.scope, &access.id);
        let received = match Form::of(&headers, &sent, files.limits()) {
            Some(mut form) => {
                let mut file = form.file().await?;
                files.receive(scope, id, &mut file).await
            }
            None => files.receive(scope, id, &mut sent.clone()).await,
        };
        let received = received?.ok_or_else(HttpError::not_found)?;
        Ok(told(attachments, received, scope))
    };
    let received = receiving.await;
    sent.drain().await;
    received
}

fn told(attachments: &Attachments, mut attachment: Attachment, scope: &Scope) -> Response {
    attachments.show(&mut attachment, scope);
    // What describes a file always makes JSON.
    let body = serde_json::to_vec(&attachment.into_wire()).unwrap_or_default();
    ([(header::CONTENT_TYPE, JSON)], body).into_response()
}

fn forbidden(message: impl Into<String>) -> HttpError {
    HttpError::new(StatusCode::FORBIDDEN, "forbidden", message)
}

impl From<FileError> for HttpError {
    fn from(error: FileError) -> Self {
        let (status, code) = match &error {
            FileError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            FileError::Unsupported { .. } => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            FileError::Unusable { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "unprocessable"),
            FileError::Conflict { .. } => (StatusCode::CONFLICT, "conflict"),
            FileError::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            FileError::Broken { .. } => (StatusCode::BAD_REQUEST, "bad_request"),
            FileError::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            FileError::Internal { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        let message = error.to_string();
        let detail = match error {
            FileError::Unavailable { detail } | FileError::Internal { detail } => Some(detail),
            _ => None,
        };
        let waits = matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        Self {
            detail,
            retry_after: waits.then_some(WAIT),
            ..Self::new(status, code, message)
        }
    }
}
