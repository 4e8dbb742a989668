//! A tool server that says whatever a test wants it to, and a client of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use frontdesk_agent::{ProgressSink, ToolError, ToolOutput, Toolset};
use frontdesk_auth::outgoing::{Attachment, Broker, OutgoingError, Refusal};
use frontdesk_identity::{Secret, SignedIn};
use frontdesk_mcp_client::{Era, McpServer, McpServerConfig};
use frontdesk_model::http::client;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::stand::{Result, context, patient};

/// A request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) verb: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// The server and its client.
pub(crate) struct Script {
    pub(crate) client: Arc<McpServer>,
    seen: Arc<Mutex<Vec<Seen>>>,
    _serving: JoinSet<()>,
}

impl Seen {
    pub(crate) fn method(&self) -> &str {
        self.body
            .get("method")
            .and_then(Value::as_str)
            .unwrap_or("")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn arguments(&self) -> Value {
        let pointer = self.body.pointer("/params/arguments");
        pointer.cloned().unwrap_or_default()
    }

    /// A result for this request.
    pub(crate) fn result(&self, result: &Value) -> Response {
        let id = self.body.get("id").cloned().unwrap_or_default();
        json_answer(&json!({"jsonrpc": "2.0", "id": id, "result": result}))
    }

    pub(crate) fn text(&self, text: &str) -> Response {
        self.result(&json!({"content": [{"type": "text", "text": text}]}))
    }

    /// What a server of 2026-07-28 with these tools says to everything but a call.
    pub(crate) fn modern(&self, tools: &Value) -> Response {
        match self.method() {
            "server/discover" => self.result(&json!({
                "resultType": "complete",
                "supportedVersions": ["2026-07-28"],
                "capabilities": {"tools": {}},
                "ttlMs": 0,
                "cacheScope": "public",
                "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "script", "version": "1"}},
            })),
            "tools/list" => self.result(&json!({
                "resultType": "complete", "tools": tools, "ttlMs": 60000, "cacheScope": "public",
            })),
            _ => (axum::http::StatusCode::NOT_FOUND, "").into_response(),
        }
    }

    /// What a server of the `initialize` era with these tools says to everything but a call.
    pub(crate) fn legacy(&self, tools: &Value) -> Response {
        match (&self.verb, self.method()) {
            (&Method::POST, "initialize") => self.result(&json!({
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "script", "version": "1"},
            })),
            (&Method::POST, "tools/list") => self.result(&json!({"tools": tools})),
            (&Method::POST, method) if method.starts_with("notifications/") => {
                axum::http::StatusCode::ACCEPTED.into_response()
            }
            (&Method::POST, _) => axum::http::StatusCode::BAD_REQUEST.into_response(),
            _ => axum::http::StatusCode::METHOD_NOT_ALLOWED.into_response(),
        }
    }
}

pub(crate) fn json_answer(body: &Value) -> Response {
    let headers = [("content-type", "application/json")];
    (headers, body.to_string()).into_response()
}

/// A tool that takes anything.
pub(crate) fn tool(name: &str) -> Value {
    json!({"name": name, "inputSchema": {"type": "object"}})
}

/// An answer that begins and then says nothing more.
pub(crate) fn unending(start: &'static str, content_type: &'static str) -> Response {
    let chunks = futures_util::stream::unfold(Some(start), |start| async move {
        match start {
            Some(start) => Some((Ok::<_, std::io::Error>(start), None)),
            None => std::future::pending().await,
        }
    });
    ([("content-type", content_type)], Body::from_stream(chunks)).into_response()
}

impl Script {
    pub(crate) async fn open(
        answer: impl Fn(Seen) -> BoxFuture<'static, Response> + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::with(|_| {}, answer).await
    }

    pub(crate) async fn with(
        change: impl FnOnce(&mut McpServerConfig),
        answer: impl Fn(Seen) -> BoxFuture<'static, Response> + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url: url::Url = format!("http://{}/mcp", listener.local_addr()?).parse()?;
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let answer = Arc::new(answer);
        let noted = Arc::clone(&seen);
        let router = Router::new().fallback(
            move |verb: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
                let request = Seen {
                    verb,
                    path: uri.path().to_owned(),
                    headers,
                    body: serde_json::from_slice(&body).unwrap_or_default(),
                };
                noted
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(request.clone());
                answer(request)
            },
        );
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let _ended = axum::serve(listener, router).await;
        });
        let mut config = McpServerConfig::new("script", url, Arc::new(Tokens::default()));
        config.era = Era::Stateless;
        patient(&mut config);
        change(&mut config);
        Ok(Self {
            client: Arc::new(McpServer::new(config, client()?)),
            seen,
            _serving: serving,
        })
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The methods that were asked for, in order.
    pub(crate) fn methods(&self) -> Vec<String> {
        let seen = self.seen();
        seen.iter().map(|seen| seen.method().to_owned()).collect()
    }

    /// How often this method was asked for.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.methods().iter().filter(|seen| *seen == method).count()
    }

    pub(crate) async fn call(
        &self,
        user: &str,
        tool: &str,
        arguments: Value,
    ) -> std::result::Result<ToolOutput, ToolError> {
        let context = context(user, ProgressSink::silent())
            .map_err(|error| ToolError::plain(error.to_string()))?;
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        Toolset::call(self.client.as_ref(), tool, arguments, context).await
    }
}

/// Gives each user the token `<user>-<n>`, a new one for each refusal; says no to whom it has been told to.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    given: Mutex<HashMap<String, usize>>,
    pub(crate) refusals: Mutex<Vec<Refusal>>,
    pub(crate) says: Mutex<HashMap<String, OutgoingError>>,
    pub(crate) renewals: AtomicUsize,
}

impl Tokens {
    pub(crate) fn refuse(&self, user: &str, error: OutgoingError) {
        let mut says = self.says.lock().unwrap_or_else(PoisonError::into_inner);
        says.insert(user.to_owned(), error);
    }

    fn token(&self, user: &str, more: usize) -> Attachment {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let number = given.entry(user.to_owned()).or_default();
        *number += more;
        Attachment::bearer(Secret::new(format!("{user}-{number}")))
    }
}

#[async_trait]
impl Broker for Tokens {
    async fn attachment(
        &self,
        caller: &SignedIn,
    ) -> std::result::Result<Attachment, OutgoingError> {
        let user = caller.principal.user.as_str();
        let says = self.says.lock().unwrap_or_else(PoisonError::into_inner);
        match says.get(user) {
            Some(error) => Err(error.clone()),
            None => Ok(self.token(user, 0)),
        }
    }

    async fn renewed(
        &self,
        caller: &SignedIn,
        refusal: &Refusal,
    ) -> std::result::Result<Attachment, OutgoingError> {
        self.renewals.fetch_add(1, Ordering::SeqCst);
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.push(refusal.clone());
        Ok(self.token(caller.principal.user.as_str(), 1))
    }
}
