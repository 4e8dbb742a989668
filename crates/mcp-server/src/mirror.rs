//! Arguments that travel as headers too (`x-mcp-header`), so that what lies between can route by them
//! ([custom headers](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#x-mcp-header)).
//! Clients leave out a tool that says so in a wrong way; here it isn't mounted.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

const ANNOTATION: &str = "x-mcp-header";

/// Whether each annotation names a header of its own, at a field that is a text, a whole number, or yes or no,
/// and that is reached through fields alone.
pub(crate) fn fits(schema: &Map<String, Value>) -> bool {
    let mut names = BTreeSet::new();
    let fields = fields_fit(schema, &mut names);
    fields && count(schema) == names.len()
}

fn fields_fit(schema: &Map<String, Value>, names: &mut BTreeSet<String>) -> bool {
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else {
        return true;
    };
    fields.values().filter_map(Value::as_object).all(|field| {
        let own = match field.get(ANNOTATION) {
            None => true,
            Some(name) => {
                let kind = field.get("type").and_then(Value::as_str);
                let plain = matches!(kind, Some("string" | "integer" | "boolean"));
                let name = name.as_str().filter(|name| is_token(name));
                plain && name.is_some_and(|name| names.insert(name.to_ascii_lowercase()))
            }
        };
        own && fields_fit(field, names)
    })
}

/// A header's name ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
fn is_token(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.chars().all(fits)
}

/// How many annotations there are, wherever.
fn count(schema: &Map<String, Value>) -> usize {
    schema
        .iter()
        .map(|(keyword, value)| match (keyword.as_str(), value) {
            // A field may have any name; what is under it is a schema.
            ("properties", Value::Object(fields)) => fields
                .values()
                .filter_map(Value::as_object)
                .map(count)
                .sum(),
            (ANNOTATION, _) => 1,
            // Data, not schemas.
            ("default" | "const" | "enum" | "examples", _) => 0,
            (_, value) => count_in(value),
        })
        .sum()
}

fn count_in(value: &Value) -> usize {
    match value {
        Value::Object(schema) => count(schema),
        Value::Array(all) => all.iter().map(count_in).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_annotation_stands_at_a_plain_field_and_names_a_header() {
        let text = |name: &str| json!({"type": "string", "x-mcp-header": name});
        let cases = [
            (json!({"properties": {"a": {"type": "string"}}}), true),
            (
                json!({"properties": {"a": text("Region"), "b": text("Zone")}}),
                true,
            ),
            (
                json!({"properties": {"a": {"properties": {"b": text("Region")}}}}),
                true,
            ),
            (
                json!({"properties": {"x-mcp-header": {"type": "object"}}}),
                true,
            ),
            (
                json!({"properties": {"a": text("Region"), "b": text("region")}}),
                false,
            ),
            (json!({"properties": {"a": text("")}}), false),
            (json!({"properties": {"a": text("two words")}}), false),
            (
                json!({"properties": {"a": {"type": "number", "x-mcp-header": "A"}}}),
                false,
            ),
            (
                json!({"properties": {"a": {"type": "string", "x-mcp-header": 1}}}),
                false,
            ),
            (json!({"x-mcp-header": "A"}), false),
            (json!({"properties": {"a": {"items": text("A")}}}), false),
            (json!({"$defs": {"a": text("A")}}), false),
        ];
        for (schema, expected) in cases {
            assert_eq!(fits(schema.as_object().unwrap()), expected, "{schema}");
        }
    }
}
