//! Tools that tell who listens that tools or prompts have changed.

use frontdesk_mcp_server::{Notifier, Text, Tool, ToolFailure, ToolServer};

pub(super) fn add(server: ToolServer<()>) -> ToolServer<()> {
    server
        .tool(Tool::new("test_trigger_tool_change", tools).description("Says that tools changed"))
        .tool(
            Tool::new("test_trigger_prompt_change", prompts)
                .description("Says that prompts changed"),
        )
}

async fn tools(notifier: Notifier) -> Result<Text, ToolFailure> {
    notifier.tools_changed();
    Ok(Text("told".to_owned()))
}

async fn prompts(notifier: Notifier) -> Result<Text, ToolFailure> {
    notifier.prompts_changed();
    Ok(Text("told".to_owned()))
}
