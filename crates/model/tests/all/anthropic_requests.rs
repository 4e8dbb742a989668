//! What the Messages API is sent, and how calls of it fail.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_clock::SequentialIds;
use frontdesk_identity::Secret;
use frontdesk_model::anthropic::{Anthropic, Caching, Config, Thinking};
use frontdesk_model::{
    ParallelToolCalls, Request, Retry, Schema, Settings, Strictness, ToolChoice, ToolDefinition,
};
use serde_json::{Value, json};

use crate::server::{KEY, Recorded, Reply, Server, client, collect};

pub(crate) const ANSWER: &[u8] = include_bytes!("../fixtures/anthropic/text.sse");

pub(crate) fn good() -> Reply {
    Reply::Chunks(vec![ANSWER.to_vec()])
}

pub(crate) fn config(server: &Server) -> Config {
    Config {
        base_url: server.base_url.clone(),
        api_key: Some(Secret::new(KEY)),
        caching: Caching::Off,
        retry: Retry {
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(2),
            longest_asked_wait: Duration::from_millis(2),
            ..Retry::default()
        },
        ..Config::new("test-model")
    }
}

pub(crate) fn model(config: Config) -> Anthropic {
    Anthropic::new(config, client(), Arc::new(SequentialIds::default())).unwrap()
}

pub(crate) async fn sent(change: impl FnOnce(&mut Config), request: Request) -> Recorded {
    let server = Server::start(vec![good()]).await;
    let mut config = config(&server);
    change(&mut config);
    assert_eq!(collect(&model(config), request).await.1, None);
    server.requests().remove(0)
}

pub(crate) fn of(input: Value) -> Request {
    Request {
        input: serde_json::from_value(input).unwrap(),
        ..Request::default()
    }
}

pub(crate) fn tool(name: &str) -> ToolDefinition {
    ToolDefinition {
        name: name.to_owned(),
        description: "Does it.".to_owned(),
        parameters: Schema::new(json!({"type": "object"})),
        strict: Strictness::Lenient,
    }
}

pub(crate) fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

pub(crate) fn call(id: &str) -> Value {
    json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{\"a\":1}"})
}

pub(crate) fn result(id: &str, output: &Value) -> Value {
    json!({"type": "function_call_output", "call_id": id, "output": output})
}

pub(crate) fn used(id: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": "f", "input": {"a": 1}})
}

pub(crate) fn answered(id: &str, content: &[Value]) -> Value {
    json!({"type": "tool_result", "tool_use_id": id, "content": content})
}

pub(crate) fn user(content: &[Value]) -> Value {
    json!({"role": "user", "content": content})
}

pub(crate) fn assistant(content: &[Value]) -> Value {
    json!({"role": "assistant", "content": content})
}

pub(crate) fn thought() -> Value {
    json!({"type": "reasoning", "dialect": "anthropic", "signature": "s", "summary": [{"type": "summary_text", "text": "t"}]})
}

#[tokio::test]
async fn a_request_with_everything() {
    let request = Request {
        instructions: Some("Be brief.".to_owned()),
        tools: Arc::new([tool("f"), tool("g")]),
        parallel_tool_calls: ParallelToolCalls::OneAtATime,
        settings: Settings {
            temperature: Some(0.5),
            top_p: Some(0.9),
            max_output_tokens: Some(9),
            reasoning_effort: Some("low".to_owned()),
            extra: json!({"metadata": {"user_id": "u"}})
                .as_object()
                .unwrap()
                .clone(),
            ..Settings::default()
        },
        ..of(json!([
            {"role": "developer", "content": "The page is X."},
            {"role": "user", "content": "a"},
            {"role": "system", "content": "The page is Y."},
        ]))
    };
    let cached = |mut block: Value| {
        block["cache_control"] = json!({"type": "ephemeral"});
        block
    };
    let tool = |name: &str| json!({"name": name, "description": "Does it.", "input_schema": {"type": "object"}});
    let recorded = sent(|config| config.caching = Caching::On, request).await;
    assert_eq!(
        recorded.body,
        json!({
            "model": "test-model", "stream": true, "max_tokens": 9,
            "system": [cached(text("Be brief.")), text("The page is X.")],
            "messages": [user(&[text("a"), cached(text("The page is Y."))])],
            "tools": [tool("f"), cached(tool("g"))],
            "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
            "temperature": 0.5, "top_p": 0.9, "output_config": {"effort": "low"}, "metadata": {"user_id": "u"},
        })
    );
    let head = recorded.head;
    assert!(head.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("x-api-key: {KEY}\r\n")), "{head}");
    assert!(head.contains("anthropic-version: 2023-06-01\r\n"), "{head}");
    assert_eq!(head.matches(KEY).count(), 1, "{head}");
}

#[tokio::test]
async fn a_small_request() {
    assert_eq!(
        sent(|_| {}, of(json!([{"role": "user", "content": "a"}])))
            .await
            .body,
        json!({"model": "test-model", "stream": true, "max_tokens": 16384, "messages": [user(&[text("a")])]})
    );
}

#[tokio::test]
async fn choices_of_tools() {
    for (choice, expected) in [
        (ToolChoice::Auto, json!({"type": "auto"})),
        (ToolChoice::Required, json!({"type": "any"})),
        (ToolChoice::None, json!({"type": "none"})),
        (
            ToolChoice::Tool("f".to_owned()),
            json!({"type": "tool", "name": "f"}),
        ),
    ] {
        let request = Request {
            tools: Arc::new([tool("f")]),
            tool_choice: choice,
            ..Request::default()
        };
        assert_eq!(sent(|_| {}, request).await.body["tool_choice"], expected);
    }
}

#[tokio::test]
async fn thinking_is_asked_for_where_the_provider_allows_it() {
    let begun = json!([{"role": "user", "content": "a"}]);
    let thoughtless =
        json!([{"role": "user", "content": "a"}, call("1"), result("1", &json!("x"))]);
    let thoughtful =
        json!([{"role": "user", "content": "a"}, thought(), call("1"), result("1", &json!("x"))]);
    let adaptive = json!({"type": "adaptive", "display": "summarized"});
    let budget = json!({"type": "enabled", "budget_tokens": 20_000, "display": "summarized"});
    let must = ToolChoice::Required;
    let cases = [
        (
            "adaptive",
            Thinking::Adaptive,
            ToolChoice::Auto,
            &begun,
            Some(&adaptive),
            16_384,
        ),
        (
            "adaptive, must call",
            Thinking::Adaptive,
            must.clone(),
            &thoughtful,
            None,
            16_384,
        ),
        (
            "adaptive, called without a thought",
            Thinking::Adaptive,
            ToolChoice::Auto,
            &thoughtless,
            Some(&adaptive),
            16_384,
        ),
        (
            "budget",
            Thinking::Budget(20_000),
            ToolChoice::Auto,
            &thoughtful,
            Some(&budget),
            36_384,
        ),
        (
            "budget, called without a thought",
            Thinking::Budget(20_000),
            ToolChoice::Auto,
            &thoughtless,
            None,
            16_384,
        ),
        (
            "default",
            Thinking::ProviderDefault,
            must,
            &thoughtful,
            None,
            16_384,
        ),
    ];
    for (name, thinking, tool_choice, input, field, max_tokens) in cases {
        let request = Request {
            tools: Arc::new([tool("f")]),
            tool_choice,
            settings: Settings {
                temperature: Some(0.5),
                reasoning_summary: Some("auto".to_owned()),
                ..Settings::default()
            },
            ..of(input.clone())
        };
        let body = sent(|config| config.thinking = thinking, request)
            .await
            .body;
        assert_eq!(body.get("thinking"), field, "{name}");
        assert_eq!(body["max_tokens"], max_tokens, "{name}");
        assert_eq!(body.get("temperature").is_none(), field.is_some(), "{name}");
        let replayed = body["messages"].to_string().contains("\"signature\"");
        let had = input.to_string().contains("\"signature\"");
        let off = thinking != Thinking::ProviderDefault && field.is_none();
        assert_eq!(replayed, had && !off, "{name}");
    }
}
