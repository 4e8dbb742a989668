//! A server that speaks the APIs of model providers and plays a [`Script`]: what it answers is data, what it was asked
//! is kept. [`Dialect`] names the APIs; each request is answered in the one whose path it came by.
//!
//! Frames are ordinary where a [`Response`] asks for nothing else: as the vendor's own types describe them, which a test
//! keeps. What differs on purpose is a [`Fault`], a [`Hostility`], or in how bytes are cut.

mod chat;
mod dialect;
mod frame;
mod hostile;
mod messages;
mod part;
mod playback;
mod responses;
mod script;
mod transcription;

use std::collections::VecDeque;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Json, State};
use axum::http::HeaderMap;
use axum::response::Response as HttpResponse;
use axum::routing::post;
use axum::serve::ListenerExt;
use bytes::Bytes;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use dialect::Dialect;
pub use frame::{Data, Frame, Pace};
pub use hostile::Hostility;
pub use part::{Call, Part, numbered_words};
pub use script::{Fault, Framing, Ids, Lines, Response, Script};
pub use transcription::{Speech, Transcript};

/// How many requests are kept; the oldest go first.
const MOST_RECORDED: usize = 1_000;
const MOST_BODY_BYTES: usize = 32 * 1024 * 1024;

/// What the server was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The API by which it was asked.
    pub dialect: Dialect,
    /// The `authorization` header.
    pub authorization: Option<String>,
    /// The `x-api-key` header.
    pub api_key: Option<String>,
    /// The body.
    pub body: Value,
}

/// A running server; it ends when this is dropped.
pub struct ModelServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: JoinSet<Result<()>>,
}

struct Shared {
    script: Mutex<Script>,
    recorded: Mutex<VecDeque<Recorded>>,
    transcript: Mutex<Transcript>,
    speeches: Mutex<VecDeque<Speech>>,
    /// How many requests came so far.
    count: watch::Sender<u64>,
}

impl ModelServer {
    /// Starts on a free port of loopback.
    pub async fn start(script: Script) -> Result<Self> {
        Self::listen("127.0.0.1:0", script).await
    }

    /// Starts on `address`.
    pub async fn listen(address: &str, script: Script) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        let address = listener
            .local_addr()
            .context("the listener has no address")?;
        let shared = Arc::new(Shared {
            script: Mutex::new(script),
            recorded: Mutex::default(),
            transcript: Mutex::default(),
            speeches: Mutex::default(),
            count: watch::Sender::new(0),
        });
        let mut router = Router::new().route(transcription::PATH, post(transcribe));
        for dialect in Dialect::ALL {
            let answer =
                move |shared, headers, body| ready(answer(dialect, &shared, &headers, body));
            router = router.route(dialect.path(), post(answer));
        }
        let router = router
            .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
            .with_state(Arc::clone(&shared));
        let listener = listener.tap_io(|stream| {
            // A delta that waits for an acknowledgement would be measured as ours.
            let _unimportant = stream.set_nodelay(true);
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            axum::serve(listener, router)
                .await
                .context("the model server broke")
        });
        Ok(Self {
            address,
            shared,
            tasks,
        })
    }

    /// What `OPENAI_BASE_URL` has to be, and the address before `/messages`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The newest requests, oldest first.
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.shared.recorded).iter().cloned().collect()
    }

    /// Waits until `count` requests have come in all; an error after `deadline`.
    pub async fn wait_for_requests(&self, count: u64, deadline: Duration) -> Result<Vec<Recorded>> {
        let mut counted = self.shared.count.subscribe();
        tokio::time::timeout(deadline, counted.wait_for(|seen| *seen >= count))
            .await
            .with_context(|| format!("fewer than {count} requests within {deadline:?}"))?
            .context("the model server is gone")?;
        Ok(self.requests())
    }

    /// Plays `script` from the next request on.
    pub fn play(&self, script: Script) {
        *lock(&self.shared.script) = script;
    }

    /// Answers the next transcriptions with this.
    pub fn transcribe(&self, transcript: Transcript) {
        *lock(&self.shared.transcript) = transcript;
    }

    /// The newest recordings that it was to transcribe, oldest first.
    pub fn speeches(&self) -> Vec<Speech> {
        lock(&self.shared.speeches).iter().cloned().collect()
    }

    /// Waits until the server ends, which it does only when it breaks.
    pub async fn serve(mut self) -> Result<()> {
        match self.tasks.join_next().await {
            Some(done) => done.context("the model server was stopped")?,
            None => Ok(()),
        }
    }
}

fn answer(
    dialect: Dialect,
    State(shared): &State<Arc<Shared>>,
    headers: &HeaderMap,
    Json(body): Json<Value>,
) -> HttpResponse<Body> {
    let response = lock(&shared.script).next(dialect, &body);
    let recorded = Recorded {
        dialect,
        authorization: header(headers, "authorization"),
        api_key: header(headers, "x-api-key"),
        body,
    };
    keep(&mut lock(&shared.recorded), recorded);
    let mut number = 0;
    shared.count.send_modify(|count| {
        *count += 1;
        number = *count;
    });
    playback::play(dialect, &response, number)
}

async fn transcribe(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> HttpResponse<Body> {
    let kind = header(&headers, "content-type").unwrap_or_default();
    let Some(speech) = Speech::read(header(&headers, "authorization"), &kind, &body) else {
        return playback::refuse(400, None);
    };
    keep(&mut lock(&shared.speeches), speech);
    let transcript = lock(&shared.transcript).clone();
    transcript.answer()
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

fn keep<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() >= MOST_RECORDED {
        kept.pop_front();
    }
    kept.push_back(new);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
