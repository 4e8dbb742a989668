//! One user's connection to one server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use frontdesk_agent::ProgressSink;
use frontdesk_identity::SignedIn;
use rmcp::RoleClient;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, ClientRequest, PaginatedRequestParams,
    ProtocolVersion, ServerResult, Tool,
};
use rmcp::service::{
    ClientLifecycleMode, PeerRequestOptions, RunningService, serve_client_with_lifecycle,
};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::common::client_side_sse::ExponentialBackoff;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

use crate::credential::{Credential, SignedHttp};
use crate::events::Events;
use crate::in_flight::InFlight;
use crate::listing::{MAX_PAGES, MAX_TOOLS};
use crate::{Era, McpError, McpServerConfig};

/// How long a server may be silent about the newer protocol before the older one is tried.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// How many requests of one user run at once.
const MAX_CONCURRENT_REQUESTS: usize = 64;
const MAX_SSE_EVENT_BYTES: usize = 4 * 1024 * 1024;
const MAX_RECONNECTS: usize = 5;
const MAX_RECONNECT_DELAY: Duration = Duration::from_secs(10);

/// What has worked with a server of [`Era::Auto`]; shared by its connections.
#[derive(Debug, Default)]
pub(crate) struct KnownEra(AtomicU8);

/// A standing connection.
#[derive(Debug)]
pub(crate) struct Connection {
    service: RunningService<RoleClient, Events>,
    credential: Arc<Credential>,
    call_timeout: Duration,
    max_call_time: Duration,
}

impl KnownEra {
    fn get(&self, configured: Era) -> Era {
        match (configured, self.0.load(Ordering::Relaxed)) {
            (Era::Auto, 1) => Era::Stateless,
            (Era::Auto, 2) => Era::Initialize,
            _ => configured,
        }
    }

    fn set(&self, era: Era) {
        let code = match era {
            Era::Auto => 0,
            Era::Stateless => 1,
            Era::Initialize => 2,
        };
        self.0.store(code, Ordering::Relaxed);
    }
}

impl Connection {
    /// Connects as this user; the caller bounds the time.
    pub(crate) async fn open(
        config: &McpServerConfig,
        http: &reqwest::Client,
        known: &KnownEra,
        caller: &SignedIn,
    ) -> Result<Self, McpError> {
        let credential = Arc::new(Credential::new(Arc::clone(&config.auth), caller.clone()));
        let http = SignedHttp {
            http: http.clone(),
            credential: Arc::clone(&credential),
        };
        let connection = |service| Self {
            service,
            credential,
            call_timeout: config.call_timeout,
            max_call_time: config.max_call_time,
        };
        let era = known.get(config.era);
        if era != Era::Initialize {
            match probe(config, &http, era).await {
                Ok(service) => {
                    known.set(Era::Stateless);
                    return Ok(connection(service));
                }
                // Only what the older protocol can't do better about ends the attempt.
                Err(error @ (McpError::Away { .. } | McpError::Unauthorized { .. })) => {
                    return Err(error);
                }
                Err(error) if config.era == Era::Stateless => return Err(error),
                Err(error) => {
                    tracing::debug!(server = config.name, %error, "falling back to the handshake");
                }
            }
        }
        match handshake(config, &http, ClientLifecycleMode::Initialize).await {
            Ok(service) => {
                known.set(Era::Initialize);
                Ok(connection(service))
            }
            Err(error) => {
                known.set(Era::Auto);
                Err(error)
            }
        }
    }

    pub(crate) fn renew(&self, caller: &SignedIn) {
        self.credential.renew(caller);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.service.is_closed() || self.service.is_transport_closed()
    }

    pub(crate) fn take_tools_changed(&self) -> bool {
        self.service.service().take_tools_changed()
    }

    /// All tools, up to a cap.
    pub(crate) async fn tools(&self) -> Result<Vec<Tool>, McpError> {
        let mut tools = Vec::new();
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            let params = PaginatedRequestParams::default().with_cursor(cursor);
            let page = self
                .service
                .list_tools(Some(params))
                .await
                .map_err(|error| McpError::of_request(&error))?;
            tools.extend(page.tools);
            cursor = page.next_cursor;
            if cursor.is_none() || tools.len() >= MAX_TOOLS {
                break;
            }
        }
        if cursor.is_some() || tools.len() > MAX_TOOLS {
            tracing::warn!(
                tools = tools.len(),
                "a server has more tools than are taken"
            );
            tools.truncate(MAX_TOOLS);
        }
        Ok(tools)
    }

    /// Calls a tool. Dropping the future cancels the call.
    pub(crate) async fn call(
        &self,
        params: CallToolRequestParams,
        progress: ProgressSink,
    ) -> Result<CallToolResult, McpError> {
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let options = PeerRequestOptions::with_timeout(self.call_timeout)
            .reset_timeout_on_progress()
            .with_max_total_timeout(self.max_call_time);
        let handle = self
            .service
            .send_cancellable_request(request, options)
            .await
            .map_err(|error| McpError::of_request(&error))?;
        let _following = self
            .service
            .service()
            .follow(handle.progress_token.clone(), progress);
        let in_flight = InFlight::new(self.service.peer(), handle.id.clone());
        let answer = handle.await_response().await;
        in_flight.landed();
        match answer {
            Ok(ServerResult::CallToolResult(result)) => Ok(result),
            Ok(ServerResult::InputRequiredResult(_)) => Err(McpError::Refused {
                message: "it asks for input that can't be given here".to_owned(),
            }),
            Ok(_) => Err(McpError::Unexpected {
                detail: "not a tool's result".to_owned(),
            }),
            Err(error) => Err(McpError::of_request(&error)),
        }
    }
}

async fn probe(
    config: &McpServerConfig,
    http: &SignedHttp,
    era: Era,
) -> Result<RunningService<RoleClient, Events>, McpError> {
    let discover = ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    };
    let attempt = handshake(config, http, discover);
    if era == Era::Stateless {
        return attempt.await;
    }
    tokio::time::timeout(PROBE_TIMEOUT, attempt)
        .await
        .unwrap_or_else(|_| {
            Err(McpError::Timeout {
                detail: format!("{} s for the newer protocol", PROBE_TIMEOUT.as_secs()),
            })
        })
}

async fn handshake(
    config: &McpServerConfig,
    http: &SignedHttp,
    lifecycle: ClientLifecycleMode,
) -> Result<RunningService<RoleClient, Events>, McpError> {
    let mut backoff = ExponentialBackoff::default();
    backoff.max_times = Some(MAX_RECONNECTS);
    backoff.max_delay = Some(MAX_RECONNECT_DELAY);
    let mut transport = StreamableHttpClientTransportConfig::with_uri(config.url.as_str())
        .max_concurrent_requests(MAX_CONCURRENT_REQUESTS)
        .max_sse_event_size(MAX_SSE_EVENT_BYTES);
    transport.retry_config = Arc::new(backoff);
    let transport = StreamableHttpClientTransport::with_client(http.clone(), transport);
    serve_client_with_lifecycle(Events::default(), transport, lifecycle)
        .await
        .map_err(|error| McpError::of_handshake(&error))
}
