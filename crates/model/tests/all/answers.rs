//! Answers over a real socket: what the provider streams, as our events.

use frontdesk_model::{Event, Item, Message, Model, Request, Usage};
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::server::{Reply, Server, collect, frames, whole};

fn item(value: &Value) -> Item {
    serde_json::from_value(value.clone()).unwrap()
}

fn message() -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": "Hellö 🦀", "annotations": []}]})
}

fn usage() -> (Value, Usage) {
    let wire = json!({"input_tokens": 9, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 14});
    let usage = Usage {
        input_tokens: 9,
        cached_input_tokens: 4,
        output_tokens: 5,
        reasoning_tokens: 2,
        total_tokens: 14,
    };
    (wire, usage)
}

/// A plain answer as OpenAI sends it, and our events.
fn text_turn() -> (Vec<Value>, Vec<Event>) {
    let begun = json!({"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []});
    let wire = vec![
        json!({"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "output": [], "error": null}}),
        json!({"type": "response.in_progress", "sequence_number": 1, "response": {"id": "resp_1"}}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": begun}),
        json!({"type": "response.content_part.added", "item_id": "msg_1", "output_index": 0, "content_index": 0,
            "part": {"type": "output_text", "text": "", "annotations": []}}),
        json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0,
            "delta": "Hellö", "logprobs": [], "obfuscation": "xyz"}),
        json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0,
            "delta": " 🦀"}),
        json!({"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "Hellö 🦀"}),
        json!({"type": "response.content_part.done", "output_index": 0, "content_index": 0, "part": {}}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": message()}),
        json!({"type": "response.completed", "response": {"id": "resp_1", "output": [message()], "usage": usage().0}}),
    ];
    let delta = |delta: &str| Event::TextDelta {
        index: 0,
        part: 0,
        delta: delta.to_owned(),
    };
    let events = vec![
        Event::Started,
        Event::ItemAdded {
            index: 0,
            item: item(
                &json!({"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}),
            ),
        },
        delta("Hellö"),
        delta(" 🦀"),
        Event::ItemDone {
            index: 0,
            item: item(&message()),
        },
        Event::Completed {
            usage: usage().1,
            output: vec![item(&message())],
        },
    ];
    (wire, events)
}

async fn answer(reply: Reply) -> Vec<Event> {
    let server = Server::start(vec![reply]).await;
    let (events, error) = collect(&server.model(), Request::default()).await;
    assert_eq!(error, None);
    events
}

#[tokio::test]
async fn a_text_turn() {
    let (wire, events) = text_turn();
    assert_eq!(answer(whole(&wire)).await, events);
}

#[tokio::test]
async fn however_the_bytes_are_framed_the_events_are_the_same() {
    let (wire, events) = text_turn();
    let bytes = frames(&wire);
    let text = String::from_utf8(bytes.clone()).unwrap();
    let framings = [
        (
            "byte by byte",
            bytes.iter().map(|byte| vec![*byte]).collect(),
        ),
        ("in sevens", bytes.chunks(7).map(<[u8]>::to_vec).collect()),
        ("CRLF", vec![text.replace('\n', "\r\n").into_bytes()]),
        ("CR", vec![text.replace('\n', "\r").into_bytes()]),
        (
            "comments",
            vec![text.replace("\n\n", "\n\n: keep-alive\n\n").into_bytes()],
        ),
        (
            "a byte order mark",
            vec![format!("\u{FEFF}{text}").into_bytes()],
        ),
        (
            "[DONE]",
            vec![format!("{text}data: [DONE]\n\n").into_bytes()],
        ),
        (
            "no event names",
            vec![
                text.lines()
                    .filter(|line| !line.starts_with("event"))
                    .collect::<Vec<_>>()
                    .join("\n")
                    .into_bytes(),
                b"\n\n".to_vec(),
            ],
        ),
        (
            "no last empty line",
            vec![text.trim_end().as_bytes().to_vec()],
        ),
    ];
    for (name, chunks) in framings {
        assert_eq!(answer(Reply::Chunks(chunks)).await, events, "{name}");
    }
}

#[tokio::test]
async fn a_tool_turn_with_reasoning() {
    let reasoning = json!({"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "look it up"}],
        "encrypted_content": "gAAAA"});
    let begun = json!({"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "search", "arguments": ""});
    let call = json!({"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "search",
        "arguments": "{\"q\":\"x\"}", "status": "completed"});
    let wire = [
        json!({"type": "response.created", "response": {}}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"id": "rs_1", "type": "reasoning", "summary": []}}),
        json!({"type": "response.reasoning_summary_part.added", "output_index": 0, "summary_index": 0, "part": {}}),
        json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "look it up"}),
        json!({"type": "response.reasoning_summary_text.done", "output_index": 0, "summary_index": 0, "text": "look it up"}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": reasoning}),
        json!({"type": "response.output_item.added", "output_index": 1, "item": begun}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{\"q\":"}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "\"x\"}"}),
        json!({"type": "response.function_call_arguments.done", "output_index": 1, "arguments": "{\"q\":\"x\"}"}),
        json!({"type": "response.output_item.done", "output_index": 1, "item": call}),
        // The output is put together from the finished items where it is empty.
        json!({"type": "response.completed", "response": {"output": [], "usage": null}}),
    ];
    let arguments = |delta: &str| Event::ArgumentsDelta {
        index: 1,
        delta: delta.to_owned(),
    };
    assert_eq!(
        answer(whole(&wire)).await,
        [
            Event::Started,
            Event::ItemAdded {
                index: 0,
                item: item(&json!({"id": "rs_1", "type": "reasoning", "summary": []})),
            },
            Event::ReasoningDelta {
                index: 0,
                part: 0,
                delta: "look it up".to_owned(),
            },
            Event::ItemDone {
                index: 0,
                item: item(&reasoning),
            },
            Event::ItemAdded {
                index: 1,
                item: item(&begun),
            },
            arguments("{\"q\":"),
            arguments("\"x\"}"),
            Event::ItemDone {
                index: 1,
                item: item(&call),
            },
            Event::Completed {
                usage: Usage::default(),
                output: vec![item(&reasoning), item(&call)],
            },
        ]
    );
}

#[tokio::test]
async fn what_is_unknown_is_handed_on_and_fails_nothing() {
    let hologram = json!({"type": "hologram_call", "id": "h_1", "depth": 3});
    let odd =
        json!({"type": "response.hologram.delta", "output_index": "first", "delta": {"x": 1}});
    let nameless = json!({"sequence_number": 4});
    let wire = [
        json!({"type": "response.created", "novelty": [1], "response": {"novelty": {}}}),
        json!({"type": "keepalive", "sequence_number": 3}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": hologram, "novelty": null}),
        odd.clone(),
        json!({"type": "response.output_item.done", "output_index": 0, "item": hologram}),
        json!({"type": "response.completed", "response": {"output": [hologram], "novelty": 1}}),
    ];
    let mut bytes = frames(&wire[..5]);
    bytes.extend(format!("data: {nameless}\n\ndata: \n\n").into_bytes());
    bytes.extend(frames(&wire[5..]));
    assert_eq!(
        answer(Reply::Chunks(vec![bytes])).await,
        [
            Event::Started,
            Event::ItemAdded {
                index: 0,
                item: item(&hologram),
            },
            Event::Unknown(odd),
            Event::ItemDone {
                index: 0,
                item: item(&hologram),
            },
            Event::Unknown(nameless),
            Event::Completed {
                usage: Usage::default(),
                output: vec![item(&hologram)],
            },
        ]
    );
}

#[tokio::test]
async fn items_that_come_with_the_end_alone_are_done_too() {
    let wire = [
        json!({"type": "response.completed", "response": {"output": [message()],
        "usage": {"input_tokens": 1, "output_tokens": 2}}}),
    ];
    let usage = Usage {
        input_tokens: 1,
        output_tokens: 2,
        total_tokens: 3,
        ..Usage::default()
    };
    assert_eq!(
        answer(whole(&wire)).await,
        [
            Event::ItemDone {
                index: 0,
                item: item(&message()),
            },
            Event::Completed {
                usage,
                output: vec![item(&message())],
            },
        ]
    );
}

#[tokio::test]
async fn a_refusal_and_an_answer_that_is_cut_short() {
    let refusal = json!({"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]});
    let wire = [
        json!({"type": "response.created"}),
        json!({"type": "response.refusal.delta", "output_index": 0, "content_index": 0, "delta": "No."}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": refusal}),
        json!({"type": "response.incomplete", "response": {"output": [],
            "incomplete_details": {"reason": "max_output_tokens"}, "usage": usage().0}}),
    ];
    assert_eq!(
        answer(whole(&wire)).await,
        [
            Event::Started,
            Event::RefusalDelta {
                index: 0,
                part: 0,
                delta: "No.".to_owned(),
            },
            Event::ItemDone {
                index: 0,
                item: item(&refusal),
            },
            Event::Incomplete {
                reason: "max_output_tokens".to_owned(),
                usage: usage().1,
                output: vec![item(&refusal)],
            },
        ]
    );
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (wire, events) = text_turn();
    let server = Server::start(vec![whole(&wire), whole(&wire), whole(&wire)]).await;
    let model = server.model();
    for _ in 0..3 {
        assert_eq!(
            collect(&model, Request::default()).await,
            (events.clone(), None)
        );
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_event_is_there_before_the_next_one_comes_and_dropping_the_stream_cancels() {
    let (wire, events) = text_turn();
    let server = Server::start(vec![Reply::Stall(vec![frames(&wire[..5])])]).await;
    let mut stream = server.model().stream(Request::default()).await.unwrap();
    for expected in &events[..3] {
        assert_eq!(stream.next().await.unwrap().unwrap(), *expected);
    }
    drop(stream);
    server.client_gone().await;
}

#[tokio::test]
async fn the_same_message_is_what_a_reader_of_the_output_gets() {
    let Item::Message(message) = item(&message()) else {
        panic!("not a message");
    };
    assert_eq!(message.text(), "Hellö 🦀");
    assert_eq!(message.id.as_deref(), Some("msg_1"));
    assert_eq!(Message::assistant("Hellö 🦀").content, message.content);
}

#[tokio::test]
async fn half_a_character_fails_nothing() {
    let delta = r#"data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"a\ud83e"}"#;
    let end = r#"data: {"type":"response.completed","response":{"output":[]}}"#;
    let bytes = format!("{delta}\n\n{end}\n\n").into_bytes();
    assert_eq!(
        answer(Reply::Chunks(vec![bytes])).await,
        [
            Event::TextDelta {
                index: 0,
                part: 0,
                delta: "a\u{FFFD}".to_owned(),
            },
            Event::Completed {
                usage: Usage::default(),
                output: vec![],
            },
        ]
    );
}
