//! What the Messages API is sent, and how calls of it fail.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_clock::SequentialIds;
use frontdesk_identity::Secret;
use frontdesk_model::anthropic::{Anthropic, Caching, Config, Thinking};
use frontdesk_model::{
    ErrorKind, Event, ParallelToolCalls, Request, Retry, Settings, Strictness, ToolChoice,
    ToolDefinition, http,
};
use serde_json::{Value, json};

use crate::server::{KEY, Recorded, Reply, Server, collect};

const ANSWER: &[u8] = include_bytes!("../fixtures/anthropic/text.sse");

fn good() -> Reply {
    Reply::Chunks(vec![ANSWER.to_vec()])
}

fn config(server: &Server) -> Config {
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

fn model(config: Config) -> Anthropic {
    Anthropic::new(
        config,
        http::client().unwrap(),
        Arc::new(SequentialIds::default()),
    )
    .unwrap()
}

async fn sent(change: impl FnOnce(&mut Config), request: Request) -> Recorded {
    let server = Server::start(vec![good()]).await;
    let mut config = config(&server);
    change(&mut config);
    assert_eq!(collect(&model(config), request).await.1, None);
    server.requests().remove(0)
}

fn of(input: Value) -> Request {
    Request {
        input: serde_json::from_value(input).unwrap(),
        ..Request::default()
    }
}

fn tool(name: &str) -> ToolDefinition {
    ToolDefinition {
        name: name.to_owned(),
        description: "Does it.".to_owned(),
        parameters: Arc::new(json!({"type": "object"})),
        strict: Strictness::Lenient,
    }
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn call(id: &str) -> Value {
    json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{\"a\":1}"})
}

fn result(id: &str, output: &Value) -> Value {
    json!({"type": "function_call_output", "call_id": id, "output": output})
}

fn used(id: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": "f", "input": {"a": 1}})
}

fn answered(id: &str, content: &[Value]) -> Value {
    json!({"type": "tool_result", "tool_use_id": id, "content": content})
}

fn user(content: &[Value]) -> Value {
    json!({"role": "user", "content": content})
}

fn assistant(content: &[Value]) -> Value {
    json!({"role": "assistant", "content": content})
}

fn thought() -> Value {
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
async fn the_history_goes_in_a_form_that_the_provider_takes() {
    let said = |role: &str, content: &str| json!({"role": role, "content": content});
    let cases = vec![
        (
            "person and model speak in turn, results stand first",
            json!([
                said("user", "a"),
                said("user", "b"),
                thought(),
                said("assistant", "Wait. "),
                call("1"),
                call("2"),
                result("2", &json!("two")),
                result("1", &json!({"n": 1})),
                said("user", "c"),
                said("developer", "d"),
                said("assistant", "e"),
                said("assistant", " "),
                said("user", "f")
            ]),
            vec![
                user(&[text("a"), text("b")]),
                assistant(&[
                    json!({"type": "thinking", "thinking": "t", "signature": "s"}),
                    text("Wait."),
                    used("1"),
                    used("2"),
                ]),
                user(&[
                    answered("1", &[text("{\"n\":1}")]),
                    answered("2", &[text("two")]),
                    text("c"),
                    text("d"),
                ]),
                assistant(&[text("e")]),
                user(&[text("f")]),
            ],
        ),
        (
            "calls and results that stand alone stay out, and so does what only another provider can read",
            json!([said("user", "a"), result("0", &json!("x")), call("1"), {"type": "web_search_call", "id": "ws_1"},
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
                {"type": "reasoning", "dialect": "openai_chat", "summary": [{"type": "summary_text", "text": "t"}]}, said("user", "b")]),
            vec![user(&[text("a"), text("b")])],
        ),
        (
            "thinking goes back as it came, where it came to something",
            json!([said("user", "a"), {"type": "reasoning", "dialect": "anthropic", "redacted": "r", "summary": []},
                {"type": "reasoning", "dialect": "anthropic", "signature": "s2", "summary": []},
                {"type": "reasoning", "dialect": "anthropic", "summary": [{"type": "summary_text", "text": "not signed"}]},
                call("1"), result("1", &json!("")), thought(), said("assistant", " "), said("user", "b"), thought()]),
            vec![
                user(&[text("a")]),
                assistant(&[
                    json!({"type": "redacted_thinking", "data": "r"}),
                    json!({"type": "thinking", "thinking": "", "signature": "s2"}),
                    used("1"),
                ]),
                user(&[answered("1", &[]), text("b")]),
            ],
        ),
        (
            "the first and the last word are the person's",
            json!([said("assistant", "Hello.")]),
            vec![
                user(&[text("[go on]")]),
                assistant(&[text("Hello.")]),
                user(&[text("[go on]")]),
            ],
        ),
        ("nothing at all", json!([]), vec![user(&[text("[go on]")])]),
    ];
    check_history(cases).await;
}

#[tokio::test]
async fn what_the_provider_would_refuse_is_sent_in_another_form() {
    let said = |role: &str, content: &str| json!({"role": role, "content": content});
    let picture = |url: &str| json!({"type": "input_image", "image_url": url});
    let cases = vec![
        (
            "ids that the provider refuses are replaced in pairs",
            json!([
                said("user", "a"),
                call("f:0"),
                call("call-0"),
                result("f:0", &json!("x")),
                result("call-0", &json!("y"))
            ]),
            vec![
                user(&[text("a")]),
                assistant(&[used("call-0_"), used("call-0")]),
                user(&[
                    answered("call-0_", &[text("x")]),
                    answered("call-0", &[text("y")]),
                ]),
            ],
        ),
        (
            "arguments that can't be read",
            json!([said("user", "a"), {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{\"a\""},
                {"type": "function_call", "call_id": "2", "name": "f", "arguments": ""}, result("1", &json!("x")), result("2", &json!("y"))]),
            vec![
                user(&[text("a")]),
                assistant(&[
                    json!({"type": "tool_use", "id": "1", "name": "f", "input": {"unreadable": "{\"a\""}}),
                    json!({"type": "tool_use", "id": "2", "name": "f", "input": {}}),
                ]),
                user(&[answered("1", &[text("x")]), answered("2", &[text("y")])]),
            ],
        ),
        (
            "images and files",
            json!([{"role": "user", "content": [picture("https://x/a.png"), picture("data:image/png;base64,AA=="), picture("file:a"),
                    {"type": "input_file", "file_data": "data:application/pdf;base64,AA=="}, {"type": "input_file", "file_id": "f"}, {"type": "novelty"}]},
                call("1"), result("1", &json!([{"type": "input_text", "text": "Here:"}, picture("https://x/b.png"), {"type": "novelty"}]))]),
            vec![
                user(&[
                    json!({"type": "image", "source": {"type": "url", "url": "https://x/a.png"}}),
                    json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}),
                    text("[an image that can't be shown to this model]"),
                    json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AA=="}}),
                    text("[a file that can't be shown to this model]"),
                ]),
                assistant(&[used("1")]),
                user(&[answered(
                    "1",
                    &[
                        text("Here:"),
                        json!({"type": "image", "source": {"type": "url", "url": "https://x/b.png"}}),
                        text("{\"type\":\"novelty\"}"),
                    ],
                )]),
            ],
        ),
    ];
    check_history(cases).await;
}

/// Checks what messages each history is sent as.
async fn check_history(cases: Vec<(&str, Value, Vec<Value>)>) {
    for (name, input, expected) in cases {
        let body = sent(|_| {}, of(input)).await.body;
        assert_eq!(body["messages"], Value::from(expected), "{name}");
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

#[tokio::test]
async fn what_may_pass_is_tried_again_before_the_first_content() {
    let error = |kind: &str| {
        format!("{{\"type\":\"error\",\"error\":{{\"type\":\"{kind}\",\"message\":\"{KEY}\"}}}}")
    };
    let event = |kind: &str| {
        Reply::Chunks(vec![
            format!("event: error\ndata: {}\n\n", error(kind)).into_bytes(),
        ])
    };
    let begun = |frames: usize| {
        let text = std::str::from_utf8(ANSWER).unwrap();
        let begun: String = text.split_inclusive("\n\n").take(frames).collect();
        Reply::Cut(vec![begun.into_bytes()])
    };
    let limited = Some(Duration::from_secs(20));
    for (name, reply, tries, kind, retry_after) in [
        (
            "529",
            Reply::Status("529 Overloaded", "", error("overloaded_error")),
            2,
            None,
            None,
        ),
        (
            "429",
            Reply::Status(
                "429 Too Many Requests",
                "retry-after: 20\r\n",
                error("rate_limit_error"),
            ),
            2,
            None,
            None,
        ),
        (
            "overloaded in the stream",
            event("overloaded_error"),
            2,
            None,
            None,
        ),
        ("cut before content", begun(2), 2, None, None),
        (
            "cut after content",
            begun(4),
            1,
            Some(ErrorKind::Protocol),
            None,
        ),
        (
            "401",
            Reply::Status("401 Unauthorized", "", error("authentication_error")),
            1,
            Some(ErrorKind::Unauthorized),
            None,
        ),
        (
            "400",
            Reply::Status(
                "400 Bad Request",
                "retry-after: 20\r\n",
                error("invalid_request_error"),
            ),
            1,
            Some(ErrorKind::InvalidRequest),
            limited,
        ),
    ] {
        let server = Server::start(vec![reply, good()]).await;
        let model = model(config(&server));
        assert!(!format!("{model:?}").contains(KEY));
        let (events, error) = collect(&model, Request::default()).await;
        assert_eq!(server.requests().len(), tries, "{name}: {error:?}");
        assert_eq!(error.as_ref().map(|error| error.kind), kind, "{name}");
        assert_eq!(
            error.as_ref().and_then(|error| error.retry_after),
            retry_after,
            "{name}"
        );
        let starts = events.iter().filter(|event| **event == Event::Started);
        assert!(starts.count() <= 1, "{name}");
        assert!(!format!("{error:?}").contains(KEY), "{name}");
    }
}
