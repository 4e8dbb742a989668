//! Answers of the Messages API: what the provider streams, as our events.

use frontdesk_model::anthropic::replayed;
use frontdesk_model::{Event, Usage};
use serde_json::{Value, json};

use crate::fits::{complete, ended};

const TEXT: &[u8] = include_bytes!("../fixtures/anthropic/text.sse");
const TOOLS: &[u8] = include_bytes!("../fixtures/anthropic/tools.sse");
const UNKNOWN: &[u8] = include_bytes!("../fixtures/anthropic/unknown.sse");

fn call(number: usize, name: &str, arguments: &str) -> Value {
    json!({"type": "function_call", "call_id": format!("call_{number:08}"), "name": name, "arguments": arguments})
}

fn message(text: &str) -> Value {
    json!({"type": "message", "role": "assistant",
        "content": [{"type": "output_text", "text": text, "annotations": []}]})
}

/// Frames as the provider sends them.
pub(crate) fn stream(events: &[Value]) -> Vec<u8> {
    let frame = |event: &Value| {
        format!(
            "event: {}\ndata: {event}\n\n",
            event["type"].as_str().unwrap()
        )
    };
    events
        .iter()
        .flat_map(|event| frame(event).into_bytes())
        .collect()
}

pub(crate) fn start() -> Value {
    json!({"type": "message_start", "message": {}})
}

fn text(text: &str) -> Value {
    json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
}

fn reason(reason: &str) -> Value {
    json!({"type": "message_delta", "delta": {"stop_reason": reason}})
}

pub(crate) fn stop() -> Value {
    json!({"type": "message_stop"})
}

#[test]
fn a_text_turn_event_by_event() {
    let delta = |delta: &str| Event::TextDelta {
        index: 0,
        part: 0,
        delta: delta.to_owned(),
    };
    let item = |value: Value| serde_json::from_value(value).unwrap();
    let done = item(message("Hellö 🦀!"));
    let usage = Usage {
        input_tokens: 9,
        cached_input_tokens: 4,
        output_tokens: 5,
        reasoning_tokens: 0,
        total_tokens: 14,
    };
    assert_eq!(
        replayed([TEXT]),
        (
            vec![
                Event::Started,
                Event::ItemAdded {
                    index: 0,
                    item: item(json!({"type": "message", "role": "assistant", "content": []})),
                },
                delta("Hellö"),
                delta(" 🦀"),
                delta("!"),
                Event::ItemDone {
                    index: 0,
                    item: done.clone(),
                },
                Event::Completed {
                    usage,
                    output: vec![done],
                },
            ],
            None
        )
    );
}

#[test]
fn a_tool_turn_with_thinking() {
    let usage = Usage {
        input_tokens: 9,
        output_tokens: 20,
        reasoning_tokens: 6,
        total_tokens: 29,
        ..Usage::default()
    };
    let items = vec![
        json!({"type": "reasoning", "dialect": "anthropic", "signature": "EqQB==",
            "summary": [{"type": "summary_text", "text": "look it up"}]}),
        json!({"type": "reasoning", "dialect": "anthropic", "redacted": "Emx0", "summary": []}),
        message("Let me see."),
        call(1, "search", "{\"q\":\"ü\"}"),
        call(2, "list", "{}"),
    ];
    assert_eq!(complete("tools", replayed([TOOLS])), (items, usage));
}

#[test]
fn what_is_unknown_is_handed_on_and_fails_nothing() {
    let items = vec![message("Found."), call(1, "search", "{\"q\":\"whole\"}")];
    let (events, error) = replayed([UNKNOWN]);
    let unknown: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            Event::Unknown(value) => value["type"].as_str(),
            _ => None,
        })
        .collect();
    assert_eq!(
        unknown,
        ["content_block_start", "hologram", "content_block_delta"]
    );
    assert_eq!(
        complete("unknown", (events, error)),
        (items, Usage::default())
    );
}

#[test]
fn however_the_bytes_are_framed_the_events_are_the_same() {
    for wire in [TEXT, TOOLS, UNKNOWN] {
        let expected = replayed([wire]);
        for size in [1, 2, 7] {
            assert_eq!(replayed(wire.chunks(size)), expected, "{size}");
        }
        let text = std::str::from_utf8(wire).unwrap();
        let nameless: String = text
            .split_inclusive('\n')
            .filter(|line| !line.starts_with("event:"))
            .collect();
        let stop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
        for (name, framed) in [
            ("CRLF", text.replace('\n', "\r\n")),
            ("comments", text.replace("\n\n", "\n\n: keep-alive\n\n")),
            ("no names", nameless),
            ("no last word", text.replace(stop, "")),
            ("[DONE]", format!("{text}data: [DONE]\n\n")),
        ] {
            assert_eq!(replayed([framed.as_bytes()]), expected, "{name}");
        }
    }
}

#[test]
fn how_answers_end() {
    let error = |kind: &str| json!({"type": "error", "error": {"type": kind, "message": "m"}});
    let cases = [
        (
            "end_turn",
            vec![start(), text("a"), reason("end_turn"), stop()],
            "complete",
        ),
        (
            "stop_sequence",
            vec![start(), text("a"), reason("stop_sequence"), stop()],
            "complete",
        ),
        (
            "max_tokens",
            vec![start(), text("a"), reason("max_tokens"), stop()],
            "max_output_tokens",
        ),
        (
            "a full window",
            vec![start(), reason("model_context_window_exceeded"), stop()],
            "max_output_tokens",
        ),
        (
            "refusal",
            vec![start(), reason("refusal"), stop()],
            "content_filter",
        ),
        (
            "pause_turn",
            vec![start(), text("a"), reason("pause_turn"), stop()],
            "pause_turn",
        ),
        ("no reason", vec![start(), text("a"), stop()], "complete"),
        ("nothing but a stop", vec![start(), stop()], "Protocol"),
        ("cut", vec![start(), text("a")], "Protocol"),
        ("nothing", vec![], "Protocol"),
        (
            "overloaded",
            vec![start(), error("overloaded_error")],
            "Overloaded",
        ),
        (
            "limited",
            vec![start(), text("a"), error("rate_limit_error")],
            "RateLimited",
        ),
        ("failed", vec![start(), error("api_error")], "Failed"),
        (
            "no key",
            vec![error("authentication_error")],
            "Unauthorized",
        ),
        (
            "a bad request",
            vec![error("invalid_request_error")],
            "InvalidRequest",
        ),
        ("no money", vec![error("billing_error")], "RateLimited"),
        (
            "an odd delta",
            vec![start(), json!({"type": "content_block_delta", "delta": 7})],
            "Protocol",
        ),
    ];
    for (name, events, expected) in cases {
        assert_eq!(ended(replayed([&*stream(&events)])), expected, "{name}");
    }
    for (wire, expected) in [
        ("data: <html>\n\n", "Protocol"),
        (
            "data: {\"error\":{\"type\":\"overloaded_error\"}}\n\n",
            "Overloaded",
        ),
        (
            "event: error\ndata: {\"error\":{\"type\":\"overloaded_error\"}}\n\n",
            "Overloaded",
        ),
    ] {
        assert_eq!(ended(replayed([wire.as_bytes()])), expected, "{wire}");
    }
}

#[test]
fn an_answer_is_bounded() {
    let many: Vec<Value> = (0..1_001)
        .map(|index| json!({"type": "content_block_start", "index": index, "content_block": {"type": "tool_use", "name": "f"}}))
        .collect();
    assert_eq!(ended(replayed([&*stream(&many)])), "Protocol");
}

#[test]
fn blocks_without_an_index_are_told_apart() {
    let block = |name: &str| json!({"type": "content_block_start", "content_block": {"type": "tool_use", "name": name}});
    let delta = |json: &str| json!({"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": json}});
    let wire = stream(&[
        start(),
        block("f"),
        delta("{\"a\":1}"),
        block("g"),
        delta("{\"a\":"),
        delta("\"\\ud83e\"}"),
        stop(),
    ]);
    let items = vec![
        call(1, "f", "{\"a\":1}"),
        call(2, "g", "{\"a\":\"\u{FFFD}\"}"),
    ];
    let wire = String::from_utf8(wire)
        .unwrap()
        .replace("\\\\ud83e", "\\ud83e");
    assert_eq!(complete("no index", replayed([wire.as_bytes()])).0, items);
}
