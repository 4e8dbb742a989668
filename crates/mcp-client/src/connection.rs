//! A standing connection: one user's, or one that all users share and on which each request says for whom it is.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_agent::ProgressSink;
use rmcp::RoleClient;
use rmcp::model::{
    CacheScope, CallToolRequest, CallToolRequestParams, CallToolResult, ClientRequest,
    GetExtensions, InputRequests, InputResponses, ListToolsRequest, PaginatedRequestParams,
    ServerResult,
};
use rmcp::service::{ClientCacheConfig, PeerRequestOptions, RunningService, Subscription};
use serde_json::{Map, Value};

use crate::McpError;
use crate::credential::{Credential, Sending};
use crate::events::Events;
use crate::in_flight::InFlight;
use crate::listing::{MAX_PAGES, MAX_TOOLS};
use crate::lists::{Audience, Fetched};
use crate::process::Process;
use crate::progress::follow;
use crate::redact::Redactor;

/// How often a server may ask for input before it answers.
const MAX_ROUNDS: usize = 10;

/// Whose connection it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    OneUsers,
    Everybodys,
}

/// A standing connection.
#[derive(Debug)]
pub(crate) struct Connection {
    service: RunningService<RoleClient, Events>,
    credential: Arc<Credential>,
    whose: Whose,
    /// What speaks at the other end; ended with the connection.
    _process: Option<Process>,
}

/// How long a request may go without an answer or progress, and how long in all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) silence: Duration,
    pub(crate) total: Duration,
}

impl Connection {
    pub(crate) async fn new(
        service: RunningService<RoleClient, Events>,
        credential: Arc<Credential>,
        whose: Whose,
        process: Option<Process>,
    ) -> Self {
        // What one user is answered must not be another's answer.
        let cache = ClientCacheConfig::disabled();
        service.set_response_cache_config(cache).await;
        if whose == Whose::Everybodys {
            credential.share();
        }
        Self {
            service,
            credential,
            whose,
            _process: process,
        }
    }

    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.service.is_closed() || self.service.is_transport_closed()
    }

    pub(crate) fn take_tools_changed(&self) -> bool {
        self.service.service().take_tools_changed()
    }

    /// All tools, up to a cap.
    pub(crate) async fn tools(
        &self,
        sending: &Sending,
        limit: Duration,
    ) -> Result<Fetched, McpError> {
        let times = Times {
            silence: limit,
            total: limit,
        };
        let mut fetched = Fetched {
            tools: Vec::new(),
            audience: Audience::TheCaller,
            fresh: None,
        };
        let mut cursor = None;
        for page in 0..MAX_PAGES {
            let params = PaginatedRequestParams::default().with_cursor(cursor);
            let request = ListToolsRequest::with_param(params).into();
            let answer = self.once(request, sending, times, None).await?;
            let ServerResult::ListToolsResult(list) = answer else {
                return Err(not_asked_for());
            };
            let everybodys = self.whose == Whose::Everybodys
                && list.cache_scope == Some(CacheScope::Public)
                && (page == 0 || fetched.audience == Audience::Everybody);
            fetched.audience = if everybodys {
                Audience::Everybody
            } else {
                Audience::TheCaller
            };
            let fresh = list.ttl_ms.map(Duration::from_millis);
            fetched.fresh = [fetched.fresh, fresh].into_iter().flatten().min();
            fetched.tools.extend(list.tools);
            cursor = list.next_cursor;
            if cursor.is_none() || fetched.tools.len() >= MAX_TOOLS {
                break;
            }
        }
        if cursor.is_some() || fetched.tools.len() > MAX_TOOLS {
            tracing::warn!(
                tools = fetched.tools.len(),
                "a server has more tools than are taken"
            );
            fetched.tools.truncate(MAX_TOOLS);
        }
        Ok(fetched)
    }

    /// Calls a tool. Dropping the future cancels the call.
    pub(crate) async fn call(
        &self,
        params: &CallToolRequestParams,
        sending: &Sending,
        times: Times,
        progress: &ProgressSink,
    ) -> Result<CallToolResult, McpError> {
        let request = |answers: Option<InputResponses>, state: Option<String>| {
            let mut params = params.clone();
            params.input_responses = answers;
            params.request_state = state;
            Ok(CallToolRequest::new(params).into())
        };
        match self.rounds(request, sending, times, Some(progress)).await? {
            ServerResult::CallToolResult(result) => Ok(result),
            _ => Err(not_asked_for()),
        }
    }

    /// Makes any request of the protocol, by its method's name.
    pub(crate) async fn request(
        &self,
        method: &str,
        params: &Map<String, Value>,
        sending: &Sending,
        times: Times,
    ) -> Result<Value, McpError> {
        let request = |answers: Option<InputResponses>, state: Option<String>| {
            let mut params = params.clone();
            if let Some(answers) = answers {
                let answers = answers.into_iter().collect();
                params.insert("inputResponses".to_owned(), Value::Object(answers));
            }
            if let Some(state) = state {
                params.insert("requestState".to_owned(), state.into());
            }
            let request = serde_json::json!({"method": method, "params": params});
            serde_json::from_value(request).map_err(|error| McpError::Refused {
                code: -32602,
                message: error.to_string(),
            })
        };
        let answer = self.rounds(request, sending, times, None).await?;
        serde_json::to_value(&answer).map_err(|_| not_asked_for())
    }

    /// Hears of changed tools, as this caller.
    pub(crate) async fn listen(&self, sending: &Sending) -> Result<Subscription, McpError> {
        self.credential.listen_as(sending.caller.clone());
        let filter = rmcp::model::SubscriptionFilter::builder()
            .tools_list_changed()
            .build();
        self.service
            .listen(filter)
            .await
            .map_err(|error| McpError::of_request(&error))
    }

    /// Whether the server says that it tells of changed tools on a stream that is asked for.
    pub(crate) fn tells_of_changes(&self) -> bool {
        self.service.peer_info().is_some_and(|info| {
            let tools = info.capabilities.tools.as_ref();
            !info.protocol_version.has_initialize()
                && tools.is_some_and(|tools| tools.list_changed == Some(true))
        })
    }

    /// Asks until there is an answer, and gives the server what it needs for it.
    async fn rounds(
        &self,
        request: impl Fn(Option<InputResponses>, Option<String>) -> Result<ClientRequest, McpError>,
        sending: &Sending,
        times: Times,
        progress: Option<&ProgressSink>,
    ) -> Result<ServerResult, McpError> {
        let (mut answers, mut state) = (None, None);
        let mut sending = sending.clone();
        for round in 0..MAX_ROUNDS {
            if round > 0 {
                // The user may have taken longer than an identity is good for.
                sending.renew(self.credential.attachment(&sending.caller).await?);
            }
            let request = request(answers.take(), state.take())?;
            let asked = match self.once(request, &sending, times, progress).await? {
                ServerResult::InputRequiredResult(asked) => asked,
                answer => return Ok(answer),
            };
            let answering = self.service.service().answering();
            let needed = redacted(asked.input_requests.unwrap_or_default(), &sending.redactor)?;
            let given = answering.all(&sending.caller, needed);
            let given = tokio::time::timeout(times.total, given)
                .await
                .map_err(|_| McpError::Timeout { limit: times.total })?;
            answers = Some(given.map_err(|error| McpError::Refused {
                code: error.code.0,
                message: format!("it asks for input, and {}", error.message),
            })?);
            state = asked.request_state;
        }
        Err(McpError::Refused {
            code: -32600,
            message: "it asks for input again and again".to_owned(),
        })
    }

    async fn once(
        &self,
        mut request: ClientRequest,
        sending: &Sending,
        times: Times,
        progress: Option<&ProgressSink>,
    ) -> Result<ServerResult, McpError> {
        request.extensions_mut().insert(sending.clone());
        let _following = progress.map(|sink| follow(&mut request, sink));
        let options = PeerRequestOptions::with_timeout(times.silence)
            .reset_timeout_on_progress()
            .with_max_total_timeout(times.total);
        let handle = self
            .service
            .send_cancellable_request(request, options)
            .await
            .map_err(|error| McpError::of_request(&error))?;
        let in_flight = InFlight::new(self.service.peer(), handle.id.clone());
        let answer = handle.await_response().await;
        in_flight.landed();
        answer.map_err(|error| McpError::of_request(&error))
    }
}

/// What a server asks for, without credentials that it repeats: people and models read it.
fn redacted(asked: InputRequests, redactor: &Redactor) -> Result<InputRequests, McpError> {
    asked
        .into_iter()
        .map(|(key, request)| {
            let plain = serde_json::to_value(&request).map_err(|_| not_asked_for())?;
            let redacted = redactor.value(plain.clone());
            let request = if redacted == plain {
                request
            } else {
                serde_json::from_value(redacted).map_err(|_| not_asked_for())?
            };
            Ok((key, request))
        })
        .collect()
}

fn not_asked_for() -> McpError {
    McpError::Unexpected {
        reason: "it isn't what was asked for",
        detail: "another kind of result".to_owned(),
    }
}
