//! Takes arguments out of a schema: wherever it, or what it refers to, speaks of them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Places;

type Names<'a> = BTreeSet<&'a str>;

/// Keywords with a list of schemas for the same value.
const LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
/// Keywords with a schema for the same value.
const CONDITION: [&str; 3] = ["if", "then", "else"];
/// Keywords under which definitions stand.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];
/// The keyword of an argument that goes into a header, too.
const HEADER: &str = "x-mcp-header";
/// How many schemas are looked at for what one speaks of.
const MAX_FACES: usize = 10_000;

/// Takes the arguments of these names out of a schema whose references are filled in but for the circular ones.
pub(super) fn strip(schema: &mut Map<String, Value>, names: &Names<'_>) -> Places {
    if names.is_empty() {
        return Places::default();
    }
    let root = Value::Object(schema.clone());
    let top = Faces::of(&root, [&root]);
    let wrapper = top.wrapper(names);
    let inner = wrapper.map(|wrapper| Faces::of(&root, top.properties(wrapper)));
    let places = Places {
        top: top.takes(names),
        wrapper: wrapper
            .zip(inner.as_ref())
            .map(|(wrapper, inner)| (wrapper.to_owned(), inner.takes(names))),
        in_headers: root.to_string().contains(HEADER),
    };
    let mut stripped = root.clone();
    for pointer in std::iter::once("").chain(top.pointers.iter().map(String::as_str)) {
        if let Some(Value::Object(schema)) = stripped.pointer_mut(pointer) {
            strip_names(schema, names);
            if let Some(wrapper) = wrapper {
                strip_inside(schema, wrapper, names);
            }
        }
    }
    for pointer in inner.iter().flat_map(|inner| &inner.pointers) {
        if let Some(Value::Object(schema)) = stripped.pointer_mut(pointer) {
            strip_names(schema, names);
        }
    }
    if let Value::Object(stripped) = stripped {
        *schema = stripped;
    }
    places
}

/// Whether a schema has a property of one of these names anywhere.
pub(super) fn speaks_of(schema: &Value, names: &Names<'_>) -> bool {
    match schema {
        Value::Object(map) => map.iter().any(|(keyword, value)| {
            let has_it = match value {
                Value::Object(properties) if keyword == "properties" => {
                    names.iter().any(|name| properties.contains_key(*name))
                }
                _ => false,
            };
            has_it || speaks_of(value, names)
        }),
        Value::Array(values) => values.iter().any(|value| speaks_of(value, names)),
        _ => false,
    }
}

/// A schema with all that says something about the same value: alternatives, conditions, and what it refers to.
#[derive(Debug, Default)]
struct Faces<'a> {
    faces: Vec<&'a Map<String, Value>>,
    /// Where those are that it refers to.
    pointers: BTreeSet<String>,
}

impl<'a> Faces<'a> {
    fn of(root: &'a Value, schemas: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut found = Self::default();
        let mut open: Vec<&'a Value> = schemas.into_iter().collect();
        while let Some(schema) = open.pop() {
            let Value::Object(face) = schema else {
                continue;
            };
            if found.faces.len() >= MAX_FACES {
                break;
            }
            found.faces.push(face);
            let lists = LISTS.iter().filter_map(|keyword| face.get(*keyword));
            open.extend(lists.filter_map(Value::as_array).flatten());
            open.extend(CONDITION.iter().filter_map(|keyword| face.get(*keyword)));
            let dependent = face.get("dependentSchemas").and_then(Value::as_object);
            open.extend(dependent.into_iter().flat_map(Map::values));
            for keyword in ["$ref", "$dynamicRef"] {
                let reference = face.get(keyword).and_then(Value::as_str);
                if let Some(pointer) = reference.and_then(|reference| pointer(root, reference))
                    && let Some(target) = root.pointer(&pointer)
                    && found.pointers.insert(pointer)
                {
                    open.push(target);
                }
            }
        }
        found
    }

    /// What is said about a property.
    fn properties(&self, name: &str) -> Vec<&'a Value> {
        let properties = self.faces.iter().filter_map(|face| face.get("properties"));
        properties
            .filter_map(|properties| properties.get(name))
            .collect()
    }

    /// The one property beside the hidden ones.
    fn wrapper(&self, names: &Names<'_>) -> Option<&'a str> {
        let properties = self.faces.iter().filter_map(|face| face.get("properties"));
        let all = properties.filter_map(Value::as_object).flat_map(Map::keys);
        let others: BTreeSet<&str> = all
            .map(String::as_str)
            .filter(|name| !names.contains(name))
            .collect();
        let mut others = others.into_iter();
        others.next().filter(|_| others.next().is_none())
    }

    /// Which of the names it has as properties, or asks for.
    fn takes(&self, names: &Names<'_>) -> Vec<String> {
        let is_taken = |name: &str| {
            self.faces.iter().any(|face| {
                let properties = face.get("properties").and_then(Value::as_object);
                let dependent = face.get("dependentRequired").and_then(Value::as_object);
                let mut lists = dependent.into_iter().flat_map(Map::values);
                properties.is_some_and(|properties| properties.contains_key(name))
                    || face
                        .get("required")
                        .is_some_and(|list| lists_it(list, name))
                    || lists.any(|list| lists_it(list, name))
            })
        };
        let all = names.iter().filter(|name| is_taken(name));
        all.map(|name| (*name).to_owned()).collect()
    }
}

fn lists_it(list: &Value, name: &str) -> bool {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().any(|listed| listed == name)
}

/// Where a local reference leads, also one to an anchor.
fn pointer(root: &Value, reference: &str) -> Option<String> {
    let fragment = reference.strip_prefix('#')?;
    if fragment.is_empty() || fragment.starts_with('/') {
        return Some(fragment.to_owned());
    }
    DEFINITIONS.iter().find_map(|keyword| {
        let definitions = root.get(keyword)?.as_object()?;
        definitions.iter().find_map(|(name, schema)| {
            let anchored = ["$anchor", "$dynamicAnchor"]
                .iter()
                .any(|anchor| schema.get(anchor).is_some_and(|given| given == fragment));
            let name = name.replace('~', "~0").replace('/', "~1");
            anchored.then(|| format!("/{keyword}/{name}"))
        })
    })
}

/// Takes them out of what is said about this property.
fn strip_inside(schema: &mut Map<String, Value>, wrapper: &str, names: &Names<'_>) {
    let property = schema
        .get_mut("properties")
        .and_then(|properties| properties.get_mut(wrapper));
    if let Some(Value::Object(property)) = property {
        strip_names(property, names);
    }
    for keyword in LISTS {
        if let Some(Value::Array(schemas)) = schema.get_mut(keyword) {
            for schema in schemas.iter_mut().filter_map(Value::as_object_mut) {
                strip_inside(schema, wrapper, names);
            }
        }
    }
    for keyword in CONDITION {
        if let Some(Value::Object(schema)) = schema.get_mut(keyword) {
            strip_inside(schema, wrapper, names);
        }
    }
    if let Some(Value::Object(dependent)) = schema.get_mut("dependentSchemas") {
        for schema in dependent.values_mut().filter_map(Value::as_object_mut) {
            strip_inside(schema, wrapper, names);
        }
    }
    strip_examples(schema, Some(wrapper), names);
}

/// Takes them out wherever this schema speaks of them. Whether it did. Each part is looked at once.
fn strip_names(schema: &mut Map<String, Value>, names: &Names<'_>) -> bool {
    let mut found = false;
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        let before = properties.len();
        properties.retain(|name, _| !names.contains(name.as_str()));
        found |= properties.len() != before;
    }
    if let Some(required) = schema.get_mut("required") {
        found |= strip_list(required, names);
    }
    if schema.get("required").is_some_and(is_empty) {
        schema.remove("required");
    }
    let allowed = schema.get_mut("propertyNames");
    if let Some(allowed) = allowed.and_then(|allowed| allowed.get_mut("enum")) {
        strip_list(allowed, names);
    }
    for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
        found |= strip_dependent(schema, keyword, names);
    }
    for keyword in LISTS {
        let Some(Value::Array(schemas)) = schema.get_mut(keyword) else {
            continue;
        };
        let mut changed = false;
        for schema in schemas.iter_mut().filter_map(Value::as_object_mut) {
            changed |= strip_names(schema, names);
        }
        found |= changed;
        // Alternatives that differed in what is gone would fit at once.
        if changed && keyword == "oneOf" {
            let alternatives = schema.remove(keyword).unwrap_or_default();
            schema.entry("anyOf").or_insert(alternatives);
        }
    }
    let [condition, then, otherwise] = CONDITION.map(|keyword| strip_under(schema, keyword, names));
    if condition {
        // A condition on what is gone can't be judged by the model's arguments; the server judges it.
        for keyword in CONDITION {
            schema.remove(keyword);
        }
    }
    found |= condition || then || otherwise;
    if strip_under(schema, "not", names) {
        schema.remove("not");
        found = true;
    }
    strip_examples(schema, None, names);
    if found {
        schema.remove("minProperties");
    }
    found
}

fn strip_under(schema: &mut Map<String, Value>, keyword: &str, names: &Names<'_>) -> bool {
    match schema.get_mut(keyword) {
        Some(Value::Object(schema)) => strip_names(schema, names),
        _ => false,
    }
}

fn strip_dependent(schema: &mut Map<String, Value>, keyword: &str, names: &Names<'_>) -> bool {
    let Some(Value::Object(dependent)) = schema.get_mut(keyword) else {
        return false;
    };
    dependent.retain(|name, _| !names.contains(name.as_str()));
    let mut found = false;
    for needed in dependent.values_mut() {
        found |= match needed {
            Value::Object(schema) => strip_names(schema, names),
            list => strip_list(list, names),
        };
    }
    if dependent.is_empty() {
        schema.remove(keyword);
    }
    found
}

/// Example values, of the schema's own value or of one that wraps it.
fn strip_examples(schema: &mut Map<String, Value>, wrapper: Option<&str>, names: &Names<'_>) {
    let strip = |value: &mut Value| {
        let value = match wrapper {
            Some(wrapper) => value.get_mut(wrapper),
            None => Some(value),
        };
        if let Some(Value::Object(example)) = value {
            example.retain(|name, _| !names.contains(name.as_str()));
        }
    };
    if let Some(default) = schema.get_mut("default") {
        strip(default);
    }
    if let Some(Value::Array(examples)) = schema.get_mut("examples") {
        examples.iter_mut().for_each(strip);
    }
}

fn strip_list(list: &mut Value, names: &Names<'_>) -> bool {
    let Value::Array(list) = list else {
        return false;
    };
    let before = list.len();
    list.retain(|listed| !listed.as_str().is_some_and(|name| names.contains(name)));
    list.len() != before
}

fn is_empty(list: &Value) -> bool {
    list.as_array().is_some_and(Vec::is_empty)
}
