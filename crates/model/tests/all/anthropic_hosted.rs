//! Tools that the provider of the Messages API runs by itself, what their results are cited for, and the form of an
//! answer.

use std::sync::Arc;

use frontdesk_model::anthropic::replayed;
use frontdesk_model::{
    Event, Item, OutputFormat, Request, Schema, Settings, Strictness, ToolChoice,
};
use serde_json::{Value, json};

use crate::anthropic_answers::{start, stop, stream};
use crate::anthropic_requests::{
    assistant, call, config, model, of, result, sent, text, tool, used, user,
};
use crate::fits::complete;
use crate::server::{Reply, Server, collect};

fn begin(index: usize, block: &Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn delta(index: usize, delta: &Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn end(index: usize) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn words(text: &str) -> Value {
    json!({"type": "text_delta", "text": text})
}

fn search() -> Value {
    json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "ü"}})
}

fn found() -> Value {
    json!({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1",
        "content": [{"type": "web_search_result", "url": "https://example.com", "title": "E", "encrypted_content": "x"}]})
}

fn own(mut block: Value) -> Value {
    block["dialect"] = json!("anthropic");
    block
}

fn cited(kind: &str, start: usize, end: usize) -> Value {
    json!({"type": kind, "url": "https://example.com", "title": "https://example.com", "cited_text": "c",
        "start_index": start, "end_index": end})
}

fn said(text: &str, annotations: &[Value]) -> Value {
    json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text, "annotations": annotations}]})
}

/// An answer that searches, and cites what it found.
fn searching() -> Vec<u8> {
    let citation = json!({"type": "citations_delta", "citation": {"type": "web_search_result_location",
        "url": "https://example.com", "title": null, "cited_text": "c", "encrypted_index": "x"}});
    let empty =
        json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}});
    let text = json!({"type": "text", "text": ""});
    stream(&[
        start(),
        begin(0, &text),
        delta(0, &words("Let me see.")),
        end(0),
        begin(1, &empty),
        delta(
            1,
            &json!({"type": "input_json_delta", "partial_json": "{\"query\":"}),
        ),
        delta(
            1,
            &json!({"type": "input_json_delta", "partial_json": "\"ü\"}"}),
        ),
        end(1),
        begin(2, &found()),
        end(2),
        begin(3, &text),
        delta(3, &words("Öl ")),
        end(3),
        begin(4, &text),
        delta(4, &citation),
        delta(4, &words("is")),
        delta(4, &words(" oil")),
        end(4),
        begin(5, &text),
        delta(5, &words(".")),
        end(5),
        stop(),
    ])
}

#[test]
fn what_the_provider_did_by_itself_is_kept_and_what_it_cites_is_told() {
    let citation = cited("url_citation", 3, 9);
    let (events, error) = replayed([&*searching()]);
    let told: Vec<&Event> = events
        .iter()
        .filter(|event| matches!(event, Event::AnnotationAdded { .. }))
        .collect();
    assert_eq!(
        told,
        [&Event::AnnotationAdded {
            index: 3,
            part: 0,
            annotation: citation.clone(),
        }]
    );
    let events = events
        .into_iter()
        .filter(|event| !matches!(event, Event::AnnotationAdded { .. }));
    let (items, _) = complete("searching", (events.collect(), error));
    assert_eq!(
        items,
        [
            said("Let me see.", &[]),
            own(search()),
            own(found()),
            said("Öl is oil.", &[citation]),
        ]
    );
}

#[tokio::test]
async fn what_the_provider_did_by_itself_goes_back() {
    let (mut events, _) = replayed([&*searching()]);
    let Some(Event::Completed { output, .. }) = events.pop() else {
        panic!("no end");
    };
    let mut input = vec![Item::user("a")];
    input.extend(output);
    input.extend([
        Item::function_call("1", "f", "{\"a\":1}"),
        Item::function_call_output("1", "x"),
    ]);
    let request = Request {
        input,
        ..Request::default()
    };
    assert_eq!(
        sent(|_| {}, request).await.body["messages"],
        json!([
            user(&[text("a")]),
            assistant(&[
                text("Let me see."),
                search(),
                found(),
                text("Öl is oil."),
                used("1"),
            ]),
            user(&[json!({"type": "tool_result", "tool_use_id": "1", "content": [text("x")]})]),
        ])
    );
}

#[tokio::test]
async fn of_the_providers_calls_only_those_with_a_result_go_back() {
    let request = of(json!([
        {"role": "user", "content": "a"}, own(search()), {"role": "user", "content": "b"}, own(found()),
        call("1"), result("1", &json!("x")), own(json!({"type": "novelty_tool_result", "tool_use_id": "nobody"})),
    ]));
    assert_eq!(
        sent(|_| {}, request).await.body["messages"],
        json!([
            user(&[text("a"), text("b")]),
            assistant(&[used("1")]),
            user(&[json!({"type": "tool_result", "tool_use_id": "1", "content": [text("x")]})]),
        ])
    );
}

#[tokio::test]
async fn hosted_tools_stand_beside_ours_and_can_be_chosen() {
    let web = json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 3});
    for (own, chosen) in [
        (vec![], "web_search"),
        (vec![tool("f")], "web_search"),
        (vec![tool("f")], "web_search_20250305"),
    ] {
        let count = own.len();
        let request = Request {
            tools: Arc::from(own),
            hosted_tools: Arc::new([web.clone()]),
            tool_choice: ToolChoice::Tool(chosen.to_owned()),
            ..Request::default()
        };
        let body = sent(|_| {}, request).await.body;
        assert_eq!(body["tools"][count], web);
        assert_eq!(
            body["tool_choice"],
            json!({"type": "tool", "name": "web_search"})
        );
    }
}

#[tokio::test]
async fn the_form_of_the_answer() {
    let schema = json!({"type": "object", "additionalProperties": false});
    let format = json!({"type": "json_schema", "schema": schema});
    let extra = |config: Value| {
        json!({"output_config": config})
            .as_object()
            .unwrap()
            .clone()
    };
    let own = json!({"effort": "max", "format": {"type": "novel"}});
    for (strict, set, expected) in [
        (
            Strictness::Strict,
            json!({}),
            json!({"format": format, "effort": "low"}),
        ),
        (
            Strictness::Strict,
            json!({"novelty": 1}),
            json!({"format": format, "effort": "low", "novelty": 1}),
        ),
        (Strictness::Strict, own.clone(), own),
        (Strictness::Lenient, json!({}), json!({"effort": "low"})),
    ] {
        let request = Request {
            instructions: Some("Be brief.".to_owned()),
            output: OutputFormat::Json {
                name: "person".to_owned(),
                schema: Schema::new(schema.clone()),
                strict,
            },
            settings: Settings {
                reasoning_effort: Some("low".to_owned()),
                extra: extra(set),
                ..Settings::default()
            },
            ..Request::default()
        };
        let body = sent(|_| {}, request).await.body;
        assert_eq!(body["output_config"], expected);
        let system = body["system"].as_array().unwrap();
        assert_eq!(system[0], text("Be brief."));
        match strict {
            Strictness::Strict => assert_eq!(system.len(), 1),
            _ => assert!(
                system[1]["text"]
                    .as_str()
                    .unwrap()
                    .ends_with(&schema.to_string())
            ),
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_paused_goes_on_and_is_one() {
    let usage = json!({"input_tokens": 2, "output_tokens": 3});
    let stop = |reason: &str| json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage});
    let empty = json!({"type": "text", "text": ""});
    let parts = [
        stream(&[
            start(),
            begin(0, &empty),
            delta(0, &words("Wait. ")),
            begin(1, &search()),
            stop("pause_turn"),
        ]),
        stream(&[
            start(),
            begin(0, &found()),
            begin(1, &empty),
            delta(1, &words("Here.")),
            stop("end_turn"),
        ]),
    ];
    let server = Server::start(parts.map(|part| Reply::Chunks(vec![part])).into()).await;
    let request = Request {
        hosted_tools: Arc::new([json!({"type": "web_search_20250305", "name": "web_search"})]),
        ..of(json!([{"role": "user", "content": "a"}]))
    };
    let answer = collect(&model(config(&server)), request).await;
    let (items, used) = complete("paused", answer);
    assert_eq!(
        items,
        [
            said("Wait. ", &[]),
            own(search()),
            own(found()),
            said("Here.", &[]),
        ]
    );
    assert_eq!((used.input_tokens, used.output_tokens), (4, 6));
    assert_eq!(
        server.requests()[1].body["messages"],
        json!([user(&[text("a")]), assistant(&[text("Wait."), search()])])
    );
}

#[tokio::test]
async fn pauses_end() {
    let part = stream(&[
        start(),
        begin(0, &search()),
        json!({"type": "message_delta", "delta": {"stop_reason": "pause_turn"}}),
    ]);
    let server = Server::start(vec![Reply::Chunks(vec![part]); 20]).await;
    let request = Request {
        hosted_tools: Arc::new([json!({"type": "web_search_20250305", "name": "web_search"})]),
        ..Request::default()
    };
    let (events, error) = collect(&model(config(&server)), request).await;
    assert_eq!(error, None);
    assert!(matches!(
        events.last(),
        Some(Event::Incomplete { reason, output, .. }) if reason == "pause_turn" && output.len() == 11
    ));
    assert_eq!(server.requests().len(), 11);
}
