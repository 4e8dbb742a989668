//! A tool server that behaves as badly as a test wants: in its calls, or from the first word on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const MEGABYTE: usize = 1024 * 1024;
/// How much it sends when it sends too much.
pub(super) const HUGE_BYTES: u64 = 100 * 1024 * 1024;

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manners {
    Good,
    /// Takes the request and never answers.
    Silent,
    /// Something that is no message.
    Garbage,
    /// 100 MB of JSON.
    Huge,
    /// 100 MB in one event of a stream.
    HugeEvent,
    /// Closes in the middle of an answer.
    Cut,
    /// Closes in the middle of a stream.
    CutStream,
    /// Sends the caller to another host.
    Elsewhere,
    Failing,
}

/// Where it behaves so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In calls of its tool alone.
    Calls,
    Everywhere,
}

/// The running server, and another that it sends callers to.
pub(super) struct Rogue {
    url: String,
    shared: Arc<Shared>,
    _serving: JoinSet<()>,
}

struct Shared {
    manners: Mutex<(Place, Manners)>,
    sent: AtomicU64,
    strayed: AtomicU64,
    elsewhere: String,
}

impl Rogue {
    /// Starts, with good manners.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            manners: Mutex::new((Place::Everywhere, Manners::Good)),
            sent: AtomicU64::new(0),
            strayed: AtomicU64::new(0),
            elsewhere: format!("http://{}/mcp", other.local_addr().unwrap()),
        });
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let elsewhere = Router::new()
            .fallback(stray)
            .with_state(Arc::clone(&shared));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        serving.spawn(async move { axum::serve(other, elsewhere).await.unwrap() });
        Self {
            url,
            shared,
            _serving: serving,
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// From now on it behaves like this.
    pub(super) fn behave(&self, place: Place, manners: Manners) {
        *self.shared.manners.lock().unwrap() = (place, manners);
    }

    /// How much of its huge answers was taken from it so far, in bytes.
    pub(super) fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// How many requests followed its redirects.
    pub(super) fn strayed(&self) -> u64 {
        self.shared.strayed.load(Ordering::SeqCst)
    }
}

async fn stray(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.strayed.fetch_add(1, Ordering::SeqCst);
    StatusCode::OK
}

async fn answer(State(shared): State<Arc<Shared>>, verb: Method, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (place, manners) = *shared.manners.lock().unwrap();
    match (place, request["method"].as_str()) {
        (Place::Everywhere, _) | (Place::Calls, Some("tools/call")) => {
            badly(&shared, manners, &verb, &request).await
        }
        (Place::Calls, _) => well(&verb, &request),
    }
}

async fn badly(shared: &Arc<Shared>, manners: Manners, verb: &Method, request: &Value) -> Response {
    const JSON: &str = "application/json";
    const STREAM: &str = "text/event-stream";
    match manners {
        Manners::Good => well(verb, request),
        Manners::Silent => std::future::pending().await,
        Manners::Garbage => ([("content-type", JSON)], "<html>It works!</html>").into_response(),
        Manners::Huge => huge(shared, "\"", JSON),
        Manners::HugeEvent => huge(shared, "data: \"", STREAM),
        Manners::Cut => cut("{\"jsonrpc\": \"2.0\",", JSON),
        Manners::CutStream => cut("data: {\"jsonrpc\": \"2.0\",", STREAM),
        Manners::Elsewhere => {
            let location = [("location", shared.elsewhere.clone())];
            (StatusCode::TEMPORARY_REDIRECT, location).into_response()
        }
        Manners::Failing => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn huge(shared: &Arc<Shared>, start: &'static str, content_type: &'static str) -> Response {
    let shared = Arc::clone(shared);
    let megabytes = HUGE_BYTES / u64::try_from(MEGABYTE).unwrap();
    let chunks = (0..=megabytes).map(move |number| {
        let chunk = match number {
            0 => start.to_owned(),
            _ => "x".repeat(MEGABYTE),
        };
        let bytes = u64::try_from(chunk.len()).unwrap();
        shared.sent.fetch_add(bytes, Ordering::SeqCst);
        Ok::<_, std::io::Error>(chunk)
    });
    let body = Body::from_stream(stream::iter(chunks));
    ([("content-type", content_type)], body).into_response()
}

fn cut(start: &'static str, content_type: &'static str) -> Response {
    let chunks = [Ok(start), Err(std::io::Error::other("cut"))];
    let body = Body::from_stream(stream::iter(chunks));
    ([("content-type", content_type)], body).into_response()
}

/// What a server of 2026-07-28 with the one tool `act` says.
fn well(verb: &Method, request: &Value) -> Response {
    if *verb != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let result = match request["method"].as_str().unwrap_or_default() {
        "server/discover" => json!({
            "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}},
            "ttlMs": 0, "cacheScope": "public",
            "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "rogue", "version": "1"}},
        }),
        "tools/list" => json!({
            "resultType": "complete", "ttlMs": 60_000, "cacheScope": "public",
            "tools": [{"name": "act", "description": "Acts.", "inputSchema": {"type": "object"}}],
        }),
        "tools/call" => json!({
            "resultType": "complete", "content": [{"type": "text", "text": "{\"how\": \"well\"}"}],
        }),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let answer = json!({"jsonrpc": "2.0", "id": request["id"], "result": result});
    ([("content-type", "application/json")], answer.to_string()).into_response()
}
