//! What an answer of the Responses API has beside text and function calls: citations, images, custom tools' calls and
//! what hosted tools did.

use frontdesk_model::openai_responses::replayed;
use frontdesk_model::{Event, Item, Usage};
use serde_json::{Value, json};

use crate::server::frames;

fn item(value: &Value) -> Item {
    serde_json::from_value(value.clone()).unwrap()
}

fn completed() -> Event {
    Event::Completed {
        usage: Usage::default(),
        output: Vec::new(),
    }
}

/// The events of an answer, its output being empty in the last one.
fn events(wire: &[Value]) -> Vec<Event> {
    let (mut events, error) = replayed([&*frames(wire)]);
    assert_eq!(error, None);
    if let Some(Event::Completed { output, .. }) = events.last_mut() {
        output.clear();
    }
    events
}

#[test]
fn citations_and_images_come_as_they_are_made() {
    let citation = json!({"type": "url_citation", "url": "https://example.com", "title": "T", "start_index": 0, "end_index": 2});
    let image = json!({"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "QQ=="});
    let wire = [
        json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 1, "delta": "Hi"}),
        json!({"type": "response.output_text.annotation.added", "output_index": 0, "content_index": 1, "annotation_index": 0,
            "annotation": citation}),
        json!({"type": "response.output_text.annotation.added", "output_index": 0, "annotation": null}),
        json!({"type": "response.image_generation_call.partial_image", "output_index": 1, "partial_image_index": 0,
            "partial_image_b64": "Qg=="}),
        json!({"type": "response.image_generation_call.partial_image", "output_index": 1}),
        json!({"type": "response.output_item.done", "output_index": 1, "item": image}),
        json!({"type": "response.completed", "response": {"service_tier": "novel", "status": "whatever"}}),
    ];
    assert_eq!(
        events(&wire),
        [
            Event::TextDelta {
                index: 0,
                part: 1,
                delta: "Hi".to_owned(),
            },
            Event::AnnotationAdded {
                index: 0,
                part: 1,
                annotation: citation,
            },
            Event::ImagePartial {
                index: 1,
                number: 0,
                data: "Qg==".to_owned(),
            },
            Event::ItemDone {
                index: 1,
                item: item(&image),
            },
            completed(),
        ]
    );
}

#[test]
fn a_custom_call_is_a_function_call_with_a_text_as_its_argument() {
    let begun = json!({"type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "name": "shout", "input": ""});
    let done = json!({"type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "name": "shout", "input": "say \"ü\""});
    let wire = [
        json!({"type": "response.output_item.added", "output_index": 0, "item": begun}),
        json!({"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": "say \""}),
        json!({"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": "ü\""}),
        json!({"type": "response.custom_tool_call_input.done", "output_index": 0, "input": "say \"ü\""}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": done}),
        json!({"type": "response.completed", "response": {"output": [done]}}),
    ];
    let call = |arguments: &str| {
        item(
            &json!({"type": "function_call", "id": "ctc_1", "call_id": "c", "name": "shout",
            "arguments": arguments, "kind": "custom_tool_call"}),
        )
    };
    let arguments = |delta: &str| Event::ArgumentsDelta {
        index: 0,
        delta: delta.to_owned(),
    };
    let whole = r#"{"input":"say \"ü\""}"#;
    assert_eq!(
        events(&wire),
        [
            Event::ItemAdded {
                index: 0,
                item: call(""),
            },
            arguments(r#"{"input":"say \""#),
            arguments(r#"ü\""#),
            arguments("\"}"),
            Event::ItemDone {
                index: 0,
                item: call(whole),
            },
            completed(),
        ]
    );
    let (events, _) = replayed([&*frames(&wire)]);
    let Some(Event::Completed { output, .. }) = events.last() else {
        panic!("no end");
    };
    assert_eq!(*output, [call(whole)]);
}

#[test]
fn open_thinking_is_told_and_kept() {
    let thought = json!({"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]});
    let wire = [
        json!({"type": "response.reasoning_text.delta", "output_index": 0, "content_index": 0, "delta": "hm"}),
        json!({"type": "response.reasoning_text.done", "output_index": 0, "content_index": 0, "text": "hm"}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": thought}),
        json!({"type": "response.completed"}),
    ];
    assert_eq!(
        events(&wire),
        [
            Event::ReasoningDelta {
                index: 0,
                part: 0,
                delta: "hm".to_owned(),
            },
            Event::ItemDone {
                index: 0,
                item: item(&thought),
            },
            completed(),
        ]
    );
}
