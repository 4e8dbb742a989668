//! The body of an upload: as it is, or the field `file` of a form
//! ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)). It is a stream; no more than a piece is in memory.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{HeaderMap, header};
use frontdesk_files::{FileError, FileLimits};
use futures_util::{Stream, StreamExt};
use multer::{Constraints, Field, Multipart, SizeLimit};

use super::super::HttpError;

/// The field of a form that has the file.
const FIELD: &str = "file";
/// Bytes that a form may have beside the file.
const FORM_BYTES: u64 = 64 << 10;
/// Fields of a form that are looked at.
const MOST_FIELDS: usize = 16;
/// How much more is read and thrown away, and how long, so that the client gets to read why it is refused.
const MAX_DISCARDED_BYTES: usize = 16 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(10);
/// How long the fields before the file may take.
const FIELDS_TIME: Duration = Duration::from_secs(30);

/// A body that can be read on when what read it has given up.
#[derive(Clone)]
pub(super) struct Sent(Arc<Mutex<BodyDataStream>>);

impl Sent {
    pub(super) fn new(body: Body) -> Self {
        Self(Arc::new(Mutex::new(body.into_data_stream())))
    }

    /// Reads what is left, within bounds.
    pub(super) async fn drain(mut self) {
        let mut discarded = 0_usize;
        let reading = async {
            while let Some(Ok(chunk)) = self.next().await {
                discarded = discarded.saturating_add(chunk.len());
                if discarded > MAX_DISCARDED_BYTES {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(DISCARD_TIME, reading).await;
    }
}

impl Stream for Sent {
    type Item = Result<Bytes, FileError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let polled = body.poll_next_unpin(cx);
        polled.map(|chunk| chunk.map(|chunk| chunk.map_err(|_| broken_off())))
    }
}

/// A form.
pub(super) struct Form {
    fields: Multipart<'static>,
    limit: u64,
}

impl Form {
    /// The form that a body is by its content type, if it is one.
    pub(super) fn of(headers: &HeaderMap, sent: &Sent, limits: &FileLimits) -> Option<Self> {
        let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let boundary = multer::parse_boundary(content_type).ok()?;
        let limit = limits.max_bytes;
        let most = SizeLimit::new().whole_stream(limit.saturating_add(FORM_BYTES));
        let constraints = Constraints::new().size_limit(most);
        let fields = Multipart::with_constraints(sent.clone(), boundary, constraints);
        Some(Self { fields, limit })
    }

    /// The file in it.
    pub(super) async fn file(&mut self) -> Result<FormFile, HttpError> {
        let missing = || HttpError::bad_request(FIELD, "the form has no file in the field file");
        for _ in 0..MOST_FIELDS {
            let next = tokio::time::timeout(FIELDS_TIME, self.fields.next_field()).await;
            let next = next.map_err(|_| missing())?;
            let next = next.map_err(|error| HttpError::from(unreadable(&error, self.limit)))?;
            let field = next.ok_or_else(missing)?;
            if field.name() == Some(FIELD) {
                return Ok(FormFile {
                    field,
                    limit: self.limit,
                });
            }
        }
        Err(missing())
    }
}

/// A file in a form.
pub(super) struct FormFile {
    field: Field<'static>,
    limit: u64,
}

impl FormFile {
    /// Its name, as the client has it.
    pub(super) fn name(&self) -> &str {
        self.field.file_name().unwrap_or_default()
    }

    /// Its media type, as the client has it.
    pub(super) fn media_type(&self) -> &str {
        media_type(self.field.headers())
    }
}

impl Stream for FormFile {
    type Item = Result<Bytes, FileError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let limit = self.limit;
        let polled = self.field.poll_next_unpin(cx);
        polled.map(|chunk| chunk.map(|chunk| chunk.map_err(|error| unreadable(&error, limit))))
    }
}

/// The media type that headers tell; empty if they don't.
pub(super) fn media_type(headers: &HeaderMap) -> &str {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn unreadable(error: &multer::Error, limit: u64) -> FileError {
    match error {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => {
            FileError::TooLarge { limit }
        }
        multer::Error::StreamReadFailed(_) => broken_off(),
        _ => FileError::Broken {
            message: "the form can't be read".to_owned(),
        },
    }
}

fn broken_off() -> FileError {
    FileError::Broken {
        message: "the upload broke off".to_owned(),
    }
}
