//! What the provider is sent: the whole request, and the history in a form that it takes back.

use std::sync::Arc;

use frontdesk_model::openai_responses::{Config, OpenAiResponses};
use frontdesk_model::{
    Item, ParallelToolCalls, Request, Schema, Settings, Strictness, ToolChoice, ToolDefinition,
};
use serde_json::{Map, Value, json};

use crate::server::{Server, client, collect, whole};

pub(crate) async fn sent(defaults: Settings, request: Request) -> Value {
    let end = json!({"type": "response.completed", "response": {}});
    let server = Server::start(vec![whole(&[end])]).await;
    let config = Config {
        settings: defaults,
        ..server.config()
    };
    let model = OpenAiResponses::new(config, client()).unwrap();
    assert_eq!(collect(&model, request).await.1, None);
    server.requests().remove(0).body
}

fn extra(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn a_small_request() {
    let request = Request {
        input: vec![Item::user("hello")],
        ..Request::default()
    };
    assert_eq!(
        sent(Settings::default(), request).await,
        json!({
            "model": "test-model", "stream": true, "store": false, "include": ["reasoning.encrypted_content"],
            "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}],
        })
    );
}

#[tokio::test]
async fn a_request_with_everything() {
    let schema = json!({"type": "object", "properties": {"q": {"type": "string"}}});
    let tool = |name: &str, strict| ToolDefinition {
        name: name.to_owned(),
        description: "Looks it up.".to_owned(),
        parameters: Schema::new(schema.clone()),
        strict,
    };
    let request = Request {
        instructions: Some("Be brief.".to_owned()),
        tools: Arc::new([
            tool("search", Strictness::Strict),
            tool("find", Strictness::Lenient),
        ]),
        tool_choice: ToolChoice::Tool("search".to_owned()),
        parallel_tool_calls: ParallelToolCalls::OneAtATime,
        settings: Settings {
            temperature: Some(0.5),
            max_output_tokens: Some(100),
            extra: extra(&json!({"include": [], "service_tier": "flex"})),
            ..Settings::default()
        },
        ..Request::default()
    };
    let defaults = Settings {
        temperature: Some(1.0),
        top_p: Some(0.9),
        reasoning_effort: Some("low".to_owned()),
        reasoning_summary: Some("auto".to_owned()),
        extra: extra(&json!({"service_tier": "default", "user": "u"})),
        ..Settings::default()
    };
    assert_eq!(
        sent(defaults, request).await,
        json!({
            "model": "test-model", "stream": true, "store": false, "include": [], "instructions": "Be brief.",
            "input": [], "tool_choice": {"type": "function", "name": "search"}, "parallel_tool_calls": false,
            "tools": [
                {"type": "function", "name": "search", "description": "Looks it up.", "parameters": schema, "strict": true},
                {"type": "function", "name": "find", "description": "Looks it up.", "parameters": schema, "strict": false},
            ],
            "temperature": 0.5, "top_p": 0.9, "max_output_tokens": 100,
            "reasoning": {"effort": "low", "summary": "auto"}, "service_tier": "flex", "user": "u",
        })
    );
}

#[tokio::test]
async fn the_history_goes_back_in_a_form_that_the_provider_takes() {
    let reasoning = |id: &str| json!({"type": "reasoning", "id": id, "summary": [], "encrypted_content": "x", "status": null});
    let back =
        |id: &str| json!({"type": "reasoning", "id": id, "summary": [], "encrypted_content": "x"});
    let user = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}]});
    let output =
        |output: &str| json!({"type": "function_call_output", "call_id": "c", "output": output});
    let call = || json!({"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"});
    let cases = vec![
        (
            "ids of messages and calls stay out",
            vec![
                json!({"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "phase": "commentary",
                    "content": [{"type": "output_text", "text": "a", "annotations": []}]}),
                json!({"type": "function_call", "id": "fc_1", "status": "completed", "call_id": "c", "name": "n", "arguments": ""}),
                output("o"),
            ],
            vec![
                json!({"type": "message", "role": "assistant", "phase": "commentary", "content": "a"}),
                call(),
                output("o"),
            ],
        ),
        (
            "reasoning goes with what it led to",
            vec![
                reasoning("1"),
                json!({"type": "message", "role": "assistant", "content": []}),
                reasoning("2"),
                reasoning("3"),
                call(),
                output("o"),
                reasoning("4"),
                json!({"type": "web_search_call", "id": "ws_1"}),
            ],
            vec![
                back("1"),
                json!({"type": "message", "role": "assistant", "content": []}),
                back("2"),
                back("3"),
                call(),
                output("o"),
                back("4"),
                json!({"type": "web_search_call", "id": "ws_1"}),
            ],
        ),
        (
            "reasoning that leads nowhere stays out",
            vec![
                reasoning("1"),
                user.clone(),
                call(),
                reasoning("2"),
                output("o"),
                reasoning("3"),
            ],
            vec![user.clone(), call(), output("o")],
        ),
        (
            "reasoning that nobody can read stays out",
            vec![
                json!({"type": "reasoning", "id": "1", "summary": []}),
                json!({"type": "reasoning", "summary": [], "dialect": "openai_chat", "content": []}),
                call(),
                output("o"),
            ],
            vec![call(), output("o")],
        ),
        (
            "an output is a text or a list",
            vec![
                call(),
                json!({"type": "function_call_output", "call_id": "c", "output": {"a": 1}}),
                call(),
                json!({"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "o"},
                    {"type": "input_image", "image_url": "https://example.com/a.png"}]}),
                call(),
                json!({"type": "function_call_output", "call_id": "c", "output": [{"id": 1}, 2]}),
            ],
            vec![
                call(),
                output(r#"{"a":1}"#),
                call(),
                json!({"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "o"},
                    {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"}]}),
                call(),
                output(r#"[{"id":1},2]"#),
            ],
        ),
    ];
    check(cases).await;
}

#[tokio::test]
async fn what_was_said_goes_back_as_a_text() {
    let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
    let said = json!({"type": "message", "role": "assistant", "content": [part("a"), part("b")]});
    let refusal = || json!({"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]});
    let thought = || json!({"type": "reasoning", "summary": [], "encrypted_content": "x"});
    let cases = vec![(
        "what was said is a text where it is no more and no thinking led to it",
        vec![said.clone(), thought(), said.clone(), refusal()],
        vec![
            json!({"type": "message", "role": "assistant", "content": "ab"}),
            thought(),
            said.clone(),
            refusal(),
        ],
    )];
    check(cases).await;
}

#[tokio::test]
async fn what_the_provider_would_refuse_stays_out() {
    let user = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}]});
    let citation = json!({"type": "url_citation", "url": "https://example.com", "title": "t", "start_index": 0, "end_index": 1});
    let cases = vec![
        (
            "calls and results that stand alone stay out, with the reasoning that led to them",
            vec![
                json!({"type": "function_call_output", "call_id": "c", "output": "early"}),
                json!({"type": "reasoning", "summary": [], "encrypted_content": "x"}),
                json!({"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"}),
                user.clone(),
            ],
            vec![user],
        ),
        (
            "what only another provider can read stays out",
            vec![
                json!({"type": "server_tool_use", "dialect": "anthropic", "id": "s"}),
                json!({"type": "message", "role": "assistant",
                    "content": [{"type": "output_text", "text": "a", "annotations": [{"type": "page_location"}, citation]}]}),
            ],
            vec![json!({"type": "message", "role": "assistant",
                "content": [{"type": "output_text", "text": "a", "annotations": [citation]}]})],
        ),
    ];
    check(cases).await;
}

/// Checks what input each history is sent as.
async fn check(cases: Vec<(&str, Vec<Value>, Vec<Value>)>) {
    for (name, input, expected) in cases {
        let request = Request {
            input: serde_json::from_value(Value::from(input)).unwrap(),
            ..Request::default()
        };
        assert_eq!(
            sent(Settings::default(), request).await["input"],
            Value::from(expected),
            "{name}"
        );
    }
}
