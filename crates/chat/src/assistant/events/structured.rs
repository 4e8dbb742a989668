//! How an answer that is JSON is shown: as a block of code.

use serde_json::Value;

/// What the block begins with.
const OPENING: &str = "```json\n";

/// The first words of an answer, in the block where they begin JSON.
pub(super) fn begin(delta: String) -> String {
    if delta.trim_start().starts_with(['{', '[']) {
        format!("{OPENING}{delta}")
    } else {
        delta
    }
}

/// The whole answer, laid out; as it is where it's no JSON.
pub(in super::super) fn whole(text: String) -> String {
    match serde_json::from_str::<Value>(&text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => format!("{OPENING}{value:#}\n```"),
        _ => text,
    }
}
