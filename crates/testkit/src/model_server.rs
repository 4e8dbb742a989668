//! A server that speaks the Responses API and plays a [`Script`]: what it answers is data, what it was asked is kept.
//! <https://platform.openai.com/docs/api-reference/responses-streaming>

mod frames;
mod playback;
mod script;

use std::collections::VecDeque;
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
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use script::{Call, Fault, Framing, Ids, Part, Response, Script, numbered_words};

/// How many requests are kept; the oldest go first.
const MOST_RECORDED: usize = 1_000;
const MOST_BODY_BYTES: usize = 32 * 1024 * 1024;

/// What the server was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The `authorization` header.
    pub authorization: Option<String>,
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
            count: watch::Sender::new(0),
        });
        let router = Router::new()
            .route("/v1/responses", post(answer))
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

    /// What `OPENAI_BASE_URL` has to be.
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

    /// Waits until the server ends, which it does only when it breaks.
    pub async fn serve(mut self) -> Result<()> {
        match self.tasks.join_next().await {
            Some(done) => done.context("the model server was stopped")?,
            None => Ok(()),
        }
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> HttpResponse<Body> {
    let response = lock(&shared.script).next(&body);
    {
        let mut recorded = lock(&shared.recorded);
        if recorded.len() >= MOST_RECORDED {
            recorded.pop_front();
        }
        recorded.push_back(Recorded {
            authorization: headers
                .get("authorization")
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            body,
        });
    }
    let mut number = 0;
    shared.count.send_modify(|count| {
        *count += 1;
        number = *count;
    });
    playback::play(&response, number)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
