//! Arguments that the model neither sees nor decides: taken out of the schema, filled in at call time.

use std::collections::BTreeMap;

use frontdesk_auth::outgoing::{ArgumentSource, HiddenValue, OutgoingError};
use frontdesk_identity::SignedIn;
use serde_json::{Map, Value};

/// Keywords with a list of schemas.
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];

/// Where a tool takes which of the hidden arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    top: Vec<String>,
    /// The one property that wraps all arguments, where there is one, and what is hidden in it.
    wrapper: Option<(String, Vec<String>)>,
}

/// The values of one call, by name.
pub(crate) type Values = BTreeMap<String, HiddenValue>;

/// All hidden values for this caller. Without one of them no call is made.
pub(crate) fn values(
    sources: &BTreeMap<String, ArgumentSource>,
    caller: &SignedIn,
) -> Result<Values, OutgoingError> {
    let resolved = sources
        .iter()
        .map(|(name, source)| Ok((name.clone(), source.resolve(caller)?)));
    resolved.collect()
}

/// Takes the arguments of these names out of a schema whose references are filled in.
pub(crate) fn strip(
    schema: &mut Map<String, Value>,
    sources: &BTreeMap<String, ArgumentSource>,
) -> Places {
    let mut places = Places::default();
    if sources.is_empty() {
        return places;
    }
    let wrapper = only_property(schema);
    let mut inside = Vec::new();
    for name in sources.keys() {
        if strip_name(schema, name) {
            places.top.push(name.clone());
        }
        let inner = wrapper.as_ref().and_then(|wrapper| {
            schema
                .get_mut("properties")?
                .get_mut(wrapper)?
                .as_object_mut()
        });
        if inner.is_some_and(|inner| strip_name(inner, name)) {
            inside.push(name.clone());
        }
        for definitions in ["$defs", "definitions"] {
            for_each_named(schema, definitions, |schema| {
                strip_name(schema, name);
            });
        }
    }
    places.wrapper = wrapper.map(|name| (name, inside));
    places
}

/// The credentials among the values of one call, filled in where the request is written: what is logged of a request
/// until then has none.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    places: Places,
    values: Values,
}

impl Secrets {
    /// Puts them into the arguments of a call.
    pub(crate) fn fill(&self, arguments: &mut Map<String, Value>) {
        self.places.put(arguments, &self.values);
    }
}

impl Places {
    /// Takes away whatever the model gave under one of the names, and puts in the values that are no credentials.
    pub(crate) fn fill(&self, arguments: &mut Map<String, Value>, values: Values) -> Secrets {
        for name in values.keys() {
            arguments.remove(name);
        }
        let wrapper = self.wrapper.as_ref().map(|(wrapper, _)| wrapper);
        if let Some(Value::Object(inner)) = wrapper.and_then(|wrapper| arguments.get_mut(wrapper)) {
            for name in values.keys() {
                inner.remove(name);
            }
        }
        let (secret, plain) = values
            .into_iter()
            .partition(|(_, hidden)| hidden.secret.is_some());
        self.put(arguments, &plain);
        Secrets {
            places: self.clone(),
            values: secret,
        }
    }

    fn put(&self, arguments: &mut Map<String, Value>, values: &Values) {
        put(arguments, &self.top, values);
        let Some((wrapper, names)) = &self.wrapper else {
            return;
        };
        if !names.iter().any(|name| values.contains_key(name)) {
            return;
        }
        if !arguments.get(wrapper).is_some_and(Value::is_object) {
            arguments.insert(wrapper.clone(), Value::Object(Map::new()));
        }
        if let Some(Value::Object(inner)) = arguments.get_mut(wrapper) {
            put(inner, names, values);
        }
    }
}

fn put(object: &mut Map<String, Value>, names: &[String], values: &Values) {
    for name in names {
        if let Some(hidden) = values.get(name) {
            object.insert(name.clone(), hidden.value.clone());
        }
    }
}

/// The name of a schema's property where it has just one.
fn only_property(schema: &Map<String, Value>) -> Option<String> {
    let properties = schema.get("properties")?.as_object()?;
    let mut names = properties.keys();
    match (names.next(), names.next()) {
        (Some(name), None) => Some(name.clone()),
        _ => None,
    }
}

/// Takes a property out wherever this schema speaks of it. Whether it was there.
fn strip_name(schema: &mut Map<String, Value>, name: &str) -> bool {
    let mut found = false;
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        found |= properties.remove(name).is_some();
    }
    found |= strip_required(schema, name);
    for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
        strip_dependent(schema, keyword, name);
    }
    for keyword in LISTS {
        let Some(Value::Array(schemas)) = schema.get_mut(keyword) else {
            continue;
        };
        let mut changed = false;
        for schema in schemas.iter_mut().filter_map(Value::as_object_mut) {
            changed |= strip_name(schema, name);
        }
        found |= changed;
        // Alternatives that differed in what is gone would fit at once.
        if changed && keyword == "oneOf" {
            let alternatives = schema.remove(keyword).unwrap_or_default();
            let taken = schema.contains_key("anyOf");
            if !taken {
                schema.insert("anyOf".to_owned(), alternatives);
            }
        }
    }
    // A condition on what is gone can't be judged by the model's arguments; the server judges it.
    let conditional = ["if", "then", "else"]
        .into_iter()
        .any(|keyword| mentions(schema, keyword, name));
    if conditional {
        for keyword in ["then", "else"] {
            let Some(Value::Object(branch)) = schema.get_mut(keyword) else {
                continue;
            };
            found |= strip_name(branch, name);
        }
        if mentions(schema, "if", name) {
            for keyword in ["if", "then", "else"] {
                schema.remove(keyword);
            }
            found = true;
        }
    }
    if mentions(schema, "not", name) {
        schema.remove("not");
    }
    if found {
        schema.remove("minProperties");
    }
    found
}

fn strip_required(schema: &mut Map<String, Value>, name: &str) -> bool {
    let Some(Value::Array(required)) = schema.get_mut("required") else {
        return false;
    };
    let before = required.len();
    required.retain(|required| required != name);
    let found = required.len() != before;
    if required.is_empty() {
        schema.remove("required");
    }
    found
}

fn strip_dependent(schema: &mut Map<String, Value>, keyword: &str, name: &str) {
    let Some(Value::Object(dependent)) = schema.get_mut(keyword) else {
        return;
    };
    dependent.remove(name);
    for needed in dependent.values_mut() {
        match needed {
            Value::Array(needed) => needed.retain(|needed| needed != name),
            Value::Object(schema) => {
                strip_name(schema, name);
            }
            _ => {}
        }
    }
    if dependent.is_empty() {
        schema.remove(keyword);
    }
}

fn for_each_named(
    schema: &mut Map<String, Value>,
    keyword: &str,
    mut with: impl FnMut(&mut Map<String, Value>),
) {
    if let Some(Value::Object(named)) = schema.get_mut(keyword) {
        named
            .values_mut()
            .filter_map(Value::as_object_mut)
            .for_each(&mut with);
    }
}

/// Whether the schema under this keyword speaks of a property of this name.
fn mentions(schema: &Map<String, Value>, keyword: &str, name: &str) -> bool {
    let Some(Value::Object(schema)) = schema.get(keyword) else {
        return false;
    };
    strip_name(&mut schema.clone(), name)
}

#[cfg(test)]
mod tests;
