//! Whatever a history holds, every dialect is sent something that it takes: each call with its result, turns in their
//! order, and nothing that belongs to something that isn't there.

use std::collections::BTreeSet;

use frontdesk_model::openai_chat::Profile;
use frontdesk_model::{Item, Request, Settings};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::{anthropic_requests, chat_requests, replay};

/// How many histories are tried; each is sent over a socket eleven times.
const CASES: u32 = 48;

/// The ids of calls; those of another API's, too.
const IDS: [&str; 4] = ["a", "call-0", "f:0", ""];

fn message() -> impl Strategy<Value = Value> {
    let content = select(vec![
        json!("said"),
        json!(" "),
        json!([]),
        json!([{"type": "input_text", "text": "see"}, {"type": "input_image", "image_url": "data:image/png;base64,AA=="}]),
        json!([{"type": "output_text", "text": "t", "annotations": [{"type": "url_citation"}, {"type": "page_location"}]}]),
        json!([{"type": "refusal", "refusal": "no"}, {"type": "novelty"}]),
    ]);
    let role = select(vec![
        "user",
        "assistant",
        "assistant",
        "developer",
        "system",
    ]);
    (role, content, any::<bool>()).prop_map(|(role, content, noted)| {
        let mut message = json!({"type": "message", "role": role, "content": content, "id": "msg_1", "status": "completed"});
        if noted {
            message["response_id"] = json!("resp_1");
        }
        message
    })
}

fn call() -> impl Strategy<Value = Value> {
    let arguments = select(vec!["{\"input\":\"x\"}", "", "{\"a\"", "[1]"]);
    let extra = select(vec![
        json!({}),
        json!({"kind": "custom_tool_call"}),
        json!({"dialect": "openai_chat", "extra_content": {"google": {}}, "reasoning_details": [{"type": "reasoning.text"}]}),
    ]);
    (select(&IDS[..]), arguments, extra).prop_map(|(id, arguments, extra)| {
        let mut call = json!({"type": "function_call", "id": "fc_1", "call_id": id, "name": "f", "arguments": arguments});
        for (name, value) in extra.as_object().unwrap() {
            call[name] = value.clone();
        }
        call
    })
}

fn result() -> impl Strategy<Value = Value> {
    let output = select(vec![
        json!("done"),
        json!(""),
        json!({"n": 1}),
        json!([{"type": "input_image", "image_url": "data:image/png;base64,AA=="}, {"type": "input_text", "text": "t"}, 7]),
    ]);
    (select(&IDS[..]), output).prop_map(
        |(id, output)| json!({"type": "function_call_output", "call_id": id, "output": output}),
    )
}

/// Thinking and what hosted tools did, of every dialect.
fn other() -> impl Strategy<Value = Value> {
    let thought = |fields: Value| {
        let mut item =
            json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "t"}]});
        for (name, value) in fields.as_object().unwrap() {
            item[name] = value.clone();
        }
        item
    };
    select(vec![
        thought(json!({"encrypted_content": "x", "id": "rs_1"})),
        thought(json!({})),
        thought(json!({"dialect": "anthropic", "signature": "s"})),
        thought(json!({"dialect": "anthropic", "redacted": "r"})),
        thought(json!({"dialect": "openai_chat"})),
        json!({"type": "web_search_call", "id": "ws_1"}),
        json!({"type": "image_generation_call", "result": "AA==", "dialect": "openai_chat"}),
        json!({"type": "server_tool_use", "dialect": "anthropic", "id": "s", "name": "web_search", "input": {}}),
        json!({"type": "web_search_tool_result", "dialect": "anthropic", "tool_use_id": "s", "content": []}),
    ])
}

/// A history in which each call has an id of its own, as an agent's has.
fn history() -> impl Strategy<Value = Vec<Item>> {
    let item = prop_oneof![message(), call(), call(), result(), result(), other()];
    vec(item, 0..14).prop_map(|mut items| {
        let mut called = BTreeSet::new();
        items.retain(|item| {
            item["type"] != "function_call"
                || called.insert(item["call_id"].as_str().unwrap().to_owned())
        });
        serde_json::from_value(Value::from(items)).unwrap()
    })
}

fn kind(item: &Value) -> &str {
    item["type"].as_str().unwrap_or_default()
}

fn id<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name].as_str().unwrap()
}

/// What the Responses API wants of its input.
fn check_responses(input: &[Value]) {
    let mut open = Vec::new();
    for (at, item) in input.iter().enumerate() {
        for name in ["dialect", "response_id", "kind", "extra_content"] {
            assert_eq!(item.get(name), None);
        }
        match kind(item) {
            "function_call" | "custom_tool_call" => {
                open.push((id(item, "call_id"), format!("{}_output", kind(item))));
            }
            "function_call_output" | "custom_tool_call_output" => {
                let call = (id(item, "call_id"), kind(item).to_owned());
                let place = open.iter().position(|open| *open == call);
                open.remove(place.expect("a call for each result"));
            }
            "reasoning" => {
                let next = input[at..].iter().find(|item| kind(item) != "reasoning");
                let next = next.expect("something that the thinking led to");
                assert!(next["role"] == "assistant" || kind(next).ends_with("_call"));
                assert!(item["encrypted_content"].is_string());
            }
            _ => {}
        }
    }
    assert_eq!(open, []);
}

/// What servers of Chat Completions want of the messages.
fn check_chat(profile: &str, messages: &[Value]) {
    let mut open: Vec<&str> = Vec::new();
    let mut last = "";
    for (at, message) in messages.iter().enumerate() {
        let role = id(message, "role");
        let is_result = role == "tool";
        if is_result {
            assert_eq!(open.first(), Some(&id(message, "tool_call_id")));
            open.remove(0);
            assert!(message["content"].is_string());
        } else {
            assert_eq!(open, [""; 0], "each result right behind its call");
        }
        let calls = message["tool_calls"].as_array();
        open.extend(calls.into_iter().flatten().map(|call| id(call, "id")));
        assert!(!message["content"].is_null() || calls.is_some());
        if matches!(profile, "vllm" | "ollama" | "llama_cpp" | "lm_studio") {
            assert!(role != "system" || at == 0);
            assert!(role != "user" || last != "user");
        }
        assert!(role != "assistant" || last != "assistant");
        last = role;
    }
    assert_eq!(open, [""; 0]);
}

/// What the Messages API wants of the messages.
fn check_anthropic(messages: &[Value]) {
    let fits = |id: &str| {
        !id.is_empty()
            && id
                .chars()
                .all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '_')
    };
    let mut open: Vec<&str> = Vec::new();
    assert_eq!(messages.len() % 2, 1);
    for (at, message) in messages.iter().enumerate() {
        assert_eq!(message["role"], ["user", "assistant"][at % 2]);
        let blocks = message["content"].as_array().unwrap();
        assert!(!blocks.is_empty());
        let results = blocks
            .iter()
            .take_while(|block| kind(block) == "tool_result");
        let results: Vec<&str> = results.map(|block| id(block, "tool_use_id")).collect();
        assert_eq!(results, open, "the results come first, and all of them");
        let of_kind = |wanted: &str| {
            let blocks = blocks.iter().filter(move |block| kind(block) == wanted);
            blocks.collect::<Vec<_>>()
        };
        assert_eq!(of_kind("tool_result").len(), results.len());
        open = of_kind("tool_use")
            .into_iter()
            .map(|it| id(it, "id"))
            .collect();
        assert_eq!(open.iter().collect::<BTreeSet<_>>().len(), open.len());
        assert!(open.iter().all(|id| fits(id)));
        assert!(of_kind("tool_use").iter().all(|it| it["input"].is_object()));
        assert!(
            of_kind("text")
                .iter()
                .all(|it| !id(it, "text").trim().is_empty())
        );
        assert!(!kind(blocks.last().unwrap()).ends_with("thinking"));
        let asked: BTreeSet<&str> = of_kind("server_tool_use")
            .into_iter()
            .map(|it| id(it, "id"))
            .collect();
        let found = of_kind("web_search_tool_result").into_iter();
        assert_eq!(asked, found.map(|it| id(it, "tool_use_id")).collect());
        assert!(blocks.iter().all(|block| block.get("dialect").is_none()));
    }
}

async fn check(input: Vec<Item>) {
    let request = Request {
        instructions: Some("Be brief.".to_owned()),
        input,
        ..Request::default()
    };
    let body = replay::sent(Settings::default(), request.clone()).await;
    check_responses(body["input"].as_array().unwrap());
    for name in Profile::names() {
        let profile = Profile::named(name).unwrap();
        let body = chat_requests::sent(profile, request.clone()).await.body;
        check_chat(name, body["messages"].as_array().unwrap());
    }
    let body = anthropic_requests::sent(|_| {}, request).await.body;
    check_anthropic(body["messages"].as_array().unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_a_history_holds_every_dialect_takes_it(input in history()) {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(check(input));
    }
}
