//! Sessions of the `initialize` era: each is one caller's, their number is bounded, and idle ones end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::middleware::Next;
use axum::response::Response;
use frontdesk_identity::{Principal, Scope};
use futures_util::Stream;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::WorkerTransport;
use rmcp::transport::streamable_http_server::SessionManager;
use rmcp::transport::streamable_http_server::session::local::{
    LocalSessionManager, LocalSessionManagerError, LocalSessionWorker, SessionError,
};
use rmcp::transport::streamable_http_server::session::{ServerSseMessage, SessionId};

use crate::body::Opening;
use crate::refusal::{NO_SESSION, SERVER_ERROR, refusal};

const SESSION_HEADER: &str = "mcp-session-id";

/// After how many seconds a client that found no room may try again.
const RETRY_AFTER_SECONDS: &str = "30";

/// Whether clients of the `initialize` era get sessions.
///
/// They need one for what goes from the server to the client: questions to the user, the client's model and files,
/// and notifications of changes. Clients of the stateless era have all of that without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// No sessions: any replica answers any request.
    Stateless,
    /// Sessions in this process; where several run, requests of one session have to reach the same.
    Kept {
        /// How many there may be at once; another one is refused with 503.
        max: usize,
        /// After what time without a request one ends.
        idle: Duration,
    },
}

impl Sessions {
    /// At most 10,000 sessions, each for half an hour after its last request.
    pub fn kept() -> Self {
        Self::Kept {
            max: 10_000,
            idle: Duration::from_mins(30),
        }
    }
}

/// The library's sessions, and whose they are.
#[derive(Debug)]
pub(crate) struct OwnedSessions {
    local: LocalSessionManager,
    owners: Mutex<HashMap<String, Scope>>,
    opening: tokio::sync::Mutex<()>,
    max: usize,
}

impl OwnedSessions {
    pub(crate) fn new(max: usize, idle: Duration) -> Self {
        let mut local = LocalSessionManager::default();
        local.session_config.keep_alive = Some(idle);
        Self {
            local,
            owners: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            max,
        }
    }

    fn owners(&self) -> MutexGuard<'_, HashMap<String, Scope>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn own(&self, id: &str, caller: Scope) {
        let living = self.local.sessions.read().await;
        let mut owners = self.owners();
        if living.contains_key(id) {
            owners.entry(id.to_owned()).or_insert(caller);
        }
        if owners.len() > self.max {
            owners.retain(|id, _| living.contains_key(id.as_str()));
        }
    }

    async fn is_full(&self) -> bool {
        self.local.sessions.read().await.len() >= self.max
    }
}

/// Lets a caller use only sessions of its own. One of another caller's is as good as none.
pub(crate) async fn check(
    State(sessions): State<Arc<OwnedSessions>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(caller) = request.extensions().get::<Arc<Principal>>() else {
        return refusal(StatusCode::UNAUTHORIZED, SERVER_ERROR, "sign-in required");
    };
    let caller = caller.scope();
    if let Some(id) = request.headers().get(SESSION_HEADER) {
        let id = id.to_str().unwrap_or_default();
        let own = sessions.owners().get(id) == Some(&caller);
        let stateless = request
            .headers()
            .get("mcp-protocol-version")
            .is_some_and(|version| version.as_bytes() >= b"2026-07-28".as_slice());
        if stateless {
            // There are no sessions in that era, so what is named isn't one.
            request.headers_mut().remove(SESSION_HEADER);
        } else if !own {
            return refusal(StatusCode::NOT_FOUND, NO_SESSION, "session not found");
        }
    }
    let opening = request.extensions().get::<Opening>().is_some();
    // One after the other, so that the last place is taken once.
    let _turn = if opening {
        Some(sessions.opening.lock().await)
    } else {
        None
    };
    if opening && sessions.is_full().await {
        let mut full = refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            SERVER_ERROR,
            "there are too many sessions",
        );
        let headers = full.headers_mut();
        headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS.parse().unwrap_or(0.into()));
        return full;
    }
    let response = next.run(request).await;
    let opened = response.headers().get(SESSION_HEADER);
    if let Some(id) = opened.and_then(|id| id.to_str().ok()) {
        sessions.own(id, caller).await;
    }
    response
}

impl SessionManager for OwnedSessions {
    type Error = LocalSessionManagerError;
    type Transport = WorkerTransport<LocalSessionWorker>;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        if self.is_full().await {
            // The check in front answers better; this one is for what it can't read.
            let full = std::io::Error::other("there are too many sessions");
            return Err(SessionError::Io(full).into());
        }
        self.local.create_session().await
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        self.local.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        self.local.has_session(id).await
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        let closed = self.local.close_session(id).await;
        self.owners().remove(id.as_ref());
        closed
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.local.create_stream(id, message).await
    }

    async fn accept_message(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<(), Self::Error> {
        self.local.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.local.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.local.resume(id, last_event_id).await
    }
}
