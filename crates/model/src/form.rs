//! The form of an answer in words, for models whose provider doesn't keep them to a schema.

use serde_json::Value;

/// What a model is told of the form of its answer.
pub(crate) fn in_words(schema: &Value) -> String {
    format!(
        "Answer with one JSON value and nothing else: no other words, no code fence. It has to fit this JSON schema:\n{schema}"
    )
}
