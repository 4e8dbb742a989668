//! Answers of the Chat Completions API: what servers stream, as our events.

use frontdesk_model::openai_chat::replayed;
use frontdesk_model::{Error, ErrorKind, Event, Usage};
use serde_json::{Value, json};

use crate::fits::{complete, ended};

const FIXTURES: [(&str, &[u8]); 9] = [
    (
        "openai",
        include_bytes!("../fixtures/openai_chat/openai.sse"),
    ),
    (
        "deepseek",
        include_bytes!("../fixtures/openai_chat/deepseek.sse"),
    ),
    (
        "ollama",
        include_bytes!("../fixtures/openai_chat/ollama.sse"),
    ),
    ("azure", include_bytes!("../fixtures/openai_chat/azure.sse")),
    (
        "gemini",
        include_bytes!("../fixtures/openai_chat/gemini.sse"),
    ),
    (
        "llama_cpp",
        include_bytes!("../fixtures/openai_chat/llama_cpp.sse"),
    ),
    (
        "openrouter",
        include_bytes!("../fixtures/openai_chat/openrouter.sse"),
    ),
    ("vllm", include_bytes!("../fixtures/openai_chat/vllm.sse")),
    (
        "fake_ids",
        include_bytes!("../fixtures/openai_chat/fake_ids.sse"),
    ),
];

fn fixture(name: &str) -> &'static [u8] {
    FIXTURES.iter().find(|(known, _)| *known == name).unwrap().1
}

fn call(number: usize, name: &str, arguments: &str) -> Value {
    json!({"type": "function_call", "call_id": format!("call_{number:08}"), "name": name, "arguments": arguments})
}

fn message(text: &str) -> Value {
    json!({"type": "message", "role": "assistant",
        "content": [{"type": "output_text", "text": text, "annotations": []}]})
}

fn reasoning(text: &str) -> Value {
    json!({"type": "reasoning", "dialect": "openai_chat", "summary": [{"type": "summary_text", "text": text}]})
}

/// An item with something that has to go back with it.
fn kept(mut item: Value, name: &str, value: Value) -> Value {
    item["dialect"] = json!("openai_chat");
    item[name] = value;
    item
}

/// Frames of these deltas, and a last one with this reason.
pub(crate) fn stream(deltas: &[Value], reason: &str) -> Vec<u8> {
    let choice = |delta: &Value| json!({"choices": [{"index": 0, "delta": delta}]});
    let mut chunks: Vec<Value> = deltas.iter().map(choice).collect();
    chunks.push(json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}));
    let mut wire: Vec<u8> = Vec::new();
    for chunk in chunks {
        wire.extend(format!("data: {chunk}\n\n").into_bytes());
    }
    wire.extend(b"data: [DONE]\n\n");
    wire
}

fn answer(wire: &[u8]) -> (Vec<Event>, Option<Error>) {
    replayed([wire])
}

fn output(name: &str, wire: &[u8]) -> (Vec<Value>, Usage) {
    complete(name, answer(wire))
}

#[test]
fn recorded_answers() {
    let tokens = |input_tokens, cached_input_tokens, output_tokens, reasoning_tokens| Usage {
        input_tokens,
        cached_input_tokens,
        output_tokens,
        reasoning_tokens,
        total_tokens: input_tokens + output_tokens,
    };
    let cases = [
        (
            "openai",
            vec![
                message("Hellö 🦀"),
                call(1, "search", "{\"q\":\"ü\"}"),
                call(2, "list", "{}"),
            ],
            tokens(9, 4, 5, 2),
        ),
        (
            "deepseek",
            vec![reasoning("look it up"), message("Found.")],
            tokens(7, 2, 3, 0),
        ),
        (
            "ollama",
            vec![
                reasoning("hm"),
                call(1, "search", "{\"q\":\"x\"}"),
                call(2, "search", "{\"q\":\"y\"}"),
            ],
            Usage::default(),
        ),
        (
            "vllm",
            vec![reasoning("hm"), call(1, "search", "{\"q\": \"x\"}")],
            tokens(1, 0, 2, 0),
        ),
        ("azure", vec![message("Hello")], tokens(3, 0, 2, 0)),
        (
            "gemini",
            vec![
                kept(
                    call(1, "search", "{\"q\":\"x\"}"),
                    "extra_content",
                    json!({"google": {"thought_signature": "CiQ="}}),
                ),
                call(2, "search", "{\"q\":\"y\"}"),
            ],
            tokens(3, 0, 2, 0),
        ),
        (
            "llama_cpp",
            vec![reasoning("hm"), message("Hello"), call(1, "list", "{}")],
            tokens(3, 0, 2, 0),
        ),
        (
            "openrouter",
            vec![
                reasoning("look it up"),
                kept(
                    call(1, "search", "{\"q\":\"ü\"}"),
                    "reasoning_details",
                    json!([{"type": "reasoning.text", "text": "look it up", "signature": "EqQB",
                        "format": "anthropic-claude-v1", "index": 0}]),
                ),
            ],
            tokens(9, 4, 5, 2),
        ),
    ];
    for (name, items, usage) in cases {
        assert_eq!(output(name, fixture(name)), (items, usage), "{name}");
    }
}

#[test]
fn check_05_a_provider_that_repeats_an_id_gets_ids_of_ours() {
    let (items, _) = output("fake_ids", fixture("fake_ids"));
    assert_eq!(
        items,
        [
            message("One."),
            call(1, "add", "{\"n\":1}"),
            call(2, "add", "{\"n\":2}"),
            call(3, "list", "{}"),
        ]
    );
}

#[test]
fn however_the_bytes_are_framed_the_events_are_the_same() {
    for (name, wire) in FIXTURES {
        let expected = answer(wire);
        for size in [1, 2, 7] {
            assert_eq!(replayed(wire.chunks(size)), expected, "{name} by {size}");
        }
        let text = std::str::from_utf8(wire).unwrap();
        let crlf = format!("\u{FEFF}{}", text.replace('\n', "\r\n"));
        assert_eq!(answer(crlf.as_bytes()), expected, "{name}, CRLF");
        let commented = text.replace("\n\n", "\n\n: PROCESSING\n\n");
        assert_eq!(answer(commented.as_bytes()), expected, "{name}, comments");
        let silent = text.replace("data: [DONE]\n\n", "");
        assert_eq!(
            answer(silent.trim_end().as_bytes()),
            expected,
            "{name}, no last word"
        );
    }
}

#[test]
fn fragments_of_calls_find_their_call() {
    let calls = |calls: Value| json!({"tool_calls": calls});
    let cases = [
        (
            "id and name come late",
            vec![
                calls(json!([{"index": 0, "function": {"arguments": "{\"a\""}}])),
                calls(json!([{"index": 0, "function": {"name": "f", "arguments": ":"}}])),
                calls(json!([{"index": 0, "id": "x", "function": {"arguments": "1}"}}])),
            ],
            vec![call(1, "f", "{\"a\":1}")],
        ),
        (
            "no index and no id",
            vec![
                calls(json!([{"function": {"name": "f", "arguments": "{\"a\":"}}])),
                calls(json!([{"function": {"arguments": "1}"}}])),
                calls(json!([{"function": {"name": "f", "arguments": "{}"}}])),
                calls(json!([{"function": {"name": "g"}}])),
            ],
            vec![
                call(1, "f", "{\"a\":1}"),
                call(2, "f", "{}"),
                call(3, "g", "{}"),
            ],
        ),
        (
            "no index, but ids",
            vec![
                calls(json!([{"id": "x", "function": {"name": "f", "arguments": "{\"a\":"}}])),
                calls(json!([{"id": "y", "function": {"name": "f", "arguments": "{\"a\":"}}])),
                calls(json!([{"id": "x", "function": {"arguments": "1}"}}])),
                calls(json!([{"id": "y", "function": {"arguments": "2}"}}])),
            ],
            vec![call(1, "f", "{\"a\":1}"), call(2, "f", "{\"a\":2}")],
        ),
        (
            "the name in every fragment",
            vec![
                calls(
                    json!([{"index": 0, "id": "x", "function": {"name": "f", "arguments": "{\"a\":"}}]),
                ),
                calls(
                    json!([{"index": 0, "id": "x", "function": {"name": "f", "arguments": "1}"}}]),
                ),
            ],
            vec![call(1, "f", "{\"a\":1}")],
        ),
        (
            "an index only from the second fragment on",
            vec![
                calls(json!([{"id": "x", "function": {"name": "f"}}])),
                calls(json!([{"index": 0, "function": {"arguments": "{}"}}])),
            ],
            vec![call(1, "f", "{}")],
        ),
        (
            "odd values",
            vec![
                calls(
                    json!([{"index": "first", "id": 7, "type": null, "function": {"name": "f", "arguments": null}}]),
                ),
                json!({"tool_calls": null, "content": null, "reasoning_content": {"x": 1}}),
                calls(json!([{"index": null, "id": null}])),
            ],
            vec![call(1, "f", "{}")],
        ),
        (
            "a call that is never named is none",
            vec![calls(
                json!([{"index": 0, "id": "x", "function": {"arguments": "{}"}}]),
            )],
            vec![],
        ),
    ];
    for (name, deltas, expected) in cases {
        assert_eq!(
            output(name, &stream(&deltas, "tool_calls")).0,
            expected,
            "{name}"
        );
    }
}

#[test]
fn other_ways_to_say_something() {
    let refusal = json!({"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]});
    let cases = [
        (
            "a refusal",
            vec![json!({"refusal": "N"}), json!({"refusal": "o."})],
            vec![refusal],
        ),
        (
            "parts, some of them thinking",
            vec![
                json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}),
                json!({"content": [{"type": "text", "text": "Yes"}, {"type": "novelty"}]}),
            ],
            vec![reasoning("hm"), message("Yes")],
        ),
        (
            "thinking between texts",
            vec![
                json!({"content": "a"}),
                json!({"reasoning": "b"}),
                json!({"content": "c"}),
            ],
            vec![message("a"), reasoning("b"), message("c")],
        ),
        (
            "what may be a tag and isn't",
            vec![json!({"content": "<th"})],
            vec![message("<th")],
        ),
        ("nothing", vec![], vec![]),
    ];
    for (name, deltas, expected) in cases {
        assert_eq!(output(name, &stream(&deltas, "stop")).0, expected, "{name}");
    }
    let whole = json!({"choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]});
    let wire = format!("data: {whole}\n\n").into_bytes();
    assert_eq!(output("in one piece", &wire).0, [message("Hi")]);
    let half = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\\ud83e\"},\"finish_reason\":\"stop\"}]}\n\n";
    assert_eq!(output("half a character", half).0, [message("a\u{FFFD}")]);
}

fn ending(wire: &[u8]) -> String {
    ended(answer(wire))
}

#[test]
fn reasons_to_stop() {
    let failed = |kind: ErrorKind| format!("{kind:?}");
    for (reason, expected) in [
        ("stop", "complete".to_owned()),
        ("eos", "complete".to_owned()),
        ("novelty", "complete".to_owned()),
        ("function_call", "complete".to_owned()),
        ("length", "max_output_tokens".to_owned()),
        ("content_filter", "content_filter".to_owned()),
        (
            "insufficient_system_resource",
            failed(ErrorKind::Overloaded),
        ),
        ("error", failed(ErrorKind::Failed)),
    ] {
        assert_eq!(
            ending(&stream(&[json!({"content": "a"})], reason)),
            expected,
            "{reason}"
        );
    }
    let text = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    for (name, wire, expected) in [
        ("no reason", format!("{text}data: [DONE]\n\n"), "complete".to_owned()),
        ("cut", text.to_owned(), failed(ErrorKind::Protocol)),
        ("cut in a frame", format!("{text}data: {{\"cho"), failed(ErrorKind::Protocol)),
        ("nothing", String::new(), failed(ErrorKind::Protocol)),
        ("nothing but [DONE]", "data: [DONE]\n\n".to_owned(), failed(ErrorKind::Protocol)),
        ("no JSON", format!("{text}data: <html>\n\n"), failed(ErrorKind::Protocol)),
        ("an odd choice", format!("{text}data: {{\"choices\":7}}\n\n"), failed(ErrorKind::Protocol)),
        (
            "an error",
            format!("{text}data: {{\"error\":{{\"message\":\"m\",\"type\":\"server_error\"}}}}\n\n"),
            failed(ErrorKind::Failed),
        ),
        (
            "an error with a status",
            format!("{text}data: {{\"error\":{{\"message\":\"m\",\"code\":429}},\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"error\"}}]}}\n\n"),
            failed(ErrorKind::RateLimited),
        ),
        (
            "an error all by itself",
            "data: {\"object\":\"error\",\"message\":\"m\",\"type\":\"BadRequestError\",\"code\":400}\n\n".to_owned(),
            failed(ErrorKind::InvalidRequest),
        ),
        (
            "an event of that name",
            format!("{text}event: error\ndata: {{\"message\":\"m\",\"code\":503}}\n\n"),
            failed(ErrorKind::Overloaded),
        ),
        ("an error as a text", format!("{text}data: {{\"error\":\"m\"}}\n\n"), failed(ErrorKind::Failed)),
    ] {
        assert_eq!(ending(wire.as_bytes()), expected, "{name}");
    }
}

#[test]
fn what_is_unknown_is_handed_on() {
    let ping = json!({"type": "ping"});
    let other =
        json!({"choices": [{"index": 1, "delta": {"content": "another answer"}}], "novelty": {}});
    let end = json!({"choices": [{"index": 0, "delta": {"novelty": 1}, "finish_reason": "stop", "novelty": 1}]});
    let wire = format!("data: {ping}\n\ndata: {other}\n\ndata: \n\ndata: {end}\n\n");
    let (events, error) = answer(wire.as_bytes());
    assert_eq!(
        (events, error),
        (
            vec![
                Event::Started,
                Event::Unknown(ping),
                Event::Completed {
                    usage: Usage::default(),
                    output: vec![],
                },
            ],
            None
        )
    );
}

#[test]
fn an_answer_is_bounded() {
    let many: Vec<Value> = (0..1_001)
        .map(|index| json!({"tool_calls": [{"index": index, "function": {"name": "f"}}]}))
        .collect();
    assert_eq!(ending(&stream(&many, "stop")), "Protocol");
    let long = format!("data: {}\n\n", "x".repeat(33 * 1024 * 1024));
    assert_eq!(ending(long.as_bytes()), "Protocol");
    let behind = [
        stream(&[json!({"content": "a"})], "stop"),
        long.into_bytes(),
    ]
    .concat();
    assert_eq!(ending(&behind), "complete");
    let large = json!({"content": "x".repeat(5 * 1024 * 1024)});
    assert_eq!(ending(&stream(&[large], "stop")), "complete");
}
