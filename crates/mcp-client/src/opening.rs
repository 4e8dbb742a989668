//! Opens connections: finds out which revisions a server speaks, and waits for it within bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use frontdesk_identity::SignedIn;
use rmcp::RoleClient;
use rmcp::model::ProtocolVersion;
use rmcp::service::{ClientLifecycleMode, RunningService, serve_client_with_lifecycle};
use rmcp::transport::common::client_side_sse::ExponentialBackoff;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, Transport};
use url::Url;

use crate::answer::MAX_ANSWER_BYTES;
use crate::asking::Answering;
use crate::connection::{Connection, Whose};
use crate::credential::Credential;
use crate::events::Events;
use crate::http::SignedHttp;
use crate::process::Process;
use crate::progress::InOrder;
use crate::{Command, Endpoint, Era, McpError, McpServerConfig};

/// How many requests run at once on one user's connection.
const MAX_OF_ONE: usize = 64;
/// How many requests run at once on a connection that all users share.
const MAX_OF_ALL: usize = 4_096;
const MAX_RECONNECTS: usize = 5;
const MAX_RECONNECT_DELAY: Duration = Duration::from_secs(10);
/// How often a wait begins again because an identity is being renewed.
const MAX_RENEWALS: usize = 60;

/// What has worked with a server of [`Era::Auto`]; shared by its connections.
#[derive(Debug, Default)]
pub(crate) struct KnownEra(AtomicU8);

impl KnownEra {
    pub(crate) fn get(&self, configured: Era) -> Era {
        match (configured, self.0.load(Ordering::Relaxed)) {
            (Era::Auto, 1) => Era::Stateless,
            (Era::Auto, 2) => Era::Initialize,
            _ => configured,
        }
    }

    pub(crate) fn set(&self, era: Era) {
        let code = match era {
            Era::Auto => 0,
            Era::Stateless => 1,
            Era::Initialize => 2,
        };
        self.0.store(code, Ordering::Relaxed);
    }
}

/// What opening needs.
#[derive(Clone, Copy)]
pub(crate) struct Opening<'a> {
    pub(crate) config: &'a McpServerConfig,
    pub(crate) http: &'a reqwest::Client,
    pub(crate) caller: &'a SignedIn,
}

impl Opening<'_> {
    /// A connection by the newer protocol, which all users can share.
    pub(crate) async fn shared(&self, url: &Url, known: Era) -> Result<Connection, McpError> {
        let limit = if known == Era::Auto {
            self.probe_limit()
        } else {
            self.config.connect_timeout
        };
        self.over_http(url, discover(), Whose::Everybodys, limit)
            .await
    }

    /// A connection of the caller's alone.
    pub(crate) async fn own(&self, url: &Url) -> Result<Connection, McpError> {
        let limit = self.config.connect_timeout;
        self.over_http(url, ClientLifecycleMode::Initialize, Whose::OneUsers, limit)
            .await
    }

    /// A connection to a program that is started for it, and that all users share.
    pub(crate) async fn program(
        &self,
        command: &Command,
        era: Era,
    ) -> Result<Connection, McpError> {
        let limit = self.config.connect_timeout;
        if era != Era::Initialize {
            let wait = if era == Era::Auto {
                self.probe_limit()
            } else {
                limit
            };
            match self.over_pipes(command, discover(), wait).await {
                Err(error) if era == Era::Auto && !matches!(error, McpError::Away { .. }) => {
                    tracing::debug!(server = self.config.name, %error, "falling back to the handshake");
                }
                outcome => return outcome,
            }
        }
        self.over_pipes(command, ClientLifecycleMode::Initialize, limit)
            .await
    }

    async fn over_http(
        &self,
        url: &Url,
        lifecycle: ClientLifecycleMode,
        whose: Whose,
        limit: Duration,
    ) -> Result<Connection, McpError> {
        let credential = self.credential();
        let http = SignedHttp {
            http: self.http.clone(),
            credential: Arc::clone(&credential),
        };
        let mut backoff = ExponentialBackoff::default();
        backoff.max_times = Some(MAX_RECONNECTS);
        backoff.max_delay = Some(MAX_RECONNECT_DELAY);
        let at_once = match whose {
            Whose::OneUsers => MAX_OF_ONE,
            Whose::Everybodys => MAX_OF_ALL,
        };
        let mut transport = StreamableHttpClientTransportConfig::with_uri(url.as_str())
            .max_concurrent_requests(at_once)
            .max_sse_event_size(MAX_ANSWER_BYTES);
        transport.retry_config = Arc::new(backoff);
        let transport = StreamableHttpClientTransport::with_client(http, transport);
        let service = self
            .served(&credential, transport, lifecycle, limit)
            .await?;
        Ok(Connection::new(service, credential, whose, None).await)
    }

    async fn over_pipes(
        &self,
        command: &Command,
        lifecycle: ClientLifecycleMode,
        limit: Duration,
    ) -> Result<Connection, McpError> {
        let credential = self.credential();
        let (process, pipes) = Process::start(&self.config.name, command)?;
        let service = self.served(&credential, pipes, lifecycle, limit).await?;
        Ok(Connection::new(service, credential, Whose::Everybodys, Some(process)).await)
    }

    /// How long a server may be silent about the newer protocol before the older one is tried.
    fn probe_limit(&self) -> Duration {
        self.config.probe_timeout.min(self.config.connect_timeout)
    }

    fn credential(&self) -> Arc<Credential> {
        let auth = Arc::clone(&self.config.auth);
        Arc::new(Credential::new(auth, self.caller.clone()))
    }

    async fn served<T>(
        &self,
        credential: &Arc<Credential>,
        transport: T,
        lifecycle: ClientLifecycleMode,
        limit: Duration,
    ) -> Result<RunningService<RoleClient, Events>, McpError>
    where
        T: Transport<RoleClient> + 'static,
    {
        let answering = Answering {
            server: self.config.name.clone(),
            interaction: Arc::clone(&self.config.interaction),
        };
        let events = Events::new(answering, Arc::clone(credential));
        let serving = serve_client_with_lifecycle(events, InOrder::new(transport), lifecycle);
        match patiently(limit, credential, serving).await {
            Some(Ok(service)) => Ok(service),
            Some(Err(error)) => Err(McpError::of_handshake(&error)),
            None => Err(McpError::Timeout { limit }),
        }
    }
}

/// Waits this long, not counting the time in which an identity is renewed.
pub(crate) async fn patiently<T>(
    limit: Duration,
    credential: &Credential,
    future: impl Future<Output = T>,
) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut before = credential.renewals();
    for _ in 0..MAX_RENEWALS {
        if let Ok(done) = tokio::time::timeout(limit, &mut future).await {
            return Some(done);
        }
        let now = credential.renewals();
        let (begun, done) = now;
        if now == before && begun == done {
            return None;
        }
        before = now;
    }
    None
}

fn discover() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    }
}

/// Whether this endpoint's connections can be shared whatever the era.
pub(crate) fn is_program(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Command(_))
}
