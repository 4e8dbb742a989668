//! The embedded tool server as its other clients see it: JSON-RPC over HTTP.

use frontdesk_testkit::clients::http;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::desk::Desk;

/// Calls tools with a token.
pub(super) struct Tools {
    url: String,
    token: String,
}

impl Tools {
    pub(super) async fn of(desk: &Desk, user: &str) -> Self {
        Self {
            url: format!("{}/mcp", desk.server.url()),
            token: desk.token(user, "taskflow").await,
        }
    }

    /// What a tool gives: its structured result, or what it said of its failure.
    pub(super) async fn call(&self, tool: &str, arguments: Value) -> Result<Value, String> {
        let params = json!({"name": tool, "arguments": arguments});
        let body = request("tools/call", &params);
        let request = post(&self.url, &body).bearer_auth(&self.token);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let result = &answer["result"];
        if result["isError"] == true {
            return Err(result["content"][0]["text"].as_str().unwrap().to_owned());
        }
        Ok(result["structuredContent"].clone())
    }

    /// The user's tasks as `title: status`.
    pub(super) async fn tasks(&self) -> Vec<String> {
        let list = self.call("list_tasks", json!({})).await.unwrap();
        let tasks = list["tasks"].as_array().unwrap().iter();
        tasks
            .map(|task| {
                let word = |field: &str| task[field].as_str().unwrap().to_owned();
                format!("{}: {}", word("title"), word("status"))
            })
            .collect()
    }
}

pub(super) fn request(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

pub(super) fn post(url: &str, body: &Value) -> RequestBuilder {
    http()
        .unwrap()
        .post(url)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-11-25")
        .body(body.to_string())
}
