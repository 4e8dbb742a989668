//! Checks a call's arguments against the tool's schema, before the tool sees them; and an answer against its own.
//!
//! A schema comes from a tool server and may be anything; one that can't be compiled checks nothing,
//! since the server checks again. No reference is ever fetched, and patterns run in linear time.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use frontdesk_model::Schema;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value};

use crate::names::cut;

/// How many complaints the model reads at once.
const MAX_COMPLAINTS: usize = 5;

/// The longest single complaint, in bytes.
const MAX_COMPLAINT_BYTES: usize = 300;

/// A schema of arguments, compiled at the first check.
pub(crate) struct Arguments {
    schema: Schema,
    compiled: OnceLock<Option<Validator>>,
}

impl Arguments {
    pub(crate) fn new(schema: Schema) -> Self {
        Self {
            schema,
            compiled: OnceLock::new(),
        }
    }

    /// Reads what the model wrote. The error is for the model.
    pub(crate) fn read(&self, text: &str, max_bytes: usize) -> Result<Map<String, Value>, String> {
        if text.len() > max_bytes {
            return Err(format!("the arguments are longer than {max_bytes} bytes"));
        }
        self.check(read_object(text)?)
    }

    /// Checks arguments that were read already. The error is for the model.
    pub(crate) fn check(
        &self,
        arguments: Map<String, Value>,
    ) -> Result<Map<String, Value>, String> {
        let arguments = Value::Object(arguments);
        let complaints = self.complaints(&arguments);
        if !complaints.is_empty() {
            return Err(format!(
                "the arguments don't fit the tool's schema: {}",
                complaints.join("; ")
            ));
        }
        match arguments {
            Value::Object(arguments) => Ok(arguments),
            _ => Ok(Map::new()),
        }
    }

    /// Those of the arguments that the schema names.
    pub(crate) fn known(&self, text: &str) -> BTreeSet<String> {
        let schema = self.schema.get("properties").and_then(Value::as_object);
        let (Some(schema), Ok(arguments)) = (schema, read_object(text)) else {
            return BTreeSet::new();
        };
        let names = arguments.into_iter().map(|(name, _)| name);
        names.filter(|name| schema.contains_key(name)).collect()
    }

    /// What is wrong with a value, for the model; nothing where it fits, or the schema can't be compiled.
    pub(crate) fn complaints(&self, value: &Value) -> Vec<String> {
        let Some(validator) = self.compiled.get_or_init(|| compile(&self.schema)) else {
            return Vec::new();
        };
        if validator.is_valid(value) {
            return Vec::new();
        }
        validator
            .iter_errors(value)
            .take(MAX_COMPLAINTS)
            .map(|error| {
                let path = error.instance_path().to_string();
                let place = if path.is_empty() {
                    String::new()
                } else {
                    format!(" at {path}")
                };
                format!("{}{place}", cut(&error.to_string(), MAX_COMPLAINT_BYTES))
            })
            .collect()
    }
}

/// What keeps a JSON schema from being one that values can be checked against; nothing where they can.
///
/// References to elsewhere are never fetched, and patterns are those that run in linear time.
pub fn schema_fault(schema: &Value) -> Option<String> {
    let fault = build(schema).err()?;
    Some(cut(&fault.to_string(), MAX_COMPLAINT_BYTES).to_owned())
}

/// The arguments as an object, unchecked. The error is for the model.
pub(crate) fn read_object(text: &str) -> Result<Map<String, Value>, String> {
    let text = text.trim();
    let text = if text.is_empty() { "{}" } else { text };
    let value: Value = frontdesk_json::read(text.as_bytes())
        .map_err(|error| format!("the arguments are not JSON: {error}"))?;
    match value {
        Value::Object(arguments) => Ok(arguments),
        _ => Err("the arguments are not a JSON object".to_owned()),
    }
}

fn compile(schema: &Value) -> Option<Validator> {
    build(schema)
        .inspect_err(|error| {
            tracing::warn!(
                error = cut(&error.to_string(), MAX_COMPLAINT_BYTES),
                "a schema can't be compiled; nothing is checked against it"
            );
        })
        .ok()
}

fn build(schema: &Value) -> Result<Validator, ValidationError<'_>> {
    jsonschema::options()
        .offline()
        .with_pattern_options(PatternOptions::regex())
        .build(schema)
}
