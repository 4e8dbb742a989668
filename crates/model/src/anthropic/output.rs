//! The form of the answer.
//!
//! <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>

use serde_json::{Value, json};

use crate::form::in_words;
use crate::{OutputFormat, Request, Settings, Strictness};

/// The field that has the form of the answer, and how hard the model tries.
pub(super) const CONFIG: &str = "output_config";

/// The field, with what else the settings have to say in it; null where there is nothing to say.
pub(super) fn config(settings: &Settings, request: &Request) -> Value {
    let set = settings.extra.get(CONFIG).and_then(Value::as_object);
    let mut fields = set.cloned().unwrap_or_default();
    if let Some(effort) = &settings.reasoning_effort {
        fields
            .entry("effort")
            .or_insert_with(|| Value::from(effort.as_str()));
    }
    if let OutputFormat::Json {
        schema,
        strict: Strictness::Strict,
        ..
    } = &request.output
    {
        fields
            .entry("format")
            .or_insert_with(|| json!({"type": "json_schema", "schema": **schema}));
    }
    if fields.is_empty() {
        return Value::Null;
    }
    Value::Object(fields)
}

/// The form in words, where the API isn't told: it keeps the model to any schema that it is told of, and refuses those
/// that it can't keep to.
pub(super) fn words(request: &Request) -> Option<String> {
    match &request.output {
        OutputFormat::Json {
            schema,
            strict: Strictness::Lenient | Strictness::Freeform,
            ..
        } => Some(in_words(schema)),
        OutputFormat::Json { .. } | OutputFormat::Text => None,
    }
}
