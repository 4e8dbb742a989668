//! Arguments for tools that we know nothing of but their schema.

use serde_json::{Map, Value, json};

/// A value for each parameter.
pub(super) fn arguments(schema: &Value) -> Map<String, Value> {
    let parameters = schema.get("properties").and_then(Value::as_object);
    let parameters = parameters.into_iter().flatten();
    parameters
        .map(|(name, parameter)| (name.clone(), value(parameter)))
        .collect()
}

fn value(schema: &Value) -> Value {
    let kind = schema.get("type").and_then(Value::as_str);
    match kind.unwrap_or("string") {
        "number" | "integer" => json!(2),
        "boolean" => json!(true),
        "array" => json!([]),
        "object" => json!({}),
        "null" => Value::Null,
        _ => json!("text"),
    }
}
