//! The strict form of a schema, to which providers keep their models: every object is closed and needs all its
//! properties, and what they can't enforce is told in words.
//! <https://platform.openai.com/docs/guides/structured-outputs#supported-schemas>

use serde_json::{Map, Value, json};

/// How deep a schema may be.
const MAX_DEPTH: usize = 32;

/// Keywords that stay as they are.
const KEPT: [&str; 6] = ["type", "enum", "const", "title", "description", "$ref"];

/// Keywords that hold further schemas by name.
const BY_NAME: [&str; 3] = ["properties", "$defs", "definitions"];

/// Keywords that not every provider takes: they become words in the description.
const TOLD: [&str; 13] = [
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "examples",
];

/// Keywords that mean nothing for what is valid.
const DROPPED: [&str; 8] = [
    "$schema",
    "$id",
    "$comment",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "required",
];

/// The strict form, where the schema has one.
pub(super) fn strict(schema: &Value) -> Option<Value> {
    let is_object = schema.get("type").and_then(Value::as_str) == Some("object");
    let strict = closed(schema, MAX_DEPTH)?;
    (is_object && strict.get("anyOf").is_none()).then_some(strict)
}

fn closed(schema: &Value, depth: usize) -> Option<Value> {
    let schema = schema.as_object()?;
    let depth = depth.checked_sub(1)?;
    let mut strict = Map::new();
    let mut told = Vec::new();
    for (keyword, value) in schema {
        let name = keyword.as_str();
        if KEPT.contains(&name) {
            strict.insert(keyword.clone(), value.clone());
        } else if BY_NAME.contains(&name) {
            strict.insert(keyword.clone(), Value::Object(each_named(value, depth)?));
        } else if name == "items" {
            strict.insert(keyword.clone(), closed(value, depth)?);
        } else if name == "anyOf" || name == "oneOf" {
            if strict.contains_key("anyOf") {
                return None;
            }
            strict.insert("anyOf".to_owned(), Value::Array(each(value, depth)?));
        } else if TOLD.contains(&name) {
            told.push(format!("{name}: {value}"));
        } else if name == "additionalProperties" && *value == json!(false) {
            // As in every strict object, below.
        } else if !DROPPED.contains(&name) {
            return None;
        }
    }
    close(schema, &mut strict)?;
    if strict.contains_key("$ref") {
        // A reference stands alone.
        strict.retain(|keyword, _| keyword == "$ref");
    } else if !told.is_empty() {
        tell(&mut strict, &told);
    }
    Some(Value::Object(strict))
}

/// Closes an object. One that may have any properties has no strict form, nor has a schema that says nothing.
fn close(schema: &Map<String, Value>, strict: &mut Map<String, Value>) -> Option<()> {
    let says = ["type", "enum", "const", "anyOf", "$ref"];
    if !says.iter().any(|keyword| strict.contains_key(*keyword)) {
        return None;
    }
    let is_object = schema.get("type").is_some_and(|of| match of {
        Value::Array(types) => types.contains(&json!("object")),
        of => *of == json!("object"),
    });
    if !is_object {
        return (!strict.contains_key("properties")).then_some(());
    }
    let properties = strict.get("properties")?.as_object()?;
    let required: Vec<Value> = properties.keys().cloned().map(Value::String).collect();
    strict.insert("required".to_owned(), Value::Array(required));
    strict.insert("additionalProperties".to_owned(), json!(false));
    Some(())
}

fn each(schemas: &Value, depth: usize) -> Option<Vec<Value>> {
    let schemas = schemas.as_array()?.iter();
    schemas.map(|schema| closed(schema, depth)).collect()
}

fn each_named(schemas: &Value, depth: usize) -> Option<Map<String, Value>> {
    let schemas = schemas.as_object()?.iter();
    let each = |(name, schema): (&String, &Value)| Some((name.clone(), closed(schema, depth)?));
    schemas.map(each).collect()
}

fn tell(strict: &mut Map<String, Value>, told: &[String]) {
    let told = told.join(", ");
    let description = match strict.get("description").and_then(Value::as_str) {
        Some(description) => format!("{description} ({told})"),
        None => told,
    };
    strict.insert("description".to_owned(), Value::String(description));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_closed_where_they_can_be() {
        let cases = [
            (
                json!({"type": "object", "properties": {
                    "a": {"type": "string", "minLength": 1},
                    "b": {"type": "array", "items": {"type": "object", "properties": {}}},
                    "c": {"oneOf": [{"const": "a"}, {"$ref": "#/$defs/K", "description": "k"}]},
                }, "required": ["a"], "$defs": {"K": {"type": "string", "enum": ["k"]}}}),
                Some(json!({"type": "object", "properties": {
                    "a": {"type": "string", "description": "minLength: 1"},
                    "b": {"type": "array", "items": {
                        "type": "object", "properties": {}, "required": [], "additionalProperties": false}},
                    "c": {"anyOf": [{"const": "a"}, {"$ref": "#/$defs/K"}]},
                }, "required": ["a", "b", "c"], "additionalProperties": false,
                    "$defs": {"K": {"type": "string", "enum": ["k"]}}})),
            ),
            (json!({"type": "object"}), None),
            (json!({"type": "object", "properties": {"a": {}}}), None),
            (json!({"type": "object", "properties": {"a": true}}), None),
            (
                json!({"type": "object", "properties": {}, "additionalProperties": {"type": "string"}}),
                None,
            ),
            (
                json!({"type": "object", "properties": {}, "allOf": [{"required": ["a"]}]}),
                None,
            ),
            (json!({"type": "array", "items": {"type": "string"}}), None),
            (json!(true), None),
        ];
        for (schema, expected) in cases {
            assert_eq!(strict(&schema), expected, "{schema}");
        }
    }
}
