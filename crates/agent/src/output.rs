//! Structured output: an answer that is JSON of a form.

mod strict;

use std::fmt;
use std::sync::Arc;

use frontdesk_model::{Item, OutputFormat, Role, Schema, Strictness};
use schemars::JsonSchema;
use serde_json::Value;

use self::strict::strict;
use crate::function::schema_of;
use crate::names::cut;
use crate::validate::Arguments;

/// The longest complaint about an answer's form that a model reads, in bytes.
const MAX_COMPLAINT_BYTES: usize = 2_048;

/// The form of an agent's final answer. Clones share the compiled schema.
#[derive(Clone)]
pub struct OutputSchema {
    name: String,
    schema: Schema,
    /// The schema as the model is told it.
    told: Schema,
    strictness: Strictness,
    compiled: Arc<Arguments>,
}

impl OutputSchema {
    /// A form. The name is for the model: letters, digits, `_` and `-`. The schema is an object schema; it is compiled at
    /// the first answer, once.
    ///
    /// Where the schema has a strict form, with all properties required and no others, the model is told that one; the
    /// answer is checked against the schema as it is.
    pub fn new(name: impl Into<String>, schema: impl Into<Schema>) -> Self {
        let schema = schema.into();
        let (told, strictness) = match strict(&schema) {
            Some(strict) => (Schema::new(strict), Strictness::Strict),
            None => (schema.clone(), Strictness::Lenient),
        };
        Self {
            name: name.into(),
            told,
            strictness,
            compiled: Arc::new(Arguments::new(schema.clone())),
            schema,
        }
    }

    /// The form that a type has, under this name.
    pub fn of<T: JsonSchema>(name: impl Into<String>) -> Self {
        Self::new(name, schema_of::<T>())
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The JSON schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn format(&self) -> OutputFormat {
        OutputFormat::Json {
            name: self.name.clone(),
            schema: self.told.clone(),
            strict: self.strictness,
        }
    }

    /// The value that a reply's last message is. The error is for the model.
    pub(crate) fn read(&self, output: &[Item]) -> Result<Value, String> {
        let complain = |what: String| {
            let what = cut(&what, MAX_COMPLAINT_BYTES);
            format!(
                "The answer doesn't have the form that it has to have: {what}. \
                 Answer again, with JSON that fits the schema and nothing else."
            )
        };
        let text = last_text(output);
        let value = frontdesk_json::read(unfenced(&text).as_bytes())
            .map_err(|error| complain(format!("it is not JSON: {error}")))?;
        let complaints = self.compiled.complaints(&value);
        if complaints.is_empty() {
            Ok(value)
        } else {
            Err(complain(complaints.join("; ")))
        }
    }
}

impl PartialEq for OutputSchema {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.schema == other.schema
    }
}

impl fmt::Debug for OutputSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputSchema")
            .field("name", &self.name)
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

fn last_text(output: &[Item]) -> String {
    let last = output.iter().rev().find_map(|item| match item {
        Item::Message(message) if message.role == Role::Assistant => Some(message.text()),
        _ => None,
    });
    last.unwrap_or_default()
}

/// The text without a Markdown fence around all of it.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inner = text
        .strip_prefix("```")
        .and_then(|text| text.strip_suffix("```"))
        .and_then(|text| text.split_once('\n'));
    inner.map_or(text, |(_language, inner)| inner)
}
