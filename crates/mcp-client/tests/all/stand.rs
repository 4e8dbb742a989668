//! A tool server on a socket that can be stopped and started again, and a client of it.

use std::collections::BTreeSet;
use std::error::Error;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{self, Next};
use frontdesk_agent::{
    ProgressSink, RunContext, ToolContext, ToolError, ToolOutput, Toolset, UsageSink,
};
use frontdesk_auth::SigningKey;
use frontdesk_auth::incoming::signed::Verifier;
use frontdesk_auth::outgoing::{Signed, Signer};
use frontdesk_clock::{Clock, ManualClock, RandomIds, Timestamp};
use frontdesk_identity::{Credentials, Principal, Secret, SignedIn, TenantId, UserId};
use frontdesk_mcp_client::{Era, McpServer, McpServerConfig};
use frontdesk_mcp_server::{
    Authentication, Caller, MountOptions, Params, Progress, State, Structured, Text, Tool,
    ToolFailure, ToolServer, serve,
};
use frontdesk_model::http::client;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::{Barrier, Notify};
use tokio_util::sync::CancellationToken;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How many calls must run at once before `meet` returns.
pub(crate) const MEETING: usize = 8;

/// How long is waited for what must happen, and how long anything may take that isn't measured.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The server and its client.
pub(crate) struct Stand {
    pub(crate) client: Arc<McpServer>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) clock: Arc<ManualClock>,
    address: SocketAddr,
    serving: Option<Runtime>,
}

/// What the server has seen.
#[derive(Debug)]
pub(crate) struct Seen {
    requests: Mutex<Vec<String>>,
    tokens: Mutex<BTreeSet<String>>,
    pub(crate) calls: AtomicUsize,
    pub(crate) started: Notify,
    pub(crate) ended: Notify,
    meeting: Barrier,
}

impl Seen {
    /// The methods of the protocol that were asked for, in order.
    pub(crate) fn methods(&self) -> Vec<String> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn tokens(&self) -> usize {
        self.tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Words {
    words: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Said {
    user: String,
    said: String,
}

type SeenState = State<Arc<Seen>>;

async fn say(
    Caller(caller): Caller,
    Params(words): Params<Words>,
    State(seen): SeenState,
) -> std::result::Result<Structured<Said>, ToolFailure> {
    seen.calls.fetch_add(1, Ordering::SeqCst);
    Ok(Structured(Said {
        user: caller.user.to_string(),
        said: words.words.join(" "),
    }))
}

async fn refuse(Caller(caller): Caller) -> std::result::Result<Text, ToolFailure> {
    Err(ToolFailure::new(format!("not for {}", caller.user)))
}

async fn meet(State(seen): SeenState) -> std::result::Result<Text, ToolFailure> {
    seen.meeting.wait().await;
    Ok(Text("met".to_owned()))
}

async fn hang(
    State(seen): SeenState,
    progress: Progress,
) -> std::result::Result<Text, ToolFailure> {
    struct End(Arc<Seen>);
    impl Drop for End {
        fn drop(&mut self) {
            self.0.ended.notify_one();
        }
    }
    let end = End(seen);
    progress.report(1.0, Some(4.0), Some("a quarter")).await;
    end.0.started.notify_one();
    std::future::pending().await
}

async fn work(progress: Progress) -> std::result::Result<Text, ToolFailure> {
    for step in 1..=10_u8 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        progress.report(f64::from(step), Some(10.0), None).await;
    }
    Ok(Text("worked".to_owned()))
}

async fn slow(State(_): SeenState) -> std::result::Result<Text, ToolFailure> {
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    Ok(Text("slowly".to_owned()))
}

async fn tick(progress: Progress) -> std::result::Result<Text, ToolFailure> {
    for step in 1..=2_000_u16 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        progress.report(f64::from(step), None, None).await;
    }
    Ok(Text("ticked".to_owned()))
}

async fn long(State(_): SeenState) -> std::result::Result<Text, ToolFailure> {
    Ok(Text("x".repeat(frontdesk_mcp_client::MAX_OUTPUT_BYTES + 1)))
}

impl Stand {
    pub(crate) fn open() -> Result<Self> {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut McpServerConfig)) -> Result<Self> {
        let seen = Arc::new(Seen {
            requests: Mutex::default(),
            tokens: Mutex::default(),
            calls: AtomicUsize::new(0),
            started: Notify::new(),
            ended: Notify::new(),
            meeting: Barrier::new(MEETING),
        });
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let url = format!("http://{address}/mcp");
        let auth = signed_at(&url, Arc::clone(&clock) as Arc<dyn Clock>)?;
        let mut config = McpServerConfig::new("stand", url.parse::<url::Url>()?, Arc::new(auth));
        config.era = Era::Stateless;
        patient(&mut config);
        change(&mut config);
        let client = Arc::new(McpServer::new(config, client()?));
        let mut stand = Self {
            client,
            seen,
            clock,
            address,
            serving: None,
        };
        stand.serve(listener)?;
        Ok(stand)
    }

    fn serve(&mut self, listener: TcpListener) -> Result<()> {
        let url = format!("http://{}/mcp", self.address);
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let verifier = Verifier::new("desk", &url, &[key()?.public().clone()], clock);
        let options = MountOptions::new(Authentication::Bearer(Arc::new(verifier)), url);
        let seen = Arc::clone(&self.seen);
        let router = tools(Arc::clone(&seen)).into_router(options)?;
        let router = router.layer(middleware::from_fn(move |request, next| {
            note(Arc::clone(&seen), request, next)
        }));
        listener.set_nonblocking(true)?;
        // A runtime of its own, so that stopping the server cuts its connections, as a killed process does.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            serve(listener, router, CancellationToken::new()).await
        });
        self.serving = Some(runtime);
        Ok(())
    }

    /// Ends the server and its connections.
    pub(crate) async fn stop(&mut self) {
        if let Some(runtime) = self.serving.take() {
            let stopped = tokio::task::spawn_blocking(move || {
                runtime.shutdown_timeout(PATIENCE);
            });
            assert!(stopped.await.is_ok());
        }
    }

    /// Starts the server again at the same address.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.serve(TcpListener::bind(self.address)?)
    }

    pub(crate) async fn call(
        &self,
        user: &str,
        tool: &str,
        arguments: Value,
    ) -> std::result::Result<ToolOutput, ToolError> {
        let context = context(user, ProgressSink::silent())
            .map_err(|error| ToolError::plain(error.to_string()))?;
        self.call_in(context, tool, arguments).await
    }

    pub(crate) async fn call_in(
        &self,
        context: ToolContext<()>,
        tool: &str,
        arguments: Value,
    ) -> std::result::Result<ToolOutput, ToolError> {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        Toolset::call(self.client.as_ref(), tool, arguments, context).await
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        if let Some(runtime) = self.serving.take() {
            runtime.shutdown_background();
        }
    }
}

/// Leaves a busy machine its time.
pub(crate) fn patient(config: &mut McpServerConfig) {
    config.connect_timeout = PATIENCE;
    config.probe_timeout = PATIENCE;
    config.turn_timeout = PATIENCE;
}

/// Waits for what must happen.
pub(crate) async fn soon<T>(happens: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, happens).await.unwrap()
}

/// Waits until something holds that must come to hold.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    soon(waiting).await;
}

pub(crate) fn caller(user: &str) -> Result<SignedIn> {
    let principal = Principal::new(TenantId::single(), UserId::new(user)?);
    Ok(SignedIn::new(principal))
}

pub(crate) fn context(user: &str, progress: ProgressSink) -> Result<ToolContext<()>> {
    Ok(ToolContext {
        principal: caller(user)?.principal,
        credentials: Credentials::default(),
        context: Arc::new(()),
        cancel: CancellationToken::new(),
        progress,
        usage: UsageSink::default(),
        call_id: "call_1".to_owned(),
    })
}

pub(crate) fn run_context(user: &str) -> Result<RunContext<()>> {
    Ok(RunContext {
        principal: caller(user)?.principal,
        credentials: Credentials::default(),
        context: Arc::new(()),
        cancel: CancellationToken::new(),
        usage: UsageSink::default(),
    })
}

pub(crate) fn said(user: &str, said: &str) -> ToolOutput {
    ToolOutput::text(json!({"user": user, "said": said}).to_string())
}

/// Signs for another audience, in a time of its own.
pub(crate) fn signed(audience: &str) -> Result<Signed> {
    signed_at(audience, Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)))
}

fn signed_at(audience: &str, clock: Arc<dyn Clock>) -> Result<Signed> {
    let signer = Signer::new("desk", key()?, clock, Arc::new(RandomIds));
    Ok(Signed {
        signer: Arc::new(signer),
        audience: audience.to_owned(),
    })
}

fn key() -> Result<SigningKey> {
    Ok(SigningKey::from_secret(&Secret::new(
        "a secret of some length",
    ))?)
}

fn tools(seen: Arc<Seen>) -> ToolServer<Arc<Seen>> {
    ToolServer::new("stand", "1.0.0", seen)
        .tool(
            Tool::new("say", say)
                .title("Say something")
                .description("Says words.")
                .idempotent(),
        )
        .tool(Tool::new("refuse", refuse).read_only())
        .tool(Tool::new("meet", meet))
        .tool(Tool::new("hang", hang))
        .tool(Tool::new("slow", slow))
        .tool(Tool::new("tick", tick))
        .tool(Tool::new("work", work))
        .tool(Tool::new("long", long).destructive())
}

async fn note(seen: Arc<Seen>, request: Request, next: Next) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 1024 * 1024)
        .await
        .unwrap_or_default();
    let message: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if let Some(method) = message.get("method").and_then(Value::as_str) {
        seen.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(method.to_owned());
    }
    if let Some(token) = parts
        .headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
    {
        seen.tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(token.to_owned());
    }
    next.run(Request::from_parts(parts, bytes.into())).await
}
