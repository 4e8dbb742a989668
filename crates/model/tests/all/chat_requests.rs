//! What a server of the Chat Completions API is sent, by its profile, and how calls of it fail.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_clock::SequentialIds;
use frontdesk_identity::Secret;
use frontdesk_model::openai_chat::{Config, OpenAiChat, Profile};
use frontdesk_model::{
    Error, ErrorKind, Event, ParallelToolCalls, Request, Retry, Schema, Settings, Strictness,
    Timeouts, ToolChoice, ToolDefinition,
};
use serde_json::{Value, json};

use crate::server::{KEY, Recorded, Reply, Server, client, collect};

const END: &str =
    "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";

pub(crate) fn good() -> Reply {
    Reply::Chunks(vec![END.as_bytes().to_vec()])
}

pub(crate) fn config(server: &Server, profile: Profile) -> Config {
    Config {
        api_key: Some(Secret::new(KEY)),
        retry: Retry {
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(2),
            longest_asked_wait: Duration::from_millis(2),
            ..Retry::default()
        },
        ..Config::new(&server.base_url, "test-model", profile)
    }
}

pub(crate) fn model(config: Config) -> Result<OpenAiChat, Error> {
    OpenAiChat::new(config, client(), Arc::new(SequentialIds::default()))
}

pub(crate) async fn sent(profile: Profile, request: Request) -> Recorded {
    let server = Server::start(vec![good()]).await;
    let model = model(config(&server, profile)).unwrap();
    assert_eq!(collect(&model, request).await.1, None);
    server.requests().remove(0)
}

pub(crate) fn asking() -> Request {
    let tool = |name: &str| ToolDefinition {
        name: name.to_owned(),
        description: "Does it.".to_owned(),
        parameters: Schema::new(json!({"type": "object"})),
        strict: Strictness::Strict,
    };
    Request {
        instructions: Some("Be brief.".to_owned()),
        input: serde_json::from_value(json!([
            {"role": "developer", "content": "The page is X."},
            {"role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]},
            {"role": "developer", "content": "The page is Y."},
        ]))
        .unwrap(),
        tools: Arc::new([tool("f"), tool("g")]),
        tool_choice: ToolChoice::Tool("g".to_owned()),
        parallel_tool_calls: ParallelToolCalls::OneAtATime,
        settings: Settings {
            temperature: Some(0.5),
            max_output_tokens: Some(9),
            reasoning_effort: Some("low".to_owned()),
            ..Settings::default()
        },
        ..Request::default()
    }
}

#[tokio::test]
async fn each_server_is_sent_what_it_takes() {
    let said = |role: &str, content: &str| json!({"role": role, "content": content});
    let function = |name: &str| json!({"name": name, "description": "Does it.", "parameters": {"type": "object"}});
    let tool = |name: &str| json!({"type": "function", "function": function(name)});
    let strict = |name: &str| {
        let mut tool = tool(name);
        tool["function"]["strict"] = json!(true);
        tool
    };
    let plain = json!({
        "model": "test-model", "stream": true, "stream_options": {"include_usage": true},
        "messages": [said("system", "Be brief."), said("system", "The page is X."), said("user", "a\nb"),
            said("system", "The page is Y.")],
        "temperature": 0.5, "max_tokens": 9, "reasoning_effort": "low",
        "tools": [tool("f"), tool("g")], "tool_choice": {"type": "function", "function": {"name": "g"}},
        "parallel_tool_calls": false,
    });
    let mut openai = plain.clone();
    for message in [0, 1, 3] {
        openai["messages"][message]["role"] = json!("developer");
    }
    openai["max_completion_tokens"] = openai
        .as_object_mut()
        .unwrap()
        .remove("max_tokens")
        .unwrap();
    openai["tools"] = json!([strict("f"), strict("g")]);
    let mut templated = plain.clone();
    templated["messages"] = json!([
        said("system", "Be brief.\n\nThe page is X."),
        said("user", "a\nb\n\nThe page is Y.")
    ]);
    let without = |body: &Value, names: &[&str]| {
        let mut body = body.clone();
        for name in names {
            body.as_object_mut().unwrap().remove(*name);
        }
        body
    };
    let ollama = without(&templated, &["parallel_tool_calls"]);
    let mut studio = without(&ollama, &["reasoning_effort"]);
    studio["tools"] = json!([tool("g")]);
    studio["tool_choice"] = json!("required");
    let mut router = plain.clone();
    router["tools"] = openai["tools"].clone();
    let cases = [
        ("plain", plain.clone()),
        ("openai", openai.clone()),
        ("azure", openai),
        ("vllm", templated.clone()),
        ("ollama", ollama),
        ("llama_cpp", without(&templated, &["reasoning_effort"])),
        ("lm_studio", studio),
        ("openrouter", router),
        ("deepseek", without(&plain, &["parallel_tool_calls"])),
    ];
    assert!(Profile::names().eq(cases.iter().map(|(name, _)| *name)));
    assert_eq!(Profile::named("gpt"), None);
    for (name, body) in cases {
        let profile = Profile::named(name).unwrap();
        assert_eq!(sent(profile, asking()).await.body, body, "{name}");
    }
}

#[tokio::test]
async fn further_fields_replace_ours() {
    let settings = Settings {
        extra: json!({"stream_options": null, "top_k": 3})
            .as_object()
            .unwrap()
            .clone(),
        ..Settings::default()
    };
    let request = Request {
        settings,
        ..Request::default()
    };
    assert_eq!(
        sent(Profile::Plain, request).await.body,
        json!({"model": "test-model", "stream": true, "stream_options": null, "messages": [], "top_k": 3})
    );
}

#[tokio::test]
async fn the_key_goes_where_the_server_looks_for_it() {
    let server = Server::start(vec![good(), good()]).await;
    let azure = Config {
        api_version: Some("2026-01-01".to_owned()),
        ..config(&server, Profile::Azure)
    };
    for (config, line, header) in [
        (
            azure,
            "POST /v1/chat/completions?api-version=2026-01-01 HTTP/1.1\r\n",
            format!("api-key: {KEY}\r\n"),
        ),
        (
            config(&server, Profile::Plain),
            "POST /v1/chat/completions HTTP/1.1\r\n",
            format!("authorization: Bearer {KEY}\r\n"),
        ),
    ] {
        let model = model(config).unwrap();
        assert!(!format!("{model:?}").contains(KEY));
        assert_eq!(collect(&model, Request::default()).await.1, None);
        let head = server.requests().pop().unwrap().head;
        assert!(head.starts_with(line) && head.contains(&header), "{head}");
        assert_eq!(head.matches(KEY).count(), 1, "{head}");
    }
    let bad = Config {
        api_key: Some(Secret::new("line\nbreak")),
        ..config(&server, Profile::Azure)
    };
    assert_eq!(model(bad).unwrap_err().kind, ErrorKind::Unauthorized);
}

#[tokio::test]
async fn what_may_pass_is_tried_again_before_the_first_content() {
    let started = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    let busy = "data: {\"error\":{\"message\":\"later\",\"code\":503}}\n\n";
    let bytes = |text: &str| vec![text.as_bytes().to_vec()];
    for (name, reply, tries) in [
        (
            "429",
            Reply::Status(
                "429 Too Many Requests",
                "retry-after: 20\r\n",
                String::new(),
            ),
            2,
        ),
        ("cut after the start", Reply::Cut(bytes(started)), 2),
        ("an error in the stream", Reply::Chunks(bytes(busy)), 2),
        (
            "402",
            Reply::Status("402 Payment Required", "", format!("no money on {KEY}")),
            1,
        ),
        (
            "cut after content",
            Reply::Cut(bytes(
                "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n",
            )),
            1,
        ),
    ] {
        let server = Server::start(vec![reply, good()]).await;
        let model = model(config(&server, Profile::Plain)).unwrap();
        let (events, error) = collect(&model, Request::default()).await;
        assert_eq!(server.requests().len(), tries, "{name}: {error:?}");
        assert_eq!(error.is_none(), tries == 2, "{name}");
        let starts = events.iter().filter(|event| **event == Event::Started);
        assert!(starts.count() <= 1, "{name}");
        assert!(!format!("{error:?}").contains(KEY), "{name}");
    }
}

#[tokio::test]
async fn a_whole_answer_does_not_wait_for_the_last_word_of_a_silent_server() {
    let begun = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let short = Timeouts {
        idle: Duration::from_millis(30),
        ..Timeouts::default()
    };
    for (wire, expected) in [(END, None), (begun, Some(ErrorKind::Timeout))] {
        let server = Server::start(vec![Reply::Stall(vec![wire.as_bytes().to_vec()])]).await;
        let config = Config {
            timeouts: short,
            ..config(&server, Profile::Plain)
        };
        let (events, error) = collect(&model(config).unwrap(), Request::default()).await;
        assert_eq!(error.map(|error| error.kind), expected);
        let ended = matches!(events.last(), Some(Event::Completed { .. }));
        assert_eq!(ended, expected.is_none());
    }
}
