//! The protocol's side of a tool server: lists the tools, calls one, and turns every failure into a result.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use frontdesk_identity::Principal;
use futures_util::FutureExt;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ErrorData, Implementation,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};

use crate::tool::Erased;
use crate::{Call, KitError, Progress, ToolFailure, ToolServer};

/// A mounted tool server; one per request, so a clone is one count.
pub(crate) struct Served<S>(Arc<Inner<S>>);

struct Inner<S> {
    info: ServerConfig,
    state: S,
    list: ListToolsResult,
    functions: HashMap<String, (rmcp::model::Tool, Arc<dyn Erased<S>>)>,
}

impl<S> Clone for Served<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Clone + Send + Sync + 'static> Served<S> {
    pub(crate) fn new(server: ToolServer<S>) -> Result<Self, KitError> {
        let mut implementation = Implementation::new(server.name, server.version);
        implementation.title = server.title;
        let mut info = ServerConfig::new(ServerCapabilities::builder().enable_tools().build());
        info.server_info = implementation;
        info.instructions = server.instructions;
        let mut tools = Vec::with_capacity(server.tools.len());
        let mut functions = HashMap::with_capacity(server.tools.len());
        for tool in server.tools {
            tool.check()?;
            let name = tool.description.name.to_string();
            tools.push(tool.description.clone());
            if functions
                .insert(name.clone(), (tool.description, tool.function))
                .is_some()
            {
                return Err(KitError::DuplicateTool(name));
            }
        }
        let list = ListToolsResult::with_all_items(tools);
        Ok(Self(Arc::new(Inner {
            info,
            state: server.state,
            list,
            functions,
        })))
    }

    fn call_of(
        &self,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Option<Call<S>> {
        let parts = context.extensions.get::<http::request::Parts>()?;
        let principal = parts.extensions.get::<Arc<Principal>>()?;
        let token = context.meta.get_progress_token();
        Some(Call {
            principal: Arc::clone(principal),
            state: self.0.state.clone(),
            arguments: request.arguments.unwrap_or_default(),
            cancel: context.ct.clone(),
            progress: Progress(token.map(|token| (context.peer.clone(), token))),
        })
    }
}

impl<S: Clone + Send + Sync + 'static> ServerHandler for Served<S> {
    fn get_info(&self) -> ServerConfig {
        self.0.info.clone()
    }

    fn get_tool(&self, name: &str) -> Option<rmcp::model::Tool> {
        self.0.functions.get(name).map(|(tool, _)| tool.clone())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(self.0.list.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.clone();
        let Some((_, function)) = self.0.functions.get(name.as_ref()) else {
            return Err(ErrorData::invalid_params(
                format!("unknown tool: {name}"),
                None,
            ));
        };
        let Some(call) = self.call_of(request, &context) else {
            return Err(ErrorData::internal_error("the request has no caller", None));
        };
        let running = AssertUnwindSafe(async { function.call(call).await }).catch_unwind();
        let outcome = tokio::select! {
            () = context.ct.cancelled() => Err(ToolFailure::new("the call was cancelled")),
            outcome = running => outcome.unwrap_or_else(|_| Err(ToolFailure::internal("the tool panicked"))),
        };
        Ok(outcome
            .unwrap_or_else(|failure| failed(&name, failure))
            .into())
    }
}

fn failed(tool: &str, failure: ToolFailure) -> CallToolResult {
    if let Some(detail) = &failure.detail {
        tracing::error!(tool, detail, "tool failed");
    } else {
        tracing::debug!(tool, message = failure.message, "tool refused a call");
    }
    failure.into_result()
}
