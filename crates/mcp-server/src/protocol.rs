//! The protocol's side of a server: takes each request apart and gives it to the core.

use std::sync::Arc;

use frontdesk_identity::Principal;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, ErrorData,
    GetPromptRequestParams, GetPromptResponse, InitializeRequestParams, InitializeResult,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    ServerConfig, SubscribeRequestMethod, SubscribeRequestParams, SubscriptionFilter,
    UnsubscribeRequestParams,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{RoleServer, ServerHandler};
use serde_json::Value;

use crate::catalogue::Subject;
use crate::core::{Core, Facts, Retry};
use crate::line::Line;
use crate::log::{Level, Threshold};
use crate::request::Client;
use crate::session::{Session, fitting};
use crate::{Era, RequestInfo};

/// The revision from which on each request says everything.
const STATELESS_SINCE: &str = "2026-07-28";

/// What a client that names no revision speaks.
const OLDEST: &str = "2025-03-26";

/// How much a client may say about itself; a session remembers it.
const MAX_INTRODUCTION_BYTES: usize = 64 * 1024;

/// One session of a server; one request, where sessions aren't kept.
pub(crate) struct Served<S> {
    core: Arc<Core<S>>,
    session: Session,
    keeping: Keeping,
}

/// Whether clients of the `initialize` era have a session to be asked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    Sessions,
    Nothing,
}

impl<S: Clone + Send + Sync + 'static> Served<S> {
    pub(crate) fn new(core: Arc<Core<S>>, keeping: Keeping) -> Self {
        Self {
            core,
            session: Session::default(),
            keeping,
        }
    }

    fn facts(&self, context: &RequestContext<RoleServer>) -> Result<Facts, ErrorData> {
        let parts = context.extensions.get::<http::request::Parts>();
        let caller = parts.and_then(|parts| parts.extensions.get::<Arc<Principal>>());
        let (Some(parts), Some(caller)) = (parts, caller) else {
            return Err(ErrorData::internal_error("the request has no caller", None));
        };
        let version = context
            .protocol_version()
            .map_or_else(|| OLDEST.to_owned(), |version| version.to_string());
        let era = if version.as_str() >= STATELESS_SINCE {
            Era::Stateless
        } else {
            Era::Initialize
        };
        let client = context.client_info().map(|client| Client {
            name: client.name,
            version: client.version,
        });
        let threshold = match era {
            Era::Initialize => Threshold::Session(Arc::clone(&self.session.level)),
            Era::Stateless => level_of(context).map_or(Threshold::Silent, Threshold::From),
        };
        let token = context.meta.get_progress_token();
        Ok(Facts {
            principal: Arc::clone(caller),
            info: Arc::new(RequestInfo {
                id: context.id.to_string(),
                era,
                version,
                client,
                headers: RequestInfo::safe(&parts.headers),
            }),
            cancel: context.ct.clone(),
            line: Line::Peer(context.peer.clone()),
            progress_token: token.and_then(|token| serde_json::to_value(token).ok()),
            threshold,
            capabilities: context
                .client_capabilities()
                .and_then(|capabilities| serde_json::to_value(capabilities).ok())
                .unwrap_or_default(),
            session: (self.keeping == Keeping::Sessions).then(|| context.peer.clone()),
        })
    }
}

fn level_of(context: &RequestContext<RoleServer>) -> Option<Level> {
    let level = serde_json::to_value(context.meta.log_level()?).ok()?;
    Level::named(level.as_str()?)
}

/// Without a session there is no way to tell a client of the `initialize` era what changed.
fn silence(capabilities: &mut ServerCapabilities) {
    if let Some(tools) = &mut capabilities.tools {
        tools.list_changed = None;
    }
    if let Some(prompts) = &mut capabilities.prompts {
        prompts.list_changed = None;
    }
    if let Some(resources) = &mut capabilities.resources {
        resources.list_changed = None;
        resources.subscribe = None;
    }
}

fn too_many() -> ErrorData {
    ErrorData::invalid_request("this session follows too many resources", None)
}

impl<S: Clone + Send + Sync + 'static> ServerHandler for Served<S> {
    fn get_info(&self) -> ServerConfig {
        self.core.config.clone()
    }

    fn get_tool(&self, name: &str) -> Option<rmcp::model::Tool> {
        let tool = self.core.catalogue.tools.get(name)?;
        Some(tool.description.clone())
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let bytes = serde_json::to_vec(&request).map_or(usize::MAX, |bytes| bytes.len());
        if bytes > MAX_INTRODUCTION_BYTES {
            let message = "the client says too much about itself";
            return Err(ErrorData::invalid_params(message, None));
        }
        context.peer.set_peer_info(request.clone());
        let mut result = self.negotiate_initialize(&request)?;
        if self.keeping == Keeping::Nothing {
            silence(&mut result.capabilities);
        }
        Ok(result)
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let parts = context.extensions.get::<http::request::Parts>();
        let caller = parts.and_then(|parts| parts.extensions.get::<Arc<Principal>>());
        if let Some(caller) = caller.filter(|_| self.keeping == Keeping::Sessions) {
            self.session
                .forward(&self.core, Arc::clone(caller), context.peer.clone());
        }
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        self.core.list_tools(request, &self.facts(&context)?)
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.core.list_prompts(request, &self.facts(&context)?)
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.core.list_templates(request, &self.facts(&context)?)
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let facts = self.facts(&context)?;
        self.core.list_resources(request, &facts).await
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        self.core.complete(request, self.facts(&context)?).await
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let retry = Retry {
            responses: request.input_responses,
            state: request.request_state,
        };
        let arguments = request.arguments.unwrap_or_default();
        let facts = self.facts(&context)?;
        self.core
            .call_tool(&request.name, arguments, facts, retry)
            .await
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let retry = Retry {
            responses: request.input_responses,
            state: request.request_state,
        };
        let arguments = request.arguments.unwrap_or_default();
        let facts = self.facts(&context)?;
        self.core
            .get_prompt(&request.name, arguments, facts, retry)
            .await
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let retry = Retry {
            responses: request.input_responses,
            state: request.request_state,
        };
        let facts = self.facts(&context)?;
        self.core.read_resource(&request.uri, facts, retry).await
    }

    #[expect(
        deprecated,
        reason = "clients of the `initialize` era ask for log messages this way"
    )]
    async fn set_level(
        &self,
        request: rmcp::model::SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let level = serde_json::to_value(request.level).unwrap_or(Value::Null);
        if let Some(level) = level.as_str().and_then(Level::named) {
            self.session.level.set(level);
        }
        Ok(())
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if self.keeping == Keeping::Nothing {
            return Err(ErrorData::method_not_found::<SubscribeRequestMethod>());
        }
        let facts = self.facts(&context)?;
        self.core.permit(Subject::Resource(&request.uri), &facts)?;
        self.session.follow(request.uri).ok_or_else(too_many)
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.session.unfollow(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        // Listening begins before the acknowledgment, so that nothing falls between the two.
        self.session.hear(self.core.notifier.listen());
        let mut accepted = requested.clone();
        if let Some(uris) = &mut accepted.resource_subscriptions {
            uris.truncate(fitting(uris.iter().map(String::as_str)));
        }
        Some(accepted)
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let facts = self.facts(context.request_context())?;
        let place = self.core.listeners.take(facts.principal.scope());
        let _place = place.ok_or_else(|| {
            ErrorData::invalid_request("this caller listens too often already", None)
        })?;
        self.core
            .listen(&self.session, &facts.principal, &context)
            .await;
        Ok(())
    }
}
