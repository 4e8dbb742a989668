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
    let cases: Vec<Value> = include_str!("wrong_values.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(cases.len(), 30);
    for case in cases {
        let (field, message) = refused(&case["in"]);
        assert_eq!(
            json!([field, message]),
            json!([case["field"], case["message"]])
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

#[test]
fn json_inside_a_text_stays_a_text() {
    let name = "$serde_json::private::RawValue";
    let with = |result: &Value| json!({"type": "threads.add_client_tool_output", "params": {"thread_id": "t", "result": result}});
    let mut text = "1".to_owned();
    for _ in 0..10 {
        let open = "[".repeat(100);
        let close = "]".repeat(100);
        text = format!("{open}{}{close}", json!({name: text}));
    }
    let deep: Value = json!({name: text});
    for result in [json!([{name: "[1]"}]), deep] {
        let (field, message) = refused(&with(&result));
        assert_eq!(field, "");
        assert!(
            message.contains("reserved name: $serde_json::private::RawValue"),
            "{message}"
        );
    }
    let escaped = format!("{{\"\\u0024{}\": \"[1]\"}}", &name[1..]);
    let error = Request::parse(escaped.as_bytes()).unwrap_err();
    assert!(error.message.contains("reserved name"), "{error}");
}
