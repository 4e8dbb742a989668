//! The form of the answer, as far as the server can be told of it.

use serde_json::{Value, json};

use super::profile::{Forms, Quirks};
use crate::form::in_words;
use crate::{OutputFormat, Request, Strictness};

/// The field `response_format`; null where there is nothing to say.
pub(super) fn response_format(quirks: &Quirks, request: &Request) -> Value {
    let OutputFormat::Json {
        name,
        schema,
        strict,
    } = &request.output
    else {
        return Value::Null;
    };
    match quirks.forms {
        Forms::Schema => json!({"type": "json_schema", "json_schema": {
            "name": name,
            "schema": **schema,
            "strict": *strict == Strictness::Strict,
        }}),
        Forms::Object => json!({"type": "json_object"}),
    }
}

/// The form in words, where the server isn't told of all of it.
pub(super) fn words(quirks: &Quirks, request: &Request) -> Option<String> {
    match (&request.output, quirks.forms) {
        (OutputFormat::Json { schema, .. }, Forms::Object) => Some(in_words(schema)),
        (OutputFormat::Json { .. }, Forms::Schema) | (OutputFormat::Text, _) => None,
    }
}
