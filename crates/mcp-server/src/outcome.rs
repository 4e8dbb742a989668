//! What a tool function gives back.

use std::fmt;

use rmcp::model::{CallToolResult, ContentBlock};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Map, Value};

/// Something that a tool function gives back.
pub trait Outcome: Send {
    /// The JSON schema of the structured result; `None` where there is none.
    fn schema() -> Option<Map<String, Value>>;

    /// The result as the protocol has it.
    ///
    /// # Errors
    /// It can't be written as JSON.
    fn into_result(self) -> Result<CallToolResult, ToolFailure>;
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

    /// A failure of the server; only the operator reads what it was.
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

impl<T: Serialize + JsonSchema + Send> Outcome for Structured<T> {
    fn schema() -> Option<Map<String, Value>> {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let schema = settings.into_generator().into_root_schema_for::<T>();
        let mut schema = schema.as_object().cloned().unwrap_or_default();
        schema.remove("title");
        schema.remove("description");
        Some(schema)
    }

    fn into_result(self) -> Result<CallToolResult, ToolFailure> {
        Ok(CallToolResult::structured(serde_json::to_value(&self.0)?))
    }
}

impl Outcome for Text {
    fn schema() -> Option<Map<String, Value>> {
        None
    }

    fn into_result(self) -> Result<CallToolResult, ToolFailure> {
        Ok(CallToolResult::success(vec![ContentBlock::text(self.0)]))
    }
}
