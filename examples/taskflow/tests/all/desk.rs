//! A TaskFlow server on a socket, and a caller for each user.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_auth::SigningKey;
use frontdesk_auth::incoming::signed::Verifier;
use frontdesk_auth::outgoing::Signer;
use frontdesk_clock::{Clock, ManualClock, RandomIds, Timestamp};
use frontdesk_identity::{Principal, Secret, TenantId, UserId};
use frontdesk_mcp_server::{Authentication, MountOptions, serve};
use frontdesk_taskflow::SCOPES;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::place;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The server; it ends when this is dropped.
pub(crate) struct Desk {
    pub(crate) url: String,
    signer: Signer,
    clock: Arc<ManualClock>,
    http: reqwest::Client,
    _serving: JoinSet<std::io::Result<()>>,
    _place: place::Place,
}

/// What a call came to.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Done(Value),
    Failed(String),
}

impl Desk {
    pub(crate) async fn open() -> Result<Self> {
        let standing = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let clock: Arc<dyn Clock> = standing.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/mcp", listener.local_addr()?);
        let key = SigningKey::from_secret(&Secret::new("a secret of some length"))?;
        let verifier = Verifier::new("desk", &url, &[key.public().clone()], Arc::clone(&clock));
        let (tasks, place) = place::open(Arc::clone(&clock)).await?;
        let mut options =
            MountOptions::new(Authentication::Bearer(Arc::new(verifier)), url.clone());
        options.granted_scopes = SCOPES.map(str::to_owned).to_vec();
        let router = frontdesk_taskflow::server(tasks).into_router(options)?;
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, router, CancellationToken::new()));
        let signer = Signer::new("desk", key, clock, Arc::new(RandomIds));
        let http = reqwest::Client::builder().build()?;
        Ok(Self {
            url,
            signer,
            clock: standing,
            http,
            _serving: serving,
            _place: place,
        })
    }

    /// Lets a second go by.
    pub(crate) fn tick(&self) {
        self.clock.advance(Duration::from_secs(1));
    }

    pub(crate) async fn call(&self, user: &str, tool: &str, arguments: Value) -> Result<Answer> {
        let result = self
            .request(
                user,
                "tools/call",
                json!({"name": tool, "arguments": arguments}),
            )
            .await?;
        if result.get("isError") == Some(&json!(true)) {
            let text = result
                .pointer("/content/0/text")
                .and_then(Value::as_str)
                .ok_or("a failure without text")?;
            return Ok(Answer::Failed(text.to_owned()));
        }
        Ok(Answer::Done(
            result.get("structuredContent").cloned().unwrap_or_default(),
        ))
    }

    pub(crate) async fn request(&self, user: &str, method: &str, params: Value) -> Result<Value> {
        let token = self.token(user)?;
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = self
            .http
            .post(&self.url)
            .bearer_auth(token)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-11-25")
            .body(body.to_string())
            .send()
            .await?;
        let text = answer.error_for_status()?.text().await?;
        // Where the server told something before its answer, the answer is the last event of a stream.
        let mut events = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let mut answer: Value = serde_json::from_str(events.next_back().unwrap_or(&text))?;
        Ok(answer
            .get_mut("result")
            .map(Value::take)
            .unwrap_or_default())
    }

    /// Sends a request in the way of the stateless era, from a client that can ask its user by a form.
    pub(crate) async fn send(
        &self,
        user: &str,
        method: &str,
        mut params: Value,
    ) -> Result<reqwest::Response> {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
            "progressToken": "p-1",
        });
        let fields = params.as_object_mut().ok_or("no object")?;
        fields.insert("_meta".to_owned(), meta);
        let name = fields.get("name").and_then(Value::as_str);
        let mut request = self
            .http
            .post(&self.url)
            .bearer_auth(self.token(user)?)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method);
        if let Some(name) = name {
            request = request.header("mcp-name", name);
        }
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let response = request.body(body.to_string()).send().await?;
        Ok(response.error_for_status()?)
    }

    fn token(&self, user: &str) -> Result<String> {
        let (tenant, user) = user.split_once('/').unwrap_or(("default", user));
        let principal = Principal::new(TenantId::new(tenant)?, UserId::new(user)?);
        let token = self.signer.sign(&principal, &self.url)?;
        Ok(token.expose().to_owned())
    }
}
