//! The recorded lines and schemas.

use serde_json::Value;

/// A real time where the record says `$time`.
pub(crate) const TIME: &str = "2026-11-20T10:00:00.123456Z";

/// A line of a record: what was sent in, and what came out unless it was refused.
pub(crate) struct Line {
    pub(crate) input: Value,
    pub(crate) output: Value,
}

pub(crate) fn requests() -> Vec<Line> {
    lines(include_str!("../chatkit/requests.jsonl"), 24)
}

pub(crate) fn bad_requests() -> Vec<Line> {
    lines(include_str!("../chatkit/bad_requests.jsonl"), 21)
}

pub(crate) fn events() -> Vec<Line> {
    lines(include_str!("../chatkit/events.jsonl"), 46)
}

pub(crate) fn items() -> Vec<Line> {
    lines(include_str!("../chatkit/items.jsonl"), 21)
}

/// Says what is wrong with a value by one of the recorded schemas.
pub(crate) fn check(schema: &str, value: &Value) {
    let text = match schema {
        "event" => include_str!("../chatkit/event.json"),
        "item" => include_str!("../chatkit/item.json"),
        "request" => include_str!("../chatkit/request.json"),
        "thread" => include_str!("../chatkit/thread.json"),
        "attachment" => include_str!("../chatkit/attachment.json"),
        other => panic!("no schema: {other}"),
    };
    let schema = serde_json::from_str(text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{value}: {errors:#?}");
}

fn lines(record: &str, count: usize) -> Vec<Line> {
    let lines: Vec<Line> = record
        .replace("$time", TIME)
        .lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            Line {
                input: line["in"].take(),
                output: line["out"].take(),
            }
        })
        .collect();
    assert_eq!(lines.len(), count);
    lines
}
