//! Requests of one user to whichever replica is next, sent again until somebody answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::figures::Figures;
use super::trouble::{Moment, now};
use crate::sse::Reader;
use crate::view::Place;

/// How long a request is sent again and again.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long one of them may wait for its answer to begin.
const ANSWER: Duration = Duration::from_secs(40);
/// How long a stream may be silent before it is taken for dead.
const SILENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(150);
const PAGE: u32 = 100;

/// One user's way to the replicas.
pub(super) struct Wire {
    pub(super) http: reqwest::Client,
    pub(super) replicas: Arc<[String]>,
    pub(super) next: AtomicUsize,
    pub(super) user: String,
    /// Whether the client knows ChatKit alone: who loses a stream loads the thread anew.
    pub(super) is_plain: bool,
    pub(super) figures: Arc<Figures>,
}

/// The stream of a turn.
pub(super) struct Opened {
    pub(super) turn: String,
    pub(super) reader: Reader,
    /// Whether the message had been sent before, and nobody answered.
    pub(super) is_repeated: bool,
}

/// What one request came to.
enum Sent {
    Answer(Response),
    /// Nobody answered, or nobody who could.
    Nothing,
    /// The thread has a turn that runs.
    Busy,
}

impl Wire {
    /// Sends a message; `None` where nobody took it in all the time that there was.
    pub(super) async fn say(&self, request: &Value, key: &str) -> Result<Option<Opened>> {
        let until = Instant::now() + PATIENCE;
        let mut is_repeated = false;
        while Instant::now() < until {
            let post = self
                .request(Method::POST, "/chatkit")
                .header("idempotency-key", key)
                .body(request.to_string());
            match self.send(post, "message").await? {
                Sent::Answer(answer) => return stream(answer, is_repeated).await.map(Some),
                Sent::Nothing => {
                    is_repeated = true;
                    self.figures.count("messages sent again");
                }
                Sent::Busy => self.figures.count("messages told to wait (409)"),
            }
            sleep(PAUSE).await;
        }
        Ok(None)
    }

    /// Reads a turn on from where its reader is.
    pub(super) async fn resume(&self, turn: &str, place: Place) -> Result<Opened> {
        let path = format!("/chatkit/turns/{turn}/events");
        let answer = self
            .persist(&path, || {
                let get = self.request(Method::GET, &path);
                if place.is_start() {
                    return get;
                }
                get.header("last-event-id", place.to_string())
            })
            .await?;
        let reader = Reader::new(answer, SILENCE);
        Ok(Opened {
            turn: turn.to_owned(),
            reader,
            is_repeated: false,
        })
    }

    /// Stops a turn, and tells when the request was sent that was answered.
    pub(super) async fn stop(&self, turn: &str) -> Result<Moment> {
        let path = format!("/chatkit/turns/{turn}/stop");
        let sent = AtomicI64::new(0);
        self.persist(&path, || {
            sent.store(now(), Ordering::Relaxed);
            self.request(Method::POST, &path)
        })
        .await?;
        Ok(sent.into_inner())
    }

    /// The turn that a thread names.
    pub(super) async fn named(&self, thread: &str) -> Result<Option<String>> {
        let request = json!({"type": "threads.get_by_id", "params": {"thread_id": thread}});
        let (_, headers) = self.ask(&request).await?;
        Ok(turn_of(&headers))
    }

    /// All items of a thread, oldest first.
    pub(super) async fn items(&self, thread: &str) -> Result<Vec<Value>> {
        let params = json!({"thread_id": thread});
        self.pages("items.list", params).await
    }

    /// The ids of the user's threads.
    pub(super) async fn threads(&self) -> Result<Vec<String>> {
        let threads = self.pages("threads.list", json!({})).await?;
        let ids = threads.iter().map(|thread| thread.get("id")?.as_str());
        ids.map(|id| Ok(id.context("a thread without id")?.to_owned()))
            .collect()
    }

    async fn pages(&self, kind: &str, mut params: Value) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        let fields = params.as_object_mut().context("no parameters")?;
        fields.insert("limit".to_owned(), json!(PAGE));
        fields.insert("order".to_owned(), json!("asc"));
        loop {
            let (mut page, _) = self.ask(&json!({"type": kind, "params": params})).await?;
            let data = page.get_mut("data").map(Value::take);
            let Some(Value::Array(data)) = data else {
                bail!("{kind}: no page: {page}");
            };
            all.extend(data);
            if page.get("has_more") != Some(&json!(true)) {
                return Ok(all);
            }
            let after = page.get("after").cloned().unwrap_or_default();
            let fields = params.as_object_mut().context("no parameters")?;
            fields.insert("after".to_owned(), after);
        }
    }

    /// A request that is answered with JSON.
    async fn ask(&self, request: &Value) -> Result<(Value, HeaderMap)> {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self
                .persist(&request.to_string(), || {
                    self.request(Method::POST, "/chatkit")
                        .body(request.to_string())
                })
                .await?;
            let headers = answer.headers().clone();
            // The connection can break in the middle of the answer.
            if let Ok(Ok(body)) = timeout_at(until, answer.bytes()).await {
                return Ok((serde_json::from_slice(&body)?, headers));
            }
            if Instant::now() > until {
                bail!("no whole answer within {PATIENCE:?}: {request}");
            }
        }
    }

    async fn persist(&self, what: &str, request: impl Fn() -> RequestBuilder) -> Result<Response> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            match self.send(request(), what).await? {
                Sent::Answer(answer) => return Ok(answer),
                Sent::Nothing => {}
                Sent::Busy => bail!("{what}: 409"),
            }
            sleep(PAUSE).await;
        }
        bail!("nobody answered within {PATIENCE:?}: {what}")
    }

    /// An answer that is neither good nor one of those that ask to try again is an error.
    async fn send(&self, request: RequestBuilder, what: &str) -> Result<Sent> {
        let Ok(Ok(answer)) = timeout(ANSWER, request.send()).await else {
            return Ok(Sent::Nothing);
        };
        let status = answer.status();
        match status {
            _ if status.is_success() => Ok(Sent::Answer(answer)),
            StatusCode::CONFLICT => Ok(Sent::Busy),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                self.figures.count("answers of 503 or 429");
                Ok(Sent::Nothing)
            }
            _ => {
                let body = answer.text().await.unwrap_or_default();
                bail!("{what}: {status}: {body}")
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let mut replicas = self.replicas.iter().cycle();
        let replica = replicas.nth(turn % self.replicas.len().max(1));
        let url = format!("{}{path}?user={}", replica.map_or("", |url| url), self.user);
        let request = self
            .http
            .request(method, url)
            .header(CONTENT_TYPE, "application/json");
        if self.is_plain {
            request
        } else {
            request.header("frontdesk-resume", "1")
        }
    }
}

async fn stream(answer: Response, is_repeated: bool) -> Result<Opened> {
    let Some(turn) = turn_of(answer.headers()) else {
        bail!("a stream without its turn: {:?}", answer.text().await);
    };
    let reader = Reader::new(answer, SILENCE);
    Ok(Opened {
        turn,
        reader,
        is_repeated,
    })
}

fn turn_of(headers: &HeaderMap) -> Option<String> {
    let turn = headers.get("frontdesk-turn")?.to_str().ok()?;
    Some(turn.to_owned())
}
