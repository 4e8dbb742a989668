//! A tool's schema as models take it: one piece, its local references filled in, within bounds, and valid.

use serde_json::{Map, Value};

/// How many schemas and values a tool's schema may have when its references are filled in.
const MAX_NODES: usize = 10_000;
/// How deep it may be.
const MAX_DEPTH: usize = 64;
/// How long it may be, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// Keywords whose value maps names to schemas.
const NAMED: [&str; 5] = [
    "properties",
    "patternProperties",
    "dependentSchemas",
    "$defs",
    "definitions",
];
/// Keywords whose value is data.
const DATA: [&str; 5] = ["const", "enum", "default", "examples", "required"];
/// Keywords that say something to people and may stand beside a reference without changing it.
const NOTES: [&str; 4] = ["description", "title", "default", "examples"];

/// The schema with its local references filled in; recursive ones stay as they are.
///
/// # Errors
/// Why a tool with this schema isn't offered.
pub(crate) fn inlined(schema: &Map<String, Value>) -> Result<Map<String, Value>, &'static str> {
    let root = Value::Object(schema.clone());
    let mut work = Inliner {
        root: &root,
        nodes: 0,
        under_way: Vec::new(),
        kept: false,
    };
    let Value::Object(mut inlined) = work.schema(&root, 0)? else {
        return Err("it is no object");
    };
    if !work.kept {
        inlined.remove("$defs");
        inlined.remove("definitions");
    }
    let inlined = Value::Object(inlined);
    if inlined.to_string().len() > MAX_BYTES {
        return Err("it is too long");
    }
    if !is_valid(&inlined) {
        return Err("it is no valid schema");
    }
    match inlined {
        Value::Object(schema) if takes_an_object(&schema) => Ok(schema),
        _ => Err("it takes something else than an object"),
    }
}

struct Inliner<'a> {
    root: &'a Value,
    nodes: usize,
    /// The references that are being filled in.
    under_way: Vec<&'a str>,
    /// Whether a reference had to stay.
    kept: bool,
}

impl<'a> Inliner<'a> {
    fn schema(&mut self, schema: &'a Value, depth: usize) -> Result<Value, &'static str> {
        self.count(depth)?;
        let Value::Object(map) = schema else {
            return self.value(schema, depth);
        };
        match map.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.reference(reference, map, depth),
            None => self.keywords(map, depth).map(Value::Object),
        }
    }

    fn keywords(
        &mut self,
        map: &'a Map<String, Value>,
        depth: usize,
    ) -> Result<Map<String, Value>, &'static str> {
        let mut inlined = Map::new();
        for (keyword, value) in map {
            let value = match value {
                Value::Object(named) if NAMED.contains(&keyword.as_str()) => {
                    if keyword == "$defs" || keyword == "definitions" {
                        // Filled in where they are used; here they serve the references that stay.
                        inlined.insert(keyword.clone(), value.clone());
                        continue;
                    }
                    let mut schemas = Map::new();
                    for (name, schema) in named {
                        schemas.insert(name.clone(), self.schema(schema, depth + 1)?);
                    }
                    Value::Object(schemas)
                }
                value if DATA.contains(&keyword.as_str()) => value.clone(),
                value => self.value(value, depth)?,
            };
            inlined.insert(keyword.clone(), value);
        }
        Ok(inlined)
    }

    fn value(&mut self, value: &'a Value, depth: usize) -> Result<Value, &'static str> {
        match value {
            Value::Object(_) => self.schema(value, depth + 1),
            Value::Array(values) => {
                self.count(depth)?;
                let values = values.iter().map(|value| self.value(value, depth + 1));
                values.collect::<Result<_, _>>().map(Value::Array)
            }
            plain => Ok(plain.clone()),
        }
    }

    fn reference(
        &mut self,
        reference: &'a str,
        map: &'a Map<String, Value>,
        depth: usize,
    ) -> Result<Value, &'static str> {
        let Some(pointer) = reference.strip_prefix('#') else {
            return Err("it refers to something elsewhere");
        };
        let target = self.root.pointer(pointer);
        let circular = self.under_way.contains(&reference) || pointer.is_empty();
        let Some(target) = target.filter(|_| !circular) else {
            self.kept = true;
            return Ok(Value::Object(map.clone()));
        };
        let before = self.kept;
        self.kept = false;
        self.under_way.push(reference);
        let filled = self.schema(target, depth + 1);
        self.under_way.pop();
        let filled = filled?;
        if self.kept {
            // It comes back to itself, or to something around it.
            return Ok(Value::Object(map.clone()));
        }
        self.kept = before;
        let mut beside = map.clone();
        beside.remove("$ref");
        let beside = self.owned_keywords(beside)?;
        Ok(joined(filled, beside))
    }

    /// What stands beside a reference: notes as a rule. References in it stay.
    fn owned_keywords(
        &mut self,
        beside: Map<String, Value>,
    ) -> Result<Map<String, Value>, &'static str> {
        let text = Value::Object(beside.clone()).to_string();
        if text.contains("\"$ref\"") {
            if text.contains("\"$ref\":\"#") {
                self.kept = true;
            } else {
                return Err("it refers to something elsewhere");
            }
        }
        Ok(beside)
    }

    fn count(&mut self, depth: usize) -> Result<(), &'static str> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err("it is too big");
        }
        if depth > MAX_DEPTH {
            return Err("it is too deep");
        }
        Ok(())
    }
}

fn joined(filled: Value, beside: Map<String, Value>) -> Value {
    if beside.is_empty() {
        return filled;
    }
    match filled {
        Value::Object(mut filled) if beside.keys().all(|key| NOTES.contains(&key.as_str())) => {
            filled.extend(beside);
            Value::Object(filled)
        }
        filled => {
            let mut both = beside;
            let mut all = vec![filled];
            if let Some(Value::Array(more)) = both.remove("allOf") {
                all.extend(more);
            }
            both.insert("allOf".to_owned(), Value::Array(all));
            Value::Object(both)
        }
    }
}

fn is_valid(schema: &Value) -> bool {
    let dialect = schema.get("$schema").and_then(Value::as_str);
    if dialect.is_some_and(|dialect| dialect.contains("draft-07")) {
        jsonschema::draft7::meta::is_valid(schema)
    } else {
        jsonschema::draft202012::meta::is_valid(schema)
    }
}

fn takes_an_object(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        None => true,
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn inline(schema: &Value) -> Result<Value, &'static str> {
        inlined(schema.as_object().unwrap()).map(Value::Object)
    }

    #[test]
    fn local_references_are_filled_in() {
        let schema = json!({
            "type": "object",
            "properties": {
                "params": {"$ref": "#/$defs/Params", "description": "all of it"},
                "$ref": {"type": "string"},
                "list": {"type": "array", "items": {"$ref": "#/$defs/Word"}},
                "narrow": {"$ref": "#/$defs/Word", "maxLength": 3},
            },
            "$defs": {
                "Params": {"type": "object", "properties": {"word": {"$ref": "#/$defs/Word"}}},
                "Word": {"type": "string", "default": {"$ref": "#/data"}},
            },
        });
        let word = json!({"type": "string", "default": {"$ref": "#/data"}});
        assert_eq!(
            inline(&schema),
            Ok(json!({
                "type": "object",
                "properties": {
                    "params": {"type": "object", "properties": {"word": word}, "description": "all of it"},
                    "$ref": {"type": "string"},
                    "list": {"type": "array", "items": word},
                    "narrow": {"maxLength": 3, "allOf": [word]},
                },
            }))
        );
    }

    #[test]
    fn recursive_references_stay() {
        let schema = json!({
            "type": "object",
            "properties": {"tree": {"$ref": "#/$defs/Tree"}, "name": {"$ref": "#/$defs/Name"}},
            "$defs": {
                "Name": {"type": "string"},
                "Tree": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}},
            },
        });
        let mut expected = schema.clone();
        expected["properties"]["name"] = json!({"type": "string"});
        assert_eq!(inline(&schema), Ok(expected));
    }

    #[test]
    fn what_is_too_big_or_wrong_is_refused() {
        let mut doubling = Map::new();
        doubling.insert("d0".to_owned(), json!({"type": "string"}));
        for level in 1..20 {
            let below = json!({"$ref": format!("#/$defs/d{}", level - 1)});
            doubling.insert(
                format!("d{level}"),
                json!({"type": "object", "properties": {"a": below, "b": below}}),
            );
        }
        let mut deep = json!({"type": "string"});
        for _ in 0..80 {
            deep = json!({"type": "array", "items": deep});
        }
        let cases = [
            (
                json!({"$ref": "https://elsewhere.example/s"}),
                "it refers to something elsewhere",
            ),
            (
                json!({"properties": {"a": {"$ref": "file:///etc/passwd"}}}),
                "it refers to something elsewhere",
            ),
            (
                json!({"properties": {"a": {"$ref": "#/$defs/d19"}}, "$defs": doubling}),
                "it is too big",
            ),
            (json!({"properties": {"a": deep}}), "it is too deep"),
            (
                json!({"description": "x".repeat(300_000)}),
                "it is too long",
            ),
            (
                json!({"type": "object", "properties": {"a": {"type": "strin"}}}),
                "it is no valid schema",
            ),
            (
                json!({"type": "array"}),
                "it takes something else than an object",
            ),
        ];
        for (schema, expected) in cases {
            assert_eq!(inline(&schema), Err(expected));
        }
    }
}
