//! Arguments that the model neither sees nor decides: taken out of the schema, filled in at call time.

mod schema;

use std::collections::BTreeMap;

use frontdesk_auth::outgoing::{ArgumentSource, HiddenValue, OutgoingError};
use frontdesk_identity::SignedIn;
use serde_json::{Map, Value};

/// Where a tool takes which of the hidden arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    top: Vec<String>,
    /// The one property that wraps all other arguments, where there is one, and what is hidden in it.
    wrapper: Option<(String, Vec<String>)>,
    /// Whether some of its arguments go into headers, which are made before the request is written.
    in_headers: bool,
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
    schema::strip(schema, &sources.keys().map(String::as_str).collect())
}

/// Whether what is left of a schema has something of these names inside an argument, which is the model's to give.
pub(crate) fn is_left(schema: &Value, sources: &BTreeMap<String, ArgumentSource>) -> bool {
    let names = sources.keys().map(String::as_str).collect();
    !sources.is_empty() && schema::speaks_of(schema, &names)
}

/// The values of one call that are filled in where the request is written: what is logged of a request until then has
/// none of them.
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
    /// Takes away whatever the model gave under one of the names, and puts in what may be needed for headers: of the
    /// tools that have any, the values that are no credentials.
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
            .partition(|(_, hidden)| hidden.secret.is_some() || !self.in_headers);
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

#[cfg(test)]
mod tests;
