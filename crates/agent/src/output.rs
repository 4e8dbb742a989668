//! Structured output: an answer that is JSON of a form.

use std::sync::Arc;

use schemars::JsonSchema;
use serde_json::Value;

use crate::function::schema_of;

/// The form of an agent's final answer.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputSchema {
    /// What it is called, for the model: letters, digits, `_` and `-`.
    pub name: String,
    /// The JSON schema, an object schema.
    pub schema: Arc<Value>,
}

impl OutputSchema {
    /// The form that a type has, under this name.
    pub fn of<T: JsonSchema>(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            schema: Arc::new(schema_of::<T>()),
        }
    }
}
