//! A look at everything that a server has.

use anyhow::{Context, Result, bail};
use frontdesk_identity::SignedIn;
use frontdesk_mcp_client::McpServer;
use serde_json::{Map, Value};

use super::arguments::arguments;
use super::{Scenario, ToolCall};

/// Scenarios whose server answers nothing but the list of its tools.
const LISTS_ONLY: [&str; 1] = ["json-schema-ref-no-deref"];
/// Scenarios whose server has more than tools.
const HAS_MORE: [&str; 1] = ["http-standard-headers"];
/// A tool that wants to see the schema of another as it arrived.
const ECHO: &str = "json_schema_echo";
const ECHOED: &str = "json_schema_2020_12_tool";

/// Lists the tools and calls them, then the rest. It goes on after a failed call, and fails in the end.
pub(super) async fn take(server: &McpServer, caller: &SignedIn, scenario: &Scenario) -> Result<()> {
    let tools = server
        .list_tools_raw(caller)
        .await
        .context("cannot list the tools")?;
    if LISTS_ONLY.contains(&scenario.name.as_str()) {
        return Ok(());
    }
    let given = &scenario.context.tool_calls;
    let calls = if given.is_empty() {
        calls(&tools)
    } else {
        given.clone()
    };
    let mut failures = Vec::new();
    for call in calls {
        let answer = server.call_raw(caller, &call.name, call.arguments).await;
        failures.extend(answer.err().map(|error| format!("{}: {error}", call.name)));
    }
    if HAS_MORE.contains(&scenario.name.as_str()) {
        resources_and_prompts(server, caller).await?;
    }
    if !failures.is_empty() {
        bail!("calls failed: {}", failures.join("; "));
    }
    Ok(())
}

async fn resources_and_prompts(server: &McpServer, caller: &SignedIn) -> Result<()> {
    for resource in server.list_resources(caller).await? {
        server.read_resource(caller, text(&resource, "uri")).await?;
    }
    for prompt in server.list_prompts(caller).await? {
        let name = text(&prompt, "name");
        server.get_prompt(caller, name, Map::new()).await?;
    }
    Ok(())
}

/// One call of each tool.
fn calls(tools: &[Value]) -> Vec<ToolCall> {
    let schema = |tool: &Value| tool.get("inputSchema").cloned().unwrap_or_default();
    let echoed = tools.iter().find(|tool| text(tool, "name") == ECHOED);
    let call = |tool: &Value| {
        let name = text(tool, "name").to_owned();
        let mut arguments = arguments(&schema(tool));
        if let (ECHO, Some(echoed)) = (name.as_str(), echoed) {
            arguments.insert("schema".to_owned(), schema(echoed));
        }
        ToolCall { name, arguments }
    };
    tools.iter().map(call).collect()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
