//! The schema of a form from a type: the flat part of JSON Schema that clients can show
//! ([requested schema](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#requested-schema)).

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// What a field may say besides its type.
const KEPT: [&str; 14] = [
    "title",
    "description",
    "default",
    "minLength",
    "maxLength",
    "format",
    "pattern",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "enum",
    "enumNames",
    "oneOf",
];

/// Formats that clients know; Rust's own (`int64`, `double`) say nothing to them.
const FORMATS: [&str; 4] = ["email", "uri", "date", "date-time"];

/// The form of a type, or the name of the field that no form can have.
pub(crate) fn schema_of<T: JsonSchema>() -> Result<Map<String, Value>, String> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let schema = schema.as_value();
    let mut properties = Map::new();
    let mut required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
        for (name, field) in fields {
            let (field, optional) = field_of(field).ok_or_else(|| name.clone())?;
            if optional {
                required.retain(|other| other != name);
            }
            properties.insert(name.clone(), field);
        }
    }
    let mut form = Map::new();
    form.insert("type".to_owned(), "object".into());
    form.insert("properties".to_owned(), properties.into());
    if !required.is_empty() {
        form.insert("required".to_owned(), required.into());
    }
    Ok(form)
}

/// A field, and whether it may be left out.
fn field_of(schema: &Value) -> Option<(Value, bool)> {
    let object = schema.as_object()?;
    // An optional enum is `anyOf: [the enum, null]`.
    if let Some(choices) = object.get("anyOf").and_then(Value::as_array) {
        let mut kinds = choices.iter().filter(|choice| !is_null(choice));
        let (inner, None) = (kinds.next()?, kinds.next()) else {
            return None;
        };
        let (mut field, _) = field_of(inner)?;
        keep(object, field.as_object_mut()?);
        return Some((field, true));
    }
    let (kind, optional) = kind_of(object)?;
    let mut field = Map::new();
    field.insert("type".to_owned(), kind.into());
    keep(object, &mut field);
    match kind {
        "string" => titled(object, "oneOf", &mut field)?,
        "array" => {
            let items = object.get("items")?.as_object()?;
            let mut choices = Map::new();
            if items.contains_key("oneOf") {
                titled(items, "anyOf", &mut choices)?;
            } else {
                choices.insert("type".to_owned(), "string".into());
                choices.insert("enum".to_owned(), items.get("enum")?.clone());
            }
            field.insert("items".to_owned(), choices.into());
        }
        "number" | "integer" | "boolean" => {}
        _ => return None,
    }
    Some((field.into(), optional))
}

fn kind_of(schema: &Map<String, Value>) -> Option<(&str, bool)> {
    match schema.get("type") {
        Some(Value::String(kind)) => Some((kind, false)),
        Some(Value::Array(kinds)) => {
            let mut named = kinds
                .iter()
                .filter_map(Value::as_str)
                .filter(|kind| *kind != "null");
            let kind = named.next()?;
            named.next().is_none().then_some((kind, true))
        }
        // Variants with a title of their own each say their type, so their sum says none.
        None if schema.contains_key("oneOf") => Some(("string", false)),
        _ => None,
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

fn keep(from: &Map<String, Value>, to: &mut Map<String, Value>) {
    for name in KEPT {
        let Some(value) = from.get(name).filter(|value| !value.is_null()) else {
            continue;
        };
        let strange = name == "format" && !FORMATS.iter().any(|known| value == known);
        if strange {
            continue;
        }
        let mut value = value.clone();
        // An optional enum has null among its values.
        if let Some(choices) = value.as_array_mut() {
            choices.retain(|choice| !choice.is_null());
        }
        to.insert(name.to_owned(), value);
    }
}

/// Writes choices with titles as `{const, title}` under this keyword.
fn titled(from: &Map<String, Value>, keyword: &str, to: &mut Map<String, Value>) -> Option<()> {
    let Some(choices) = from.get("oneOf").and_then(Value::as_array) else {
        return Some(());
    };
    let mut all = Vec::new();
    for choice in choices {
        let title = ["title", "description", "const"]
            .iter()
            .find_map(|name| choice.get(name))?;
        if let Some(name) = choice.get("const") {
            all.push(json!({"const": name, "title": title}));
        } else {
            // Variants without a word of their own are one choice of several.
            for name in choice.get("enum")?.as_array()? {
                all.push(json!({"const": name, "title": name}));
            }
        }
    }
    to.insert(keyword.to_owned(), all.into());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only the schema is looked at")]
    enum Plain {
        #[schemars(rename = "low")]
        Low,
        #[schemars(rename = "high")]
        High,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only the schema is looked at")]
    enum Titled {
        #[schemars(rename = "low", title = "Can wait")]
        Low,
        #[schemars(rename = "high", title = "At once")]
        High,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only the schema is looked at")]
    struct Order {
        #[schemars(title = "Name", length(min = 1))]
        name: String,
        #[schemars(extend("format" = "email"))]
        mail: Option<String>,
        #[schemars(range(min = 0, max = 9), extend("default" = 3))]
        count: i32,
        share: f64,
        sure: bool,
        plain: Plain,
        titled: Titled,
        maybe: Option<Plain>,
        #[schemars(extend("default" = ["low"]))]
        several: Vec<Plain>,
        several_titled: Vec<Titled>,
    }

    #[test]
    fn a_type_becomes_a_flat_form() {
        let plain = json!(["low", "high"]);
        let titled =
            json!([{"const": "low", "title": "Can wait"}, {"const": "high", "title": "At once"}]);
        assert_eq!(
            Value::Object(schema_of::<Order>().unwrap()),
            json!({
                "type": "object",
                "properties": {
                    "name": {"type": "string", "title": "Name", "minLength": 1},
                    "mail": {"type": "string", "format": "email"},
                    "count": {"type": "integer", "minimum": 0, "maximum": 9, "default": 3},
                    "share": {"type": "number"},
                    "sure": {"type": "boolean"},
                    "plain": {"type": "string", "enum": plain},
                    "titled": {"type": "string", "oneOf": titled},
                    "maybe": {"type": "string", "enum": plain},
                    "several": {"type": "array", "items": {"type": "string", "enum": plain}, "default": ["low"]},
                    "several_titled": {"type": "array", "items": {"anyOf": titled}},
                },
                "required": ["name", "count", "share", "sure", "plain", "titled", "several", "several_titled"],
            })
        );
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only the schema is looked at")]
    struct Nested {
        inner: Order,
    }

    #[test]
    fn what_no_form_can_have_is_named() {
        assert_eq!(schema_of::<Nested>(), Err("inner".to_owned()));
    }
}
