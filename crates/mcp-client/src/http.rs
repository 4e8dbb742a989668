//! The pooled client as the transport sees it: each request with its caller's identity, asked once more where that is
//! refused; redirects stay at the server; nothing of an answer is believed before it is checked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_auth::outgoing::{Attachment, OutgoingError, RefusalKind};
use frontdesk_identity::Secret;
use futures_util::stream::BoxStream;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use reqwest::Response;
use rmcp::model::ClientJsonRpcMessage;
use rmcp::transport::streamable_http_client::{
    AuthRequiredError, SseError, StreamableHttpClient, StreamableHttpError,
    StreamableHttpPostResponse,
};
use sse_stream::Sse;
use url::Url;

use crate::answer::{Answer, MAX_ANSWER_BYTES, events, is_event_stream};
use crate::challenge::Challenge;
use crate::credential::{Credential, Repeat, Sending};
use crate::http_failure::{HttpError, HttpFailure};
use crate::redact::Redactor;

/// The longest wait that a server may ask for before the one repetition.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(2);
const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");
const STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

type Headers = HashMap<HeaderName, HeaderValue>;

/// The pooled client with one connection's credential.
#[derive(Debug, Clone)]
pub(crate) struct SignedHttp {
    pub(crate) http: reqwest::Client,
    pub(crate) credential: Arc<Credential>,
}

/// A request without its identity, to be sent as often as need be.
struct Outline {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

/// What is done about an answer, each once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Once {
    SignIn,
    StepUp,
    Move,
    Wait,
}

#[derive(Default)]
struct Done(Vec<Once>);

impl Done {
    /// Whether it is the first time.
    fn first(&mut self, once: Once) -> bool {
        let first = !self.0.contains(&once);
        self.0.push(once);
        first
    }
}

impl SignedHttp {
    async fn send(&self, mut outline: Outline, sending: Sending) -> Result<Response, HttpFailure> {
        let mut sending = sending;
        let mut done = Done::default();
        loop {
            let mut headers = outline.headers.clone();
            attach(&mut headers, &sending.attachment)?;
            let response = self
                .http
                .request(outline.method.clone(), outline.url.clone())
                .headers(headers)
                .body(outline.body.clone())
                .send()
                .await
                .map_err(HttpFailure::of)?;
            match response.status() {
                StatusCode::UNAUTHORIZED => {
                    let again = done.first(Once::SignIn);
                    let kind = RefusalKind::Unauthorized;
                    sending.renew(self.refused(&response, kind, &sending, again).await?);
                }
                StatusCode::FORBIDDEN => {
                    let again = done.first(Once::StepUp);
                    let kind = RefusalKind::Forbidden;
                    sending.renew(self.refused(&response, kind, &sending, again).await?);
                }
                status if status.is_redirection() => {
                    let again = done.first(Once::Move);
                    outline.url = moved(&response, &outline.url, again)?;
                }
                status @ (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => {
                    let harmless = sending.repeat == Repeat::Harmless
                        || status == StatusCode::TOO_MANY_REQUESTS;
                    match pause(&response) {
                        Some(pause) if harmless && done.first(Once::Wait) => {
                            drop(response);
                            tokio::time::sleep(pause).await;
                        }
                        _ => return Err(HttpFailure::Busy(status.as_u16())),
                    }
                }
                _ => return Ok(response),
            }
        }
    }

    /// What to try once more with, or why there is nothing.
    async fn refused(
        &self,
        response: &Response,
        kind: RefusalKind,
        sending: &Sending,
        again: bool,
    ) -> Result<Attachment, OutgoingError> {
        let challenge = Challenge::of(response.headers());
        let more = challenge.asks_for_more();
        let refusal = challenge.refusal(kind, sending.attachment.clone());
        if !again || (kind == RefusalKind::Forbidden && !more) {
            return Err(refusal.without_remedy());
        }
        self.credential.renewed(&sending.caller, &refusal).await
    }

    async fn post(
        &self,
        uri: &str,
        mut message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        headers: Headers,
        max_event_bytes: usize,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let sending = self.credential.sending(&message).await;
        let sending = sending
            .map_err(HttpFailure::from)?
            .ok_or(HttpFailure::ForNobody)?;
        sending.complete(&mut message);
        let mut headers = protocol_headers(headers, session.as_deref(), BOTH)?;
        headers.insert(CONTENT_TYPE, JSON);
        let outline = Outline {
            method: Method::POST,
            url: parse(uri)?,
            headers,
            body: serde_json::to_vec(&message)?.into(),
        };
        let redactor = sending.redactor.clone();
        let response = self.send(outline, sending).await?;
        let answer = Answer {
            response,
            redactor,
            max_event_bytes,
        };
        answer.to(&message, session.is_some()).await
    }

    async fn owned(
        &self,
        method: Method,
        uri: &str,
        headers: HeaderMap,
    ) -> Result<(Response, Redactor), HttpFailure> {
        let sending = self.credential.of_owner().await?;
        let sending = sending.ok_or(HttpFailure::ForNobody)?;
        let redactor = sending.redactor.clone();
        let outline = Outline {
            method,
            url: parse(uri)?,
            headers,
            body: Bytes::new(),
        };
        Ok((self.send(outline, sending).await?, redactor))
    }
}

impl StreamableHttpClient for SignedHttp {
    type Error = HttpFailure;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _auth: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        self.post(&uri, message, session, headers, MAX_ANSWER_BYTES)
            .await
    }

    async fn post_message_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _auth: Option<String>,
        headers: Headers,
        max: usize,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        self.post(&uri, message, session, headers, max).await
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        _auth: Option<String>,
        headers: Headers,
    ) -> Result<(), HttpError> {
        let headers = protocol_headers(headers, Some(&session), BOTH)?;
        // A server may refuse to have its sessions ended.
        self.owned(Method::DELETE, &uri, headers).await?;
        Ok(())
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth: Option<String>,
        headers: Headers,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, HttpError> {
        let max = MAX_ANSWER_BYTES;
        self.get_stream_with_max_sse_event_size(uri, session, last_event_id, auth, headers, max)
            .await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event_id: Option<String>,
        _auth: Option<String>,
        headers: Headers,
        max: usize,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, HttpError> {
        let mut headers = protocol_headers(headers, session.as_deref(), STREAM)?;
        if let Some(id) = last_event_id {
            headers.insert(LAST_EVENT_ID, header(&id)?);
        }
        let (response, redactor) = match self.owned(Method::GET, &uri, headers).await {
            Ok(answered) => answered,
            // Neither gets better by asking again.
            Err(HttpFailure::Identity(error)) => {
                let refused = AuthRequiredError::new(error.to_string());
                return Err(StreamableHttpError::AuthRequired(refused));
            }
            Err(HttpFailure::ForNobody) => {
                return Err(StreamableHttpError::ServerDoesNotSupportSse);
            }
            Err(failure) => return Err(failure.into()),
        };
        match response.status() {
            StatusCode::METHOD_NOT_ALLOWED => Err(StreamableHttpError::ServerDoesNotSupportSse),
            status if !status.is_success() => {
                Err(HttpFailure::Status(status.as_u16(), String::new()).into())
            }
            _ if is_event_stream(&response) => Ok(events(response, max, redactor)),
            _ => Err(HttpFailure::NotProtocol("no event stream".to_owned()).into()),
        }
    }
}

fn protocol_headers(
    given: Headers,
    session: Option<&str>,
    accept: HeaderValue,
) -> Result<HeaderMap, HttpFailure> {
    let mut headers: HeaderMap = given.into_iter().collect();
    headers.insert(ACCEPT, accept);
    if let Some(session) = session {
        headers.insert(SESSION, header(session)?);
    }
    Ok(headers)
}

fn attach(headers: &mut HeaderMap, attachment: &Attachment) -> Result<(), OutgoingError> {
    if let Some(token) = &attachment.bearer {
        let value = format!("Bearer {}", token.expose());
        headers.insert(AUTHORIZATION, secret_header(&Secret::new(value))?);
    }
    for (name, value) in &attachment.headers {
        headers.insert(name.clone(), secret_header(value)?);
    }
    Ok(())
}

fn secret_header(value: &Secret) -> Result<HeaderValue, OutgoingError> {
    let mut value =
        HeaderValue::from_str(value.expose()).map_err(|_| OutgoingError::NotUsable {
            reason: "it can't be written into a header",
        })?;
    value.set_sensitive(true);
    Ok(value)
}

fn header(value: &str) -> Result<HeaderValue, HttpFailure> {
    HeaderValue::from_str(value)
        .map_err(|_| HttpFailure::NotProtocol("a value that is no header".to_owned()))
}

fn parse(uri: &str) -> Result<Url, HttpFailure> {
    Url::parse(uri).map_err(|error| HttpFailure::Unreachable(error.to_string()))
}

/// Where to send the same request once more: only at the same server, and only where a redirect keeps it as it is.
fn moved(response: &Response, from: &Url, again: bool) -> Result<Url, HttpFailure> {
    let keeps = matches!(
        response.status(),
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
    );
    let location = response.headers().get(LOCATION);
    let target = location
        .and_then(|location| location.to_str().ok())
        .and_then(|location| from.join(location).ok());
    match target {
        Some(target) if keeps && again && target.origin() == from.origin() => Ok(target),
        Some(target) => Err(HttpFailure::Redirected(
            target.origin().ascii_serialization(),
        )),
        None => Err(HttpFailure::Redirected("nowhere".to_owned())),
    }
}

fn pause(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    let pause = Duration::from_secs(seconds.trim().parse().ok()?);
    (pause <= MAX_RETRY_AFTER).then_some(pause)
}
