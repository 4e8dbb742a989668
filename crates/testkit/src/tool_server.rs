//! A tool server that keeps what it was called with: headers and arguments, of each call of its one tool.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use frontdesk_identity::{Principal, TenantId, UserId};
use frontdesk_mcp_server::{
    Authentication, MountOptions, Params, Text, Tool, ToolFailure, ToolServer,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The name of its tool.
pub const TOOL: &str = "look";
/// The largest request that is kept.
const MOST_BODY_BYTES: usize = 1024 * 1024;

/// A running server; it ends when this is dropped.
pub struct RecordingServer {
    url: String,
    calls: Calls,
    _tasks: JoinSet<()>,
}

type Calls = Arc<Mutex<Vec<Called>>>;

/// What a call came with.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its arguments.
    pub arguments: Value,
}

/// What the tool takes, as existing servers do: the user and their token among the rest.
#[derive(Debug, Deserialize, JsonSchema)]
struct Look {
    user_id: Option<String>,
    access_token: Option<String>,
    at: String,
}

impl RecordingServer {
    /// Starts on a free port of loopback. It asks nobody who they are.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/mcp", listener.local_addr()?);
        let everyone = Principal::new(TenantId::single(), UserId::new("everyone")?);
        let everyone = Authentication::Everyone(Arc::new(everyone));
        let server = ToolServer::new("recording", "1.0.0", ()).tool(Tool::new(TOOL, look));
        let router = server.into_router(MountOptions::new(everyone, &url))?;
        let calls = Calls::default();
        let router = router.layer(from_fn_with_state(Arc::clone(&calls), record));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let _ended = axum::serve(listener, router).await;
        });
        Ok(Self {
            url,
            calls,
            _tasks: tasks,
        })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The calls so far, in order.
    pub fn calls(&self) -> Vec<Called> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.clone()
    }

    /// The only call so far.
    pub fn only_call(&self) -> Result<Called> {
        let mut calls = self.calls();
        let call = calls.pop().context("no call came")?;
        anyhow::ensure!(calls.is_empty(), "more than one call came");
        Ok(call)
    }
}

/// It says again what it was given, as servers in the field do.
async fn look(Params(look): Params<Look>) -> Result<Text, ToolFailure> {
    let user = look.user_id.unwrap_or_default();
    let token = look.access_token.unwrap_or_default();
    Ok(Text(format!("{user} with {token} looked at {}", look.at)))
}

async fn record(State(calls): State<Calls>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    if message.get("method").and_then(Value::as_str) == Some("tools/call") {
        let arguments = message.pointer("/params/arguments").cloned();
        let headers = parts.headers.iter().map(|(name, value)| {
            let value = value.to_str().unwrap_or_default().to_owned();
            (name.as_str().to_owned(), value)
        });
        let called = Called {
            headers: headers.collect(),
            arguments: arguments.unwrap_or_default(),
        };
        let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(called);
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}
