//! What servers of the Chat Completions API send and take beside text and calls: details of the model's thinking,
//! signatures, citations, images, and the form of an answer.

use std::sync::Arc;

use frontdesk_model::openai_chat::{Profile, replayed};
use frontdesk_model::{Event, Item, OutputFormat, Request, Schema, Strictness, ToolChoice};
use serde_json::{Value, json};

use crate::chat_answers::stream;
use crate::chat_requests::{asking, sent};

/// The events of an answer in these deltas, and its items.
fn answer(deltas: &[Value]) -> (Vec<Event>, Vec<Item>) {
    let (mut events, error) = replayed([&*stream(deltas, "stop")]);
    assert_eq!(error, None);
    let Some(Event::Completed { output, .. }) = events.pop() else {
        panic!("no end");
    };
    (events, output)
}

/// The messages in which the answer goes back, with a result for each of its calls.
async fn back(profile: Profile, answer: &[Item]) -> Value {
    let mut input = answer.to_vec();
    input.extend(answer.iter().filter_map(|item| match item {
        Item::FunctionCall(call) => Some(Item::function_call_output(&call.call_id, "x")),
        _ => None,
    }));
    let stored = serde_json::to_string(&input).unwrap();
    let request = Request {
        input: serde_json::from_str(&stored).unwrap(),
        ..Request::default()
    };
    sent(profile, request).await.body["messages"].clone()
}

fn called(arguments: &str, extra: &Value) -> Value {
    json!({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": arguments}, "extra_content": extra}]})
}

#[tokio::test]
async fn details_of_thinking_are_put_together_and_go_back() {
    let details = |details: Value| json!({"reasoning_details": details});
    let text = |text: &str| json!({"type": "reasoning.text", "index": 0, "text": text, "format": "f", "signature": null});
    let (events, output) = answer(&[
        details(json!([text("Let ")])),
        json!({"reasoning": "me see", "reasoning_details": [text("me see")]}),
        details(json!([{"type": "reasoning.text", "index": 0, "signature": "s"}])),
        called("{}", &Value::Null),
        details(json!([{"type": "reasoning.encrypted", "index": 1, "data": "A"}])),
        details(json!([{"type": "reasoning.encrypted", "index": 1, "data": "B"}, "novelty"])),
    ]);
    let told: String = events
        .iter()
        .filter_map(|event| match event {
            Event::ReasoningDelta { delta, .. } => Some(delta.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(told, "Let me see");
    let whole = json!([
        {"type": "reasoning.text", "index": 0, "text": "Let me see", "format": "f", "signature": "s"},
        {"type": "reasoning.encrypted", "index": 1, "data": "A"},
        {"type": "reasoning.encrypted", "index": 1, "data": "B"},
    ]);
    let messages = back(Profile::OpenRouter, &output).await;
    assert_eq!(messages[0]["reasoning_details"], whole);
    let messages = back(Profile::Plain, &output).await;
    assert_eq!(messages[0].get("reasoning_details"), None);
}

#[tokio::test]
async fn details_go_back_with_a_text_too() {
    let detail = json!({"type": "reasoning.summary", "summary": "s"});
    let (_, output) = answer(&[
        json!({"reasoning_details": [detail]}),
        json!({"content": "Hi"}),
    ]);
    assert_eq!(
        back(Profile::OpenRouter, &output).await,
        json!([{"role": "assistant", "content": "Hi", "reasoning_details": [detail]}])
    );
}

#[tokio::test]
async fn a_calls_signature_goes_back_with_it() {
    let signature = json!({"google": {"thought_signature": "s"}});
    let early = json!({"tool_calls": [{"index": 0, "extra_content": signature, "function": {"arguments": ""}}]});
    for deltas in [
        vec![called("{}", &signature)],
        vec![called("{", &signature), called("}", &Value::Null)],
        vec![early, called("{}", &Value::Null)],
    ] {
        let (_, output) = answer(&deltas);
        let messages = back(Profile::Plain, &output).await;
        assert_eq!(
            messages[0]["tool_calls"],
            json!([{"id": "call_00000001", "type": "function", "function": {"name": "f", "arguments": "{}"},
                "extra_content": signature}])
        );
    }
}

#[test]
fn citations_and_images_are_told_in_the_form_of_the_responses_api() {
    let citation = json!({"type": "url_citation", "url": "https://example.com", "title": "T", "start_index": 0, "end_index": 2});
    let nested = json!({"type": "url_citation", "url_citation": {"url": "https://example.com", "title": "T", "start_index": 0, "end_index": 2}});
    let picture = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let (events, output) = answer(&[
        json!({"content": "Hi", "annotations": [nested, {"type": "url_citation", "url_citation": null}, 7]}),
        json!({"images": [picture("data:image/png;base64,AA=="), picture("https://x/a.png")]}),
    ]);
    assert!(events.contains(&Event::AnnotationAdded {
        index: 0,
        part: 0,
        annotation: citation.clone(),
    }));
    assert_eq!(
        serde_json::to_value(output).unwrap(),
        json!([
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi", "annotations": [citation]}]},
            {"type": "image_generation_call", "status": "completed", "result": "AA==", "output_format": "png", "dialect": "openai_chat"},
        ])
    );
}

#[tokio::test]
async fn the_form_of_the_answer_and_the_servers_own_tools() {
    let schema = json!({"type": "object"});
    let format = json!({"type": "json_schema", "json_schema": {"name": "person", "schema": schema, "strict": true}});
    let hosted = json!({"type": "openrouter:web_search"});
    for name in Profile::names() {
        let request = Request {
            output: OutputFormat::Json {
                name: "person".to_owned(),
                schema: Schema::new(schema.clone()),
                strict: Strictness::Strict,
            },
            hosted_tools: Arc::new([hosted.clone()]),
            tool_choice: ToolChoice::Auto,
            ..asking()
        };
        let body = sent(Profile::named(name).unwrap(), request).await.body;
        let first = body["messages"][0]["content"].as_str().unwrap();
        assert!(first.starts_with("Be brief."), "{name}");
        if name == "deepseek" {
            assert_eq!(body["response_format"], json!({"type": "json_object"}));
            assert!(first.ends_with(&schema.to_string()));
        } else {
            assert_eq!(body["response_format"], format, "{name}");
            assert!(!first.contains("schema"), "{name}");
        }
        assert_eq!(body["tools"][2], hosted, "{name}");
    }
}

#[tokio::test]
async fn one_of_the_servers_own_tools_is_chosen_by_being_alone() {
    let hosted = json!({"type": "openrouter:web_search"});
    let request = Request {
        hosted_tools: Arc::new([hosted.clone(), json!({"type": "openrouter:datetime"})]),
        tool_choice: ToolChoice::Tool("openrouter:web_search".to_owned()),
        ..asking()
    };
    let body = sent(Profile::OpenRouter, request).await.body;
    assert_eq!(body["tools"], json!([hosted]));
    assert_eq!(body["tool_choice"], "required");
}
