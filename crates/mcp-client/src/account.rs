//! The one tool of a server at which the user has no account connected: where the user is told how to connect it.
//!
//! Without an account a server doesn't say what tools it has, so nothing else could be called that would tell the user.

use frontdesk_agent::{Annotations, Schema, Strictness, ToolDefinition, ToolInfo, ToolOutput};
use frontdesk_auth::outgoing::OutgoingError;
use frontdesk_identity::SignedIn;
use serde_json::json;

use crate::credential::Repeat;
use crate::redact::Redactor;
use crate::{McpError, McpServer};

impl McpServer {
    /// What is listed instead of the tools that this error is about.
    pub(crate) fn instead_of_tools(&self, error: &McpError) -> Option<ToolInfo> {
        let can_be_helped = matches!(
            error,
            McpError::Identity(
                OutgoingError::NotConnected { .. }
                    | OutgoingError::MissingScope { link: Some(_), .. }
            )
        );
        let server = &self.config.name;
        let definition = ToolDefinition {
            name: self.account_tool(),
            description: format!(
                "The user has to connect their account at {server} before its tools are here. \
                 Call this when they are needed: the user is then shown where to connect it."
            ),
            parameters: Schema::new(json!({"type": "object", "properties": {}})),
            strict: Strictness::Lenient,
        };
        let annotations = Annotations {
            title: Some(format!("Connect {server}")),
            read_only: Some(true),
            ..Annotations::default()
        };
        can_be_helped.then(|| ToolInfo::new(definition, annotations))
    }

    /// The name of that tool.
    pub(crate) fn account_tool(&self) -> String {
        format!("connect_{}", self.config.name)
    }

    /// Fails with what the user has to do, unless it is done.
    pub(crate) async fn account(&self, caller: &SignedIn) -> Result<ToolOutput, McpError> {
        let redactor = Redactor::default();
        self.sending(caller, Repeat::Harmless, &redactor).await?;
        self.listing(caller).await?;
        Ok(ToolOutput::text(
            "the account is connected; the tools are there with the user's next message",
        ))
    }
}
