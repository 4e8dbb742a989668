//! Sessions of the `initialize` era: each is one caller's, their number is bounded, and idle ones end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::middleware::Next;
use axum::response::Response;
use frontdesk_identity::{Principal, Scope};
use futures_util::{FutureExt, Stream};
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::WorkerTransport;
use rmcp::transport::streamable_http_server::SessionManager;
use rmcp::transport::streamable_http_server::session::local::{
    LocalSessionManager, LocalSessionManagerError, LocalSessionWorker, SessionError,
};
use rmcp::transport::streamable_http_server::session::{ServerSseMessage, SessionId};
use tokio::time::Instant;

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
        /// How many of them one caller may have, so that none takes all; another one is refused with 429.
        /// Where everyone is one caller, [`Sessions::Kept::max`] alone counts.
        each: usize,
        /// After what time without a request one ends; one that still hears of changes may stay until its place is
        /// wanted.
        idle: Duration,
    },
}

impl Sessions {
    /// At most 10,000 sessions, 100 of them one caller's, each for half an hour after its last request.
    pub fn kept() -> Self {
        Self::Kept {
            max: 10_000,
            each: 100,
            idle: Duration::from_mins(30),
        }
    }
}

/// The library's sessions, and whose they are.
#[derive(Debug)]
pub(crate) struct OwnedSessions {
    local: LocalSessionManager,
    owned: Mutex<HashMap<String, Owned>>,
    /// One session is opened after the other, so that the last place is taken once.
    opening: tokio::sync::Mutex<()>,
    max: usize,
    each: usize,
    idle: Duration,
}

#[derive(Debug)]
struct Owned {
    caller: Scope,
    /// When the last request came.
    heard: Instant,
}

/// Who may be about to open a session, and why there was none.
#[derive(Debug)]
struct Opener {
    caller: Scope,
    refused: OnceLock<Full>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Full {
    OfAll,
    OfTheCallers,
}

tokio::task_local! {
    /// The library opens a session within the request that asks for it, and doesn't say whose request that is.
    static OPENER: Arc<Opener>;
}

impl OwnedSessions {
    pub(crate) fn new(max: usize, each: usize, idle: Duration) -> Self {
        let mut local = LocalSessionManager::default();
        local.session_config.keep_alive = Some(idle);
        Self {
            local,
            owned: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            max,
            each,
            idle,
        }
    }

    fn owned(&self) -> MutexGuard<'_, HashMap<String, Owned>> {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the session is the caller's, which has been heard of just now if so.
    fn hears(&self, id: &str, caller: &Scope) -> bool {
        let mut owned = self.owned();
        let own = owned.get_mut(id).filter(|owned| owned.caller == *caller);
        own.is_some_and(|owned| {
            owned.heard = Instant::now();
            true
        })
    }

    fn full(&self, caller: &Scope) -> Option<Full> {
        let owned = self.owned();
        if owned.len() >= self.max {
            return Some(Full::OfAll);
        }
        let own = owned.values().filter(|owned| owned.caller == *caller);
        (own.count() >= self.each).then_some(Full::OfTheCallers)
    }

    /// Ends sessions without a request for long. What the server sends to one keeps the library from ending it.
    async fn end_idle(&self) {
        let mut idle = Vec::new();
        self.owned().retain(|id, owned| {
            let stays = owned.heard.elapsed() < self.idle;
            if !stays {
                idle.push(id.clone());
            }
            stays
        });
        let mut living = self.local.sessions.write().await;
        for id in idle {
            if let Some(session) = living.remove(id.as_str()) {
                // One that is too busy to hear it ends when it finds that nobody can reach it any more.
                let _ = session.close().now_or_never();
            }
        }
    }
}

impl Full {
    fn refusal(self) -> Response {
        let (status, message) = match self {
            Self::OfAll => (
                StatusCode::SERVICE_UNAVAILABLE,
                "there are too many sessions",
            ),
            Self::OfTheCallers => (
                StatusCode::TOO_MANY_REQUESTS,
                "this caller has too many sessions",
            ),
        };
        let mut full = refusal(status, SERVER_ERROR, message);
        let headers = full.headers_mut();
        headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS.parse().unwrap_or(0.into()));
        full
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
        let stateless = request
            .headers()
            .get("mcp-protocol-version")
            .is_some_and(|version| version.as_bytes() >= b"2026-07-28".as_slice());
        if stateless {
            // There are no sessions in that era, so what is named isn't one.
            request.headers_mut().remove(SESSION_HEADER);
        } else if !sessions.hears(id.to_str().unwrap_or_default(), &caller) {
            return refusal(StatusCode::NOT_FOUND, NO_SESSION, "session not found");
        }
    }
    let opener = Arc::new(Opener {
        caller,
        refused: OnceLock::new(),
    });
    let response = OPENER.scope(Arc::clone(&opener), next.run(request)).await;
    opener.refused.get().map_or(response, |full| full.refusal())
}

fn no_place() -> LocalSessionManagerError {
    SessionError::Io(std::io::Error::other("there is no place for a session")).into()
}

impl SessionManager for OwnedSessions {
    type Error = LocalSessionManagerError;
    type Transport = WorkerTransport<LocalSessionWorker>;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        let opener = OPENER.try_with(Arc::clone).map_err(|_| no_place())?;
        let _turn = self.opening.lock().await;
        if self.full(&opener.caller).is_some() {
            self.end_idle().await;
        }
        if let Some(full) = self.full(&opener.caller) {
            let _ = opener.refused.set(full);
            return Err(no_place());
        }
        let (id, transport) = self.local.create_session().await?;
        let owned = Owned {
            caller: opener.caller.clone(),
            heard: Instant::now(),
        };
        self.owned().insert(id.to_string(), owned);
        Ok((id, transport))
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
        // First, for the rest waits for a session that may not hear it.
        self.owned().remove(id.as_ref());
        self.local.close_session(id).await
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
