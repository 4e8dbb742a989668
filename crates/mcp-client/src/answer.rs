//! An HTTP answer as a message of the protocol: bounded before it is read, and checked before it is believed.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use reqwest::Response;
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, ErrorData, JsonRpcMessage, RequestId, ServerJsonRpcMessage,
};
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpError, StreamableHttpPostResponse,
};
use sse_stream::{Sse, SseStream};

use crate::http_failure::{HttpError, HttpFailure, bounded};
use crate::redact::Redactor;

/// The longest answer that is read, in bytes; of a stream, the longest event.
pub(crate) const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// The longest answer of a failure, in bytes.
const MAX_FAILURE_BYTES: usize = 64 * 1024;
/// What the names begin with that `serde_json` reads in a way of its own, with a fresh limit of depth.
const RESERVED: &str = "$serde_json::private::";

/// An answer to something that was posted.
pub(crate) struct Answer {
    pub(crate) response: Response,
    /// Blots out the credentials that it repeats, before anything else sees them.
    pub(crate) redactor: Redactor,
    pub(crate) max_event_bytes: usize,
}

impl Answer {
    /// What it says to this message.
    pub(crate) async fn to(
        self,
        message: &ClientJsonRpcMessage,
        in_session: bool,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let status = self.response.status();
        if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        if status == StatusCode::NOT_FOUND && in_session {
            return Err(StreamableHttpError::SessionExpired);
        }
        if !status.is_success() {
            return self.failure(message).await;
        }
        let session = self
            .response
            .headers()
            .get("mcp-session-id")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        if is_event_stream(&self.response) {
            let events = events(self.response, self.max_event_bytes, self.redactor);
            return Ok(StreamableHttpPostResponse::Sse(events, session));
        }
        let Some(asked) = id(message) else {
            // Whatever is said to what needs no answer.
            return Ok(StreamableHttpPostResponse::Accepted);
        };
        if !is_json(&self.response) {
            let given = media_type(&self.response).unwrap_or_else(|| "nothing".to_owned());
            return Err(HttpFailure::NotProtocol(bounded(&given)).into());
        }
        let body = read(self.response, MAX_ANSWER_BYTES).await?;
        let answer = message_of(&body, &self.redactor)?;
        if !answers(&answer, asked) {
            return Err(HttpFailure::NotProtocol("it answers another request".to_owned()).into());
        }
        Ok(StreamableHttpPostResponse::Json(answer, session))
    }

    /// An error of the protocol, where it is one, else of HTTP.
    async fn failure(
        self,
        message: &ClientJsonRpcMessage,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let status = self.response.status();
        let is_json = is_json(&self.response);
        let body = read(self.response, MAX_FAILURE_BYTES).await;
        let body = body.unwrap_or_default();
        let answer = is_json.then(|| message_of(&body, &self.redactor).ok());
        match (answer.flatten(), id(message)) {
            (Some(JsonRpcMessage::Error(mut error)), Some(id)) => {
                error.id = Some(id.clone());
                let error = JsonRpcMessage::Error(error);
                Ok(StreamableHttpPostResponse::Json(error, None))
            }
            // How servers of before 2026-07-28 say that they don't know what they are asked.
            (_, Some(id)) if status.is_client_error() && asks_for_the_newer(message) => {
                let error = ErrorData::invalid_request(format!("refused with {status}"), None);
                let error = ServerJsonRpcMessage::error(error, Some(id.clone()));
                Ok(StreamableHttpPostResponse::Json(error, None))
            }
            _ => {
                let body = self
                    .redactor
                    .text(String::from_utf8_lossy(&body).into_owned());
                Err(HttpFailure::Status(status.as_u16(), bounded(&body)).into())
            }
        }
    }
}

/// The events of an answer, each bounded and without reserved names.
pub(crate) fn events(
    response: Response,
    max_event_bytes: usize,
    redactor: Redactor,
) -> BoxStream<'static, Result<Sse, SseError>> {
    let bytes = Limited {
        bytes: response.bytes_stream().boxed(),
        max: max_event_bytes,
        since_blank: 0,
        at_line_start: true,
        over: false,
    };
    SseStream::from_bytes_stream(bytes)
        .map(move |event| {
            let mut event = event?;
            event.data = event.data.map(|data| redactor.json(data));
            if event.data.as_deref().is_some_and(is_reserved) {
                let failure = HttpFailure::NotProtocol("a reserved name".to_owned());
                return Err(SseError::Body(Box::new(failure)));
            }
            Ok(event)
        })
        .boxed()
}

pub(crate) fn is_event_stream(response: &Response) -> bool {
    media_type(response).is_some_and(|media_type| media_type == "text/event-stream")
}

fn is_json(response: &Response) -> bool {
    media_type(response).is_some_and(|media_type| media_type == "application/json")
}

fn id(message: &ClientJsonRpcMessage) -> Option<&RequestId> {
    match message {
        JsonRpcMessage::Request(request) => Some(&request.id),
        _ => None,
    }
}

fn media_type(response: &Response) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let media_type = value.split(';').next().unwrap_or_default();
    Some(media_type.trim().to_ascii_lowercase())
}

fn asks_for_the_newer(message: &ClientJsonRpcMessage) -> bool {
    matches!(
        message,
        JsonRpcMessage::Request(request) if matches!(request.request, ClientRequest::DiscoverRequest(_))
    )
}

fn answers(answer: &ServerJsonRpcMessage, asked: &RequestId) -> bool {
    match answer {
        JsonRpcMessage::Response(response) => same(&response.id, asked),
        JsonRpcMessage::Error(error) => error.id.as_ref().is_none_or(|id| same(id, asked)),
        _ => false,
    }
}

/// Some servers give a number back as text.
fn same(id: &RequestId, asked: &RequestId) -> bool {
    id == asked || id.to_string() == asked.to_string()
}

pub(crate) fn message_of(
    body: &[u8],
    redactor: &Redactor,
) -> Result<ServerJsonRpcMessage, HttpFailure> {
    let text =
        std::str::from_utf8(body).map_err(|_| HttpFailure::NotProtocol("not text".to_owned()))?;
    let text = redactor.json_of(text);
    if is_reserved(&text) {
        return Err(HttpFailure::NotProtocol("a reserved name".to_owned()));
    }
    // What is wrong with a text is said without the text.
    serde_json::from_str(&text).map_err(|error| {
        HttpFailure::NotProtocol(match error.classify() {
            serde_json::error::Category::Data => "JSON that is no message".to_owned(),
            _ => format!("no JSON at line {} column {}", error.line(), error.column()),
        })
    })
}

/// Whether a reserved name may be in it, also one that is written with escapes.
fn is_reserved(text: &str) -> bool {
    if text.contains(RESERVED) {
        return true;
    }
    if !text.contains("\\u00") {
        return false;
    }
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split("\\u00");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let code = part
            .get(..2)
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        plain.extend(code.map(char::from));
        plain.push_str(part.get(2..).unwrap_or_default());
    }
    plain.contains(RESERVED)
}

async fn read(response: Response, max: usize) -> Result<Vec<u8>, HttpFailure> {
    let declared = response.content_length();
    if declared.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > max)) {
        return Err(HttpFailure::TooLong(max));
    }
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(HttpFailure::of)?;
        if chunk.len() > max.saturating_sub(body.len()) {
            return Err(HttpFailure::TooLong(max));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Ends a stream with an error where more than so many bytes come without a blank line, which ends an event.
struct Limited {
    bytes: BoxStream<'static, reqwest::Result<Bytes>>,
    max: usize,
    since_blank: usize,
    at_line_start: bool,
    over: bool,
}

impl Limited {
    fn fits(&mut self, chunk: &[u8]) -> bool {
        for byte in chunk {
            match byte {
                b'\n' | b'\r' if self.at_line_start => self.since_blank = 0,
                b'\n' => self.at_line_start = true,
                b'\r' => {}
                _ => self.at_line_start = false,
            }
            self.since_blank = self.since_blank.saturating_add(1);
            if self.since_blank > self.max {
                return false;
            }
        }
        true
    }
}

impl Stream for Limited {
    type Item = Result<Bytes, HttpFailure>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        let chunk = std::task::ready!(self.bytes.poll_next_unpin(context));
        let item = match chunk {
            None => return Poll::Ready(None),
            Some(Ok(chunk)) if self.fits(&chunk) => Ok(chunk),
            Some(Ok(_)) => Err(HttpFailure::TooLong(self.max)),
            Some(Err(error)) => Err(HttpFailure::of(error)),
        };
        self.over = item.is_err();
        Poll::Ready(Some(item))
    }
}
