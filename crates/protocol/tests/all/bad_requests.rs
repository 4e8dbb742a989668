//! What is refused, and which field is named.

use frontdesk_protocol::Request;
use serde_json::{Value, json};

use crate::recorded;

fn refused(body: &Value) -> (String, String) {
    let text = match body {
        Value::String(raw) => raw.clone(),
        other => other.to_string(),
    };
    let error = Request::parse(text.as_bytes()).unwrap_err();
    let shown = error.to_string();
    let name = if error.field.is_empty() {
        "body"
    } else {
        &error.field
    };
    assert!(shown.starts_with(&format!("{name}: ")), "{shown}");
    (error.field, error.message)
}

#[test]
fn what_the_reference_refuses_is_refused_by_field() {
    let fields = [
        "",
        "",
        "",
        "",
        "",
        "type",
        "type",
        "params",
        "params.input",
        "params.input.content",
        "params.input.content[0].type",
        "params.input.attachments",
        "params.input.inference_options",
        "params.order",
        "params",
        "params.thread_id",
        "params.kind",
        "params.action",
        "params.input.status",
        "params.size",
        "type",
    ];
    let lines = recorded::bad_requests();
    assert_eq!(lines.len(), fields.len());
    for (line, expected) in lines.iter().zip(fields) {
        let (field, message) = refused(&line.input);
        assert_eq!(field, expected, "{}: {message}", line.input);
        assert!(!message.is_empty());
    }
}

#[test]
fn the_wrong_value_is_named_wherever_it_stands() {
    let input = json!({"content": [], "attachments": [], "inference_options": {}});
    let with = |field: &str, value: Value| {
        let mut input = input.clone();
        input[field] = value;
        json!({"type": "threads.create", "params": {"input": input}})
    };
    let text = |part: Value| {
        with(
            "content",
            json!([{"type": "input_text", "text": "a"}, part]),
        )
    };
    let list = |params: Value| json!({"type": "threads.list", "params": params});
    let cases = [
        (
            json!({"type": "threads.list", "params": {}, "metadata": []}),
            "metadata",
            "not a JSON object",
        ),
        (
            json!({"type": "threads.list", "params": {}, "metadata": null}),
            "metadata",
            "not a JSON object",
        ),
        (json!({"type": null, "params": {}}), "type", "not a string"),
        (
            json!({"type": "x", "params": {}}),
            "type",
            "unknown type of request: x",
        ),
        (
            json!({"type": "threads.list", "params": []}),
            "params",
            "not a JSON object",
        ),
        (
            json!({"type": "threads.list", "params": null}),
            "params",
            "not a JSON object",
        ),
        (
            list(json!({"limit": "3"})),
            "params.limit",
            "invalid type: string \"3\", expected i64",
        ),
        (
            list(json!({"limit": 1.5})),
            "params.limit",
            "invalid type: floating point `1.5`, expected i64",
        ),
        (
            list(json!({"limit": 9_223_372_036_854_775_808_u64})),
            "params.limit",
            "invalid value: integer `9223372036854775808`, expected i64",
        ),
        (
            list(json!({"order": null})),
            "params.order",
            "invalid type: null, expected string or map",
        ),
        (
            list(json!({"after": 7})),
            "params.after",
            "invalid type: integer `7`, expected a string",
        ),
        (
            text(json!({"type": "input_text"})),
            "params.input.content[1].text",
            "this field is missing",
        ),
        (
            text(json!({"type": "input_text", "text": 7})),
            "params.input.content[1].text",
            "invalid type: integer `7`, expected a string",
        ),
        (
            text(json!({"type": "input_tag", "id": "a", "text": "b", "data": []})),
            "params.input.content[1].data",
            "invalid type: sequence, expected a map",
        ),
        (
            text(json!({"text": "a"})),
            "params.input.content[1].type",
            "this field is missing",
        ),
        (
            text(json!({"type": 7})),
            "params.input.content[1].type",
            "not a string",
        ),
        (
            text(json!("a")),
            "params.input.content[1]",
            "invalid type: string \"a\", expected a map",
        ),
        (
            with("attachments", json!(["a", 1])),
            "params.input.attachments[1]",
            "invalid type: integer `1`, expected a string",
        ),
        (
            with("inference_options", json!({"tool_choice": {}})),
            "params.input.inference_options.tool_choice.id",
            "this field is missing",
        ),
        (
            with("inference_options", json!({"model": false})),
            "params.input.inference_options.model",
            "invalid type: boolean `false`, expected a string",
        ),
        (
            with("quoted_text", json!({})),
            "params.input.quoted_text",
            "invalid type: map, expected a string",
        ),
        (
            json!({"type": "items.feedback", "params": {"thread_id": "t", "kind": "positive", "item_ids": [null]}}),
            "params.item_ids[0]",
            "invalid type: null, expected a string",
        ),
        (
            json!({"type": "threads.add_client_tool_output", "params": {"thread_id": "t"}}),
            "params.result",
            "this field is missing",
        ),
        (
            json!({"type": "threads.add_structured_input", "params": {"thread_id": "t", "item_id": "i", "input": {"answers": {"a b": {"values": "x"}}}}}),
            "params.input.answers.a b.values",
            "invalid type: string \"x\", expected a sequence",
        ),
        (
            json!({"type": "threads.custom_action", "params": {"thread_id": "t", "action": {}}}),
            "params.action.type",
            "this field is missing",
        ),
        (
            json!({"type": "attachments.create", "params": {"name": "a", "size": -1, "mime_type": "x/y"}}),
            "params.size",
            "invalid value: integer `-1`, expected u64",
        ),
        (
            json!({"type": "attachments.create", "params": {"name": "a", "size": 1e30, "mime_type": "x/y"}}),
            "params.size",
            "invalid type: floating point `1e+30`, expected u64",
        ),
        (
            json!({"type": "threads.add_user_message", "params": {"thread_id": "t", "input": input.clone(), "replaces": 1}}),
            "params.replaces",
            "invalid type: integer `1`, expected a string",
        ),
    ];
    for (body, field, message) in cases {
        assert_eq!(
            refused(&body),
            (field.to_owned(), message.to_owned()),
            "{body}"
        );
    }
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    let deep = format!("{{\"type\":{}", "[".repeat(100_000));
    let cases = [
        ("{\n  \"type\": x}", "line 2 column 11"),
        ("{\"type\": \"threads.list\"} x", "line 1 column 26"),
        ("{\"a\": 1e999}", "number out of range at line 1 column"),
        ("{\"a\": \"\\ud800\"}", "line 1 column"),
        ("\u{feff}{}", "line 1 column 1"),
        (deep.as_str(), "recursion limit exceeded at line 1 column"),
    ];
    for (body, place) in cases {
        let error = Request::parse(body.as_bytes()).unwrap_err();
        assert_eq!(error.field, "");
        assert!(error.message.contains(place), "{}", error.message);
    }
    let error = Request::parse(b"{\"a\": \"\xff\"}").unwrap_err();
    assert_eq!(error.field, "");
}

#[test]
fn what_a_client_sent_is_quoted_in_part_only() {
    let long = "é".repeat(200_000);
    let answers = json!({&long: 7});
    let bodies = [
        json!({"type": &long, "params": {}}),
        json!({"type": "threads.list", "params": {"order": &long}}),
        json!({"type": "threads.add_structured_input",
            "params": {"thread_id": "t", "item_id": "i", "input": {"answers": answers}}}),
    ];
    for body in bodies {
        let error = Request::parse(body.to_string().as_bytes()).unwrap_err();
        assert!(error.to_string().len() < 2_000);
    }
}
