//! What a server says and asks on its own: that its tools have changed, and, in the `initialize` era, questions in the
//! middle of a call.
#![expect(
    deprecated,
    reason = "servers of the revisions that we speak still ask for what later ones will not"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use frontdesk_identity::SignedIn;
use rmcp::model::{
    ClientConfig, CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams,
    ElicitResult, ElicitationAction, ErrorData, Implementation, ListRootsResult, LoggingLevel,
    LoggingMessageNotificationParam,
};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::{ClientHandler, RoleClient};

use crate::asking::Answering;
use crate::credential::Credential;
use crate::http_failure::bounded;

/// Takes a connection's notifications and questions. Clones share what they know.
#[derive(Debug, Clone)]
pub(crate) struct Events(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    tools_changed: AtomicBool,
    answering: Answering,
    credential: Arc<Credential>,
}

impl Events {
    pub(crate) fn new(answering: Answering, credential: Arc<Credential>) -> Self {
        Self(Arc::new(Shared {
            tools_changed: AtomicBool::new(false),
            answering,
            credential,
        }))
    }

    pub(crate) fn answering(&self) -> &Answering {
        &self.0.answering
    }

    /// Whether the server has said that its tools changed since this was last asked.
    pub(crate) fn take_tools_changed(&self) -> bool {
        self.0.tools_changed.swap(false, Ordering::AcqRel)
    }

    /// In whose call the server asks something. Nobody's where a connection is shared: there it can't be known.
    fn caller(&self) -> Result<SignedIn, ErrorData> {
        let owner = self.0.credential.owner();
        owner.ok_or_else(|| ErrorData::invalid_request("it isn't known whom this is for", None))
    }
}

impl ClientHandler for Events {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(
            self.0.answering.capabilities(),
            Implementation::new("frontdesk", env!("CARGO_PKG_VERSION")),
        )
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        match self.caller() {
            Ok(caller) => Ok(self.0.answering.elicit(&caller, request).await),
            Err(_) => Ok(ElicitResult::new(ElicitationAction::Decline)),
        }
    }

    async fn create_message(
        &self,
        params: CreateMessageRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        self.0.answering.sample(&self.caller()?, &params).await
    }

    async fn list_roots(
        &self,
        _context: RequestContext<RoleClient>,
    ) -> Result<ListRootsResult, ErrorData> {
        self.0.answering.roots(&self.caller()?).await
    }

    async fn on_logging_message(
        &self,
        params: LoggingMessageNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        // What is logged may be anybody's data; so only that something went wrong is passed on, and only where it is asked for.
        let server = &self.0.answering.server;
        let logger = bounded(params.logger.as_deref().unwrap_or_default());
        match params.level {
            LoggingLevel::Debug | LoggingLevel::Info | LoggingLevel::Notice => {
                tracing::trace!(server, logger, "a tool server logged something");
            }
            level => tracing::debug!(server, logger, ?level, "a tool server logged a problem"),
        }
    }

    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.0.tools_changed.store(true, Ordering::Release);
    }
}
