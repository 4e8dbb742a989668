//! Some of a tool server's tools, for an agent that isn't to have all of them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_agent::{
    RunContext, ToolContext, ToolError, ToolInfo, ToolOutput, Toolset, ToolsetError,
};
use frontdesk_chat::assistant::TurnContext;
use frontdesk_mcp_client::ToolFilter;
use serde_json::{Map, Value};

/// See the module.
pub(crate) struct SomeTools {
    all: Arc<dyn Toolset<TurnContext>>,
    filter: ToolFilter,
}

impl SomeTools {
    /// Those whose names fit one of the patterns.
    pub(crate) fn of(
        all: Arc<dyn Toolset<TurnContext>>,
        patterns: &[String],
    ) -> Arc<dyn Toolset<TurnContext>> {
        let filter = ToolFilter {
            allow: patterns.to_vec(),
            deny: Vec::new(),
        };
        Arc::new(Self { all, filter })
    }
}

#[async_trait]
impl Toolset<TurnContext> for SomeTools {
    fn name(&self) -> &str {
        self.all.name()
    }

    async fn list(&self, context: &RunContext<TurnContext>) -> Result<Vec<ToolInfo>, ToolsetError> {
        let mut tools = self.all.list(context).await?;
        tools.retain(|tool| self.filter.admits(&tool.definition.name));
        Ok(tools)
    }

    /// A run calls what was listed; what wasn't is refused here once more.
    async fn call(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        context: ToolContext<TurnContext>,
    ) -> Result<ToolOutput, ToolError> {
        if !self.filter.admits(name) {
            return Err(ToolError::plain(format!(
                "the tool \"{name}\" is not allowed here"
            )));
        }
        self.all.call(name, arguments, context).await
    }

    fn call_timeout(&self) -> Option<Duration> {
        self.all.call_timeout()
    }

    fn agent_depth(&self) -> usize {
        self.all.agent_depth()
    }
}
