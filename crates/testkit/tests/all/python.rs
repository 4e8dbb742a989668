use std::collections::BTreeSet;

use anyhow::{Context, Result};
use frontdesk_testkit::python::{Python, ToolsServer};
use frontdesk_testkit::{clients, skip};
use serde_json::{Value, json};

/// As much of an MCP client as it takes to call a tool.
struct Session {
    url: String,
    id: String,
}

impl Session {
    async fn open(server: &ToolsServer) -> Result<Self> {
        let mut session = Self {
            url: server.url(),
            id: String::new(),
        };
        let hello = json!({
            "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
                "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
            },
        });
        let response = session.post(&hello).await?;
        let id = response
            .headers()
            .get("mcp-session-id")
            .context("no session")?;
        session.id = id.to_str()?.to_owned();
        session
            .post(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
            .await?;
        Ok(session)
    }

    async fn call(&self, id: u32, tool: &str, arguments: Value) -> Result<Value> {
        let body = json!({
            "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments},
        });
        let text = self.post(&body).await?.text().await?;
        let data = text
            .lines()
            .find_map(|line| line.strip_prefix("data: "))
            .unwrap_or(&text);
        let answer: Value = serde_json::from_str(data).with_context(|| text.clone())?;
        Ok(answer.get("result").cloned().unwrap_or(answer))
    }

    async fn post(&self, body: &Value) -> Result<reqwest::Response> {
        let mut request = clients::http()?
            .post(&self.url)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("authorization", "Bearer of-the-user");
        if !self.id.is_empty() {
            request = request.header("mcp-session-id", &self.id);
        }
        Ok(request.body(body.to_string()).send().await?)
    }
}

#[tokio::test]
async fn the_tool_server_answers_at_once_and_counts() -> Result<()> {
    let python = match Python::find() {
        Ok(python) => python,
        Err(reason) => {
            return skip::note(
                "testkit::the_tool_server_answers_at_once_and_counts",
                &reason,
            );
        }
    };
    let server = python.tools_server().await?;
    let session = Session::open(&server).await?;

    // Each waits for the other, so this ends only if both run at the same time.
    let (one, two) = tokio::try_join!(
        session.call(1, "meet", json!({"count": 2})),
        session.call(2, "meet", json!({"count": 2})),
    )?;
    for met in [one, two] {
        assert_eq!(met["content"][0]["text"], "2 met", "{met}");
    }
    let found = session.call(3, "lookup", json!({"city": "Berlin"})).await?;
    assert_eq!(
        found["structuredContent"],
        json!({"city": "Berlin", "weather": "rain"})
    );
    for (id, tool, arguments) in [
        (4, "lookup", json!({"city": "Nowhere"})),
        (5, "fail", json!({})),
    ] {
        assert_eq!(session.call(id, tool, arguments).await?["isError"], true);
    }

    let stats = server.stats().await?;
    assert_eq!(stats["most_at_once"], 2);
    let calls = stats["calls"].as_array().context("no calls")?;
    let tools: Vec<_> = calls
        .iter()
        .filter_map(|call| call["tool"].as_str())
        .collect();
    assert_eq!(tools, ["meet", "meet", "lookup", "lookup", "fail"]);
    let seen: BTreeSet<_> = calls
        .iter()
        .filter_map(|call| call["authorization"].as_str())
        .collect();
    assert_eq!(seen, BTreeSet::from(["Bearer of-the-user"]));
    Ok(())
}
