//! A server with a few tools on a socket.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use frontdesk_auth::SigningKey;
use frontdesk_auth::incoming::signed::Verifier;
use frontdesk_auth::outgoing::Signer;
use frontdesk_clock::{ManualClock, RandomIds, Timestamp};
use frontdesk_identity::{Principal, Secret, TenantId, UserId};
use frontdesk_mcp_server::{
    Authentication, Caller, Cancelled, MountOptions, Params, Progress, State, Structured, Text,
    Tool, ToolFailure, ToolServer, serve,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub(crate) struct Stand {
    pub(crate) url: String,
    audience: String,
    pub(crate) signer: Signer,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) state: Arc<Counters>,
    _serving: JoinSet<std::io::Result<()>>,
}

/// What the tools have seen.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    calls: AtomicUsize,
    pub(crate) started: Notify,
    pub(crate) dropped: Notify,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Addends {
    numbers: Vec<i64>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Sum {
    total: i64,
    user: String,
    call: usize,
}

async fn add(
    Caller(caller): Caller,
    State(counters): State<Arc<Counters>>,
    Params(addends): Params<Addends>,
) -> std::result::Result<Structured<Sum>, ToolFailure> {
    let call = counters.calls.fetch_add(1, Ordering::SeqCst) + 1;
    Ok(Structured(Sum {
        total: addends.numbers.iter().sum(),
        user: caller.user.to_string(),
        call,
    }))
}

async fn refuse(Caller(caller): Caller) -> std::result::Result<Text, ToolFailure> {
    Err(ToolFailure::new(format!("not for {}", caller.user)))
}

async fn break_down(Caller(_): Caller) -> std::result::Result<Text, ToolFailure> {
    let number: i64 = "the password is 12345".parse()?;
    Ok(Text(number.to_string()))
}

async fn collapse(Caller(_): Caller) -> std::result::Result<Text, ToolFailure> {
    std::panic::resume_unwind(Box::new("the password is 12345"))
}

async fn wait(
    Cancelled(_): Cancelled,
    State(counters): State<Arc<Counters>>,
    progress: Progress,
) -> std::result::Result<Text, ToolFailure> {
    struct OnDrop(Arc<Counters>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.dropped.notify_one();
        }
    }
    counters.started.notify_one();
    let _on_drop = OnDrop(counters);
    progress.report(1.0, Some(2.0), Some("half way")).await;
    std::future::pending().await
}

impl Stand {
    pub(crate) async fn open() -> Result<Self> {
        let state = Arc::new(Counters::default());
        let mut stand = Self::serve(tools(Arc::clone(&state)), |options| {
            options.allowed_origins = vec!["https://page.example:443".to_owned()];
            options.authorization_servers = vec!["https://desk.example".to_owned()];
            options.health_path = Some("/healthz".to_owned());
        })
        .await?;
        stand.state = state;
        Ok(stand)
    }

    /// Any server, behind tokens of this stand's signer.
    pub(crate) async fn serve<S: Clone + Send + Sync + 'static>(
        server: ToolServer<S>,
        change: impl FnOnce(&mut MountOptions),
    ) -> Result<Self> {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/mcp", listener.local_addr()?);
        let key = SigningKey::from_secret(&Secret::new("a secret of some length"))?;
        let keys = [key.public().clone()];
        let verifier = Verifier::new("desk", &url, &keys, Arc::clone(&clock) as _);
        let mut options =
            MountOptions::new(Authentication::Bearer(Arc::new(verifier)), url.clone());
        options.clock = Arc::clone(&clock) as _;
        change(&mut options);
        let router = server.into_router(options)?;
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, router, CancellationToken::new()));
        Ok(Self {
            audience: url.clone(),
            url,
            signer: Signer::new("desk", key, Arc::clone(&clock) as _, Arc::new(RandomIds)),
            clock,
            state: Arc::default(),
            _serving: serving,
        })
    }

    pub(crate) fn token(&self, user: &str) -> Result<String> {
        let principal = Principal::new(TenantId::single(), UserId::new(user)?);
        let token = self.signer.sign(&principal, &self.audience)?;
        Ok(token.expose().to_owned())
    }

    /// Makes tokens for this audience from now on.
    pub(crate) fn for_audience(self, audience: &str) -> Self {
        Self {
            audience: audience.to_owned(),
            ..self
        }
    }

    /// Posts a request of the stateless era and gives status, headers and the answer, which is JSON or a whole stream
    /// of one result.
    pub(crate) async fn ask(&self, user: &str, method: &str, params: Value) -> Result<Answer> {
        self.ask_with(
            user,
            method,
            params,
            json!({"elicitation": {}, "sampling": {}, "roots": {}}),
        )
        .await
    }

    pub(crate) async fn ask_with(
        &self,
        user: &str,
        method: &str,
        mut params: Value,
        capabilities: Value,
    ) -> Result<Answer> {
        let name = params.get("name").or_else(|| params.get("uri")).cloned();
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        });
        let mut request = http()
            .post(&self.url)
            .bearer_auth(self.token(user)?)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method);
        if let Some(name) = name.as_ref().and_then(Value::as_str) {
            request = request.header("mcp-name", name);
        }
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        Answer::read(request.body(body.to_string()).send().await?).await
    }
}

/// A client that all tests share, since it takes a while to make. It keeps no connection: each test has a runtime of its
/// own, and a connection ends with the one in which it was made.
pub(crate) fn http() -> reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
        let client = reqwest::Client::builder().pool_max_idle_per_host(0);
        client.build().unwrap()
    });
    CLIENT.clone()
}

/// A stream of messages while it is read.
#[derive(Debug)]
pub(crate) struct Stream {
    response: reqwest::Response,
    /// What came and wasn't asked for yet; several messages may come at once.
    unread: String,
}

impl Stream {
    pub(crate) fn of(response: reqwest::Response) -> Self {
        Self {
            response,
            unread: String::new(),
        }
    }

    /// The next message; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>> {
        loop {
            while let Some((line, _)) = self.unread.split_once('\n') {
                let end = line.len() + 1;
                let data = line.strip_prefix("data:").map(str::trim);
                let message = data.filter(|data| !data.is_empty());
                let message = message.map(serde_json::from_str).transpose()?;
                self.unread.drain(..end);
                if message.is_some() {
                    return Ok(message);
                }
            }
            let Some(chunk) = self.response.chunk().await? else {
                return Ok(None);
            };
            self.unread.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) messages: Vec<Value>,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Result<Self> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await?;
        let messages = if text.starts_with('{') {
            vec![serde_json::from_str(&text)?]
        } else {
            text.lines()
                .filter_map(|line| line.strip_prefix("data:"))
                .filter(|data| !data.trim().is_empty())
                .map(serde_json::from_str)
                .collect::<std::result::Result<_, _>>()?
        };
        Ok(Self {
            status,
            headers,
            messages,
        })
    }

    /// The result, or the error, of the last message.
    pub(crate) fn result(&self) -> Value {
        let last = self.messages.last().cloned().unwrap_or_default();
        if last["result"].is_null() {
            last["error"].clone()
        } else {
            last["result"].clone()
        }
    }
}

pub(crate) fn tools(state: Arc<Counters>) -> ToolServer<Arc<Counters>> {
    ToolServer::new("stand", "1.2.3", state)
        .instructions("Adds numbers.")
        .tool(
            Tool::new("add", add)
                .title("Add")
                .description("Adds numbers.")
                .idempotent(),
        )
        .tool(Tool::new("refuse", refuse).read_only())
        .tool(Tool::new("break_down", break_down).destructive())
        .tool(Tool::new("collapse", collapse).open_world())
        .tool(Tool::new("wait", wait))
}
