//! Tables whose names are somebody else's, as the JSON that they are sent as.

use serde_json::{Map, Value as Json};
use toml::Value;

/// The same value in JSON. A date is its text; a number that JSON doesn't have is `None`.
pub(super) fn json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::String(text) => Json::String(text.clone()),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Json::Number(serde_json::Number::from_f64(*number)?),
        Value::Boolean(is) => Json::Bool(*is),
        Value::Datetime(time) => Json::String(time.to_string()),
        Value::Array(values) => Json::Array(values.iter().map(json).collect::<Option<_>>()?),
        Value::Table(table) => {
            let fields = table
                .iter()
                .map(|(name, value)| Some((name.clone(), json(value)?)));
            Json::Object(fields.collect::<Option<_>>()?)
        }
    })
}

/// An object: a table, or in a variable its JSON.
pub(super) fn object(value: &Value) -> Option<Map<String, Json>> {
    let whole = match value {
        Value::String(text) => serde_json::from_str(text).ok()?,
        value => json(value)?,
    };
    match whole {
        Json::Object(fields) => Some(fields),
        _ => None,
    }
}
