//! Custom tools, which take a text: their calls are function calls to an agent, with `{"input": "<text>"}` as arguments.
//!
//! <https://platform.openai.com/docs/guides/function-calling#custom-tools>

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::request::{FREEFORM_ARGUMENT, FREEFORM_FORMAT};
use crate::{FunctionCall, Item, ToolDefinition};

/// The kind of such a call's item.
const CALL: &str = "custom_tool_call";
/// The kind of its result.
const CALL_OUTPUT: &str = "custom_tool_call_output";
/// The field of a function call that says what kind of item it was.
const KIND: &str = "kind";

/// The item as an agent reads it.
pub(super) fn read(item: Item) -> Item {
    match item {
        Item::Other(mut fields) if fields.get("type").and_then(Value::as_str) == Some(CALL) => {
            match call(&mut fields) {
                Some(call) => Item::FunctionCall(call),
                None => Item::Other(fields),
            }
        }
        item => item,
    }
}

/// The call, whose fields are taken only if it is whole.
fn call(fields: &mut Map<String, Value>) -> Option<FunctionCall> {
    let text = |name: &str| fields.get(name)?.as_str().map(str::to_owned);
    let (call_id, name) = (text("call_id")?, text("name")?);
    let arguments = arguments(&text("input").unwrap_or_default());
    let id = text("id");
    let mut extra = std::mem::take(fields);
    for known in ["type", "id", "call_id", "name", "input"] {
        extra.remove(known);
    }
    extra.insert(KIND.to_owned(), Value::from(CALL));
    Some(FunctionCall {
        id,
        extra,
        ..FunctionCall::new(call_id, name, arguments)
    })
}

fn arguments(input: &str) -> String {
    json!({FREEFORM_ARGUMENT: input}).to_string()
}

/// The arguments' text before the input, and after it.
pub(super) fn around_input() -> (String, &'static str) {
    let mut before = arguments("");
    let after = "\"}";
    before.truncate(before.len() - after.len());
    (before, after)
}

/// A piece of the input as a piece of the arguments.
pub(super) fn escaped(delta: &str) -> String {
    let quoted = Value::from(delta).to_string();
    let inner = quoted.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}

/// Whether a call is one of these.
pub(super) fn is_custom(call: &FunctionCall) -> bool {
    call.extra.get(KIND).and_then(Value::as_str) == Some(CALL)
}

/// The calls of this sort in a history, by id.
pub(super) fn calls(items: &[Item]) -> BTreeSet<&str> {
    items
        .iter()
        .filter_map(|item| match item {
            Item::FunctionCall(call) if is_custom(call) => Some(call.call_id.as_str()),
            _ => None,
        })
        .collect()
}

/// Turns the fields of a function call into those of the call that it was.
pub(super) fn write_call(call: &FunctionCall, fields: &mut Map<String, Value>) {
    let input = frontdesk_json::read(call.arguments.as_bytes())
        .ok()
        .and_then(|arguments| {
            arguments
                .get(FREEFORM_ARGUMENT)?
                .as_str()
                .map(str::to_owned)
        });
    fields.remove("arguments");
    fields.remove(KIND);
    fields.insert("type".to_owned(), Value::from(CALL));
    fields.insert("input".to_owned(), Value::from(input.unwrap_or_default()));
}

/// Turns the fields of a function's result into those of such a call's.
pub(super) fn write_output(fields: &mut Map<String, Value>) {
    fields.insert("type".to_owned(), Value::from(CALL_OUTPUT));
}

/// The tool as the API has it.
pub(super) fn tool(tool: &ToolDefinition) -> Value {
    let mut fields = json!({"type": "custom", "name": tool.name, "description": tool.description});
    if let (Some(format), Some(fields)) =
        (tool.parameters.get(FREEFORM_FORMAT), fields.as_object_mut())
    {
        fields.insert("format".to_owned(), format.clone());
    }
    fields
}
