//! A small ChatKit client, as a browser would speak to the product.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};

use crate::sse::{Frame, Reader};

/// The most time between two events of an answer.
const PATIENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(5);

/// A client of one server, as one user.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    user: Option<String>,
    headers: Vec<(String, String)>,
}

/// An answer read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// What it said.
    pub body: Body,
}

/// What an answer said.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// The events of a stream, in order.
    Events(Vec<Event>),
    /// One JSON value.
    Json(Value),
    /// Something else, as text.
    Text(String),
}

/// An event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its `id:`.
    pub id: Option<String>,
    /// Its data.
    pub data: Value,
}

/// An answer that is still coming.
pub struct Streaming {
    /// The headers.
    pub headers: HeaderMap,
    reader: Reader,
}

/// The HTTP client of tests: straight to the address, without a proxy.
pub fn http() -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .tcp_nodelay(true)
        .connect_timeout(CONNECT)
        .build()
        .context("cannot build the HTTP client")
}

impl Client {
    /// Of the server at `url`, without naming a user.
    pub fn new(url: impl Into<String>) -> Result<Self> {
        Ok(Self {
            http: http()?,
            url: url.into(),
            user: None,
            headers: Vec::new(),
        })
    }

    /// The same as `user`, by `?user=`.
    #[must_use]
    pub fn as_user(&self, user: &str) -> Self {
        Self {
            user: Some(user.to_owned()),
            ..self.clone()
        }
    }

    /// The same with this header on every request.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends a first message.
    pub async fn create(&self, text: &str) -> Result<Answer> {
        self.post(&create(text)).await
    }

    /// Sends a further message.
    pub async fn add(&self, thread: &str, text: &str) -> Result<Answer> {
        self.post(&json!({
            "type": "threads.add_user_message",
            "params": {"thread_id": thread, "input": input(text)},
        }))
        .await
    }

    /// Sends any request and reads the answer to its end.
    pub async fn post(&self, request: &Value) -> Result<Answer> {
        read(self.send(request).await?).await
    }

    /// Sends any bytes as a request and reads the answer to its end.
    pub async fn post_bytes(&self, body: impl Into<reqwest::Body>) -> Result<Answer> {
        let request = self.request(reqwest::Method::POST, "/chatkit").body(body);
        read(request.send().await.context("the request failed")?).await
    }

    /// Sends a request whose answer is a stream and gives it back at once.
    pub async fn open(&self, request: &Value) -> Result<Streaming> {
        streaming(self.send(request).await?).await
    }

    /// Reads a path, a stream or not, to its end.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        let request = self.request(reqwest::Method::GET, path);
        read(request.send().await.context("the request failed")?).await
    }

    /// Opens a path whose answer is a stream.
    pub async fn follow(&self, path: &str) -> Result<Streaming> {
        let request = self.request(reqwest::Method::GET, path);
        streaming(request.send().await.context("the request failed")?).await
    }

    /// Posts nothing to a path.
    pub async fn post_to(&self, path: &str) -> Result<Answer> {
        let request = self.request(reqwest::Method::POST, path);
        read(request.send().await.context("the request failed")?).await
    }

    async fn send(&self, request: &Value) -> Result<reqwest::Response> {
        let request = self
            .request(reqwest::Method::POST, "/chatkit")
            .body(request.to_string());
        request.send().await.context("the request failed")
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let mark = if path.contains('?') { '&' } else { '?' };
        let url = match &self.user {
            Some(user) => format!("{}{path}{mark}user={user}", self.url),
            None => format!("{}{path}", self.url),
        };
        let mut request = self
            .http
            .request(method, url)
            .header(CONTENT_TYPE, "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request
    }
}

impl Answer {
    /// The events; an error if the answer was no stream.
    pub fn events(&self) -> Result<&[Event]> {
        match &self.body {
            Body::Events(events) => Ok(events),
            other => bail!("no stream but {}: {other:?}", self.status),
        }
    }

    /// The JSON value; an error if the answer was none.
    pub fn json(&self) -> Result<&Value> {
        match &self.body {
            Body::Json(value) => Ok(value),
            other => bail!("no JSON but {}: {other:?}", self.status),
        }
    }

    /// The id of the thread that the stream made.
    pub fn thread_id(&self) -> Result<String> {
        let created = self
            .events()?
            .iter()
            .find(|event| event.kind() == "thread.created")
            .context("no thread.created")?;
        let id = created.data.pointer("/thread/id").and_then(Value::as_str);
        Ok(id.context("thread.created has no id")?.to_owned())
    }

    /// The text of the finished assistant messages, one after the other.
    pub fn assistant_text(&self) -> Result<String> {
        Ok(assistant_text(self.events()?))
    }
}

impl Event {
    /// Its `type`.
    pub fn kind(&self) -> &str {
        self.data
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

impl Streaming {
    /// The next event; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Event>> {
        self.reader.next().await?.map(event).transpose()
    }

    /// Reads up to the first event of `kind` and gives back all of them.
    pub async fn until(&mut self, kind: &str) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await? {
            let found = event.kind() == kind;
            events.push(event);
            if found {
                return Ok(events);
            }
        }
        bail!("the stream ended without {kind}: {events:?}")
    }

    /// The events until the stream ends.
    pub async fn rest(&mut self) -> Result<Vec<Event>> {
        self.reader.rest().await?.into_iter().map(event).collect()
    }
}

/// A request that makes a thread.
pub fn create(text: &str) -> Value {
    json!({"type": "threads.create", "params": {"input": input(text)}})
}

/// The text of the finished assistant messages among these events, one after the other.
pub fn assistant_text(events: &[Event]) -> String {
    events
        .iter()
        .filter(|event| event.kind() == "thread.item.done")
        .filter_map(|event| event.data.get("item"))
        .filter(|item| item.get("type").and_then(Value::as_str) == Some("assistant_message"))
        .filter_map(|item| item.get("content").and_then(Value::as_array))
        .flatten()
        .filter_map(|part| part.get("text").and_then(Value::as_str))
        .collect()
}

fn input(text: &str) -> Value {
    json!({
        "content": [{"type": "input_text", "text": text}],
        "attachments": [],
        "inference_options": {},
    })
}

async fn read(response: reqwest::Response) -> Result<Answer> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = if is_stream(&headers) {
        let frames = Reader::new(response, PATIENCE).rest().await?;
        Body::Events(frames.into_iter().map(event).collect::<Result<_>>()?)
    } else {
        let bytes = response.bytes().await.context("cannot read the answer")?;
        match serde_json::from_slice(&bytes) {
            Ok(value) => Body::Json(value),
            Err(_) => Body::Text(String::from_utf8_lossy(&bytes).into_owned()),
        }
    };
    Ok(Answer {
        status,
        headers,
        body,
    })
}

async fn streaming(response: reqwest::Response) -> Result<Streaming> {
    let headers = response.headers().clone();
    if !is_stream(&headers) {
        bail!("no stream: {:?}", read(response).await?);
    }
    Ok(Streaming {
        headers,
        reader: Reader::new(response, PATIENCE),
    })
}

fn event(frame: Frame) -> Result<Event> {
    let data = serde_json::from_str(&frame.data)
        .with_context(|| format!("an event is not JSON: {}", frame.data))?;
    Ok(Event { id: frame.id, data })
}

fn is_stream(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/event-stream"))
}
