//! What a tool function gives back.

use std::fmt;

use rmcp::model::{CallToolResult, ContentBlock};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::Content;

/// Something that a tool function gives back.
#[diagnostic::on_unimplemented(
    message = "a tool can't give back `{Self}`",
    note = "it gives `Structured` of a type with `Serialize` and `JsonSchema`, `Text` or a `String`, `Content`, `Vec<Content>`, \
            `(Structured<_>, Vec<Content>)` or `ToolResult`, each in a `Result<_, ToolFailure>`"
)]
pub trait Outcome: Send + 'static {
    /// The JSON schema of the structured result; `None` where there is none.
    fn schema() -> Option<Map<String, Value>>;

    /// The result as the caller reads it.
    ///
    /// # Errors
    /// It can't be written as JSON.
    fn into_result(self) -> Result<ToolResult, ToolFailure>;
}

/// What a call came to: blocks for people and models, and a value for programs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ToolResult {
    /// What people and models read.
    pub content: Vec<Content>,
    /// What programs read; any JSON value. Callers of the `initialize` era get it only where it is an object.
    pub structured: Option<Value>,
}

/// A structured result: it goes out as `structuredContent`, and as JSON text for callers that read text only.
#[derive(Debug, Clone, PartialEq)]
pub struct Structured<T>(pub T);

/// A result that is plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

/// A call that came to nothing: an `isError` result.
///
/// Any [`std::error::Error`] becomes one by `?`; its text then goes to the log and not to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolFailure {
    /// What the model and the user read.
    pub message: String,
    /// What the operator reads.
    pub detail: Option<String>,
}

impl ToolFailure {
    /// A failure that the model may read, and can often do something about.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            detail: None,
        }
    }

    /// A failure of the server; only the operator reads what it was. It is for errors that aren't a
    /// [`std::error::Error`], such as `anyhow`'s: `.map_err(|error| ToolFailure::internal(format!("{error:#}")))?`.
    pub fn internal(detail: impl fmt::Display) -> Self {
        Self {
            message: "the tool failed because of a problem on its server".to_owned(),
            detail: Some(detail.to_string()),
        }
    }

    pub(crate) fn into_result(self) -> CallToolResult {
        CallToolResult::error(vec![ContentBlock::text(self.message)])
    }
}

impl ToolResult {
    pub(crate) fn into_protocol(self) -> CallToolResult {
        let content = self.content.into_iter().map(Content::into_block).collect();
        let mut result = CallToolResult::success(content);
        result.structured_content = self.structured;
        result
    }
}

impl<E: std::error::Error> From<E> for ToolFailure {
    fn from(error: E) -> Self {
        let mut detail = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            detail.push_str(": ");
            detail.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::internal(detail)
    }
}

impl<T: Serialize + JsonSchema + Send + 'static> Outcome for Structured<T> {
    fn schema() -> Option<Map<String, Value>> {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let schema = settings.into_generator().into_root_schema_for::<T>();
        let mut schema = schema.as_object().cloned().unwrap_or_default();
        schema.remove("title");
        schema.remove("description");
        Some(schema)
    }

    fn into_result(self) -> Result<ToolResult, ToolFailure> {
        let value = serde_json::to_value(&self.0)?;
        Ok(ToolResult {
            content: vec![Content::Text(value.to_string())],
            structured: Some(value),
        })
    }
}

/// A structured result with blocks of its own in place of the JSON text.
impl<T: Serialize + JsonSchema + Send + 'static> Outcome for (Structured<T>, Vec<Content>) {
    fn schema() -> Option<Map<String, Value>> {
        Structured::<T>::schema()
    }

    fn into_result(self) -> Result<ToolResult, ToolFailure> {
        Ok(ToolResult {
            content: self.1,
            structured: Some(serde_json::to_value(&self.0.0)?),
        })
    }
}

macro_rules! unstructured {
    ($($outcome:ty: $this:ident => $content:expr),* $(,)?) => {$(
        impl Outcome for $outcome {
            fn schema() -> Option<Map<String, Value>> {
                None
            }

            fn into_result(self) -> Result<ToolResult, ToolFailure> {
                let $this = self;
                Ok(ToolResult { content: $content, structured: None })
            }
        }
    )*};
}

unstructured! {
    Text: this => vec![Content::Text(this.0)],
    String: this => vec![Content::Text(this)],
    Content: this => vec![this],
    Vec<Content>: this => this,
}

/// For tools whose results have no fixed shape.
impl Outcome for ToolResult {
    fn schema() -> Option<Map<String, Value>> {
        None
    }

    fn into_result(self) -> Result<ToolResult, ToolFailure> {
        Ok(self)
    }
}
