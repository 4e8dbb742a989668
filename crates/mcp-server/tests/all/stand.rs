//! A server with a few tools on a socket.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use frontdesk_auth::SigningKey;
use frontdesk_auth::incoming::signed::Verifier;
use frontdesk_auth::outgoing::Signer;
use frontdesk_clock::{Clock, ManualClock, RandomIds, Timestamp};
use frontdesk_identity::{Principal, Secret, TenantId, UserId};
use frontdesk_mcp_server::{
    Authentication, Caller, Cancelled, MountOptions, Params, Progress, State, Structured, Text,
    Tool, ToolFailure, ToolServer, serve,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub(crate) struct Stand {
    pub(crate) url: String,
    pub(crate) signer: Signer,
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
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/mcp", listener.local_addr()?);
        let key = SigningKey::from_secret(&Secret::new("a secret of some length"))?;
        let verifier = Verifier::new("desk", &url, &[key.public().clone()], Arc::clone(&clock));
        let mut options =
            MountOptions::new(Authentication::Bearer(Arc::new(verifier)), url.clone());
        options.allowed_origins = vec!["https://page.example:443".to_owned()];
        options.authorization_servers = vec!["https://desk.example".to_owned()];
        options.health_path = Some("/healthz".to_owned());
        let state = Arc::new(Counters::default());
        let router = tools(Arc::clone(&state)).into_router(options)?;
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, router, CancellationToken::new()));
        Ok(Self {
            url,
            signer: Signer::new("desk", key, clock, Arc::new(RandomIds)),
            state,
            _serving: serving,
        })
    }

    pub(crate) fn token(&self, user: &str) -> Result<String> {
        let principal = Principal::new(TenantId::single(), UserId::new(user)?);
        Ok(self.signer.sign(&principal, &self.url)?.expose().to_owned())
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
