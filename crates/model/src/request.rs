//! What a model is asked.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{Item, Schema};

/// One question to a model. It carries its whole history, whatever a provider keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// What the model is told about its job, before the input.
    pub instructions: Option<String>,
    /// The conversation so far, oldest first.
    pub input: Vec<Item>,
    /// The tools that the model may call.
    pub tools: Arc<[ToolDefinition]>,
    /// Whether it must, may or must not call one.
    pub tool_choice: ToolChoice,
    /// Whether it may call several at once.
    pub parallel_tool_calls: ParallelToolCalls,
    /// The form of its answer.
    pub output: OutputFormat,
    /// Tools that the provider runs by itself, such as a web search, as its API has them.
    pub hosted_tools: Arc<[Value]>,
    /// How it answers.
    pub settings: Settings,
}

/// The form of a model's answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum OutputFormat {
    /// Words.
    #[default]
    Text,
    /// JSON that fits a schema. Not every provider keeps its model to it, so check it.
    Json {
        /// What it is called, in letters, digits, `_` and `-`.
        name: String,
        /// The JSON schema, an object schema.
        schema: Schema,
        /// Whether the provider keeps the model to it.
        strict: Strictness,
    },
}

/// A tool as a model sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolDefinition {
    /// The name that the model calls.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// The JSON schema of its arguments, an object schema.
    pub parameters: Schema,
    /// Whether the provider keeps the model to the schema.
    pub strict: Strictness,
}

/// The argument of a tool that takes a text.
pub(crate) const FREEFORM_ARGUMENT: &str = "input";
/// The keyword of such a tool's schema that has the form of the text.
pub(crate) const FREEFORM_FORMAT: &str = "x-format";

impl ToolDefinition {
    /// A tool that takes a text of the model's instead of JSON. Its handler reads the arguments `{"input": "<text>"}`.
    ///
    /// `format` is the form of the text as the Responses API has it, such as a grammar; elsewhere it isn't sent.
    /// <https://platform.openai.com/docs/guides/function-calling#custom-tools>
    pub fn freeform(
        name: impl Into<String>,
        description: impl Into<String>,
        format: Option<Value>,
    ) -> Self {
        let mut parameters = json!({
            "type": "object",
            "properties": {FREEFORM_ARGUMENT: {"type": "string"}},
            "required": [FREEFORM_ARGUMENT],
            "additionalProperties": false,
        });
        if let (Some(format), Some(fields)) = (format, parameters.as_object_mut()) {
            fields.insert(FREEFORM_FORMAT.to_owned(), format);
        }
        Self {
            name: name.into(),
            description: description.into(),
            parameters: Schema::new(parameters),
            strict: Strictness::Freeform,
        }
    }
}

/// Whether the provider keeps a model's arguments to the schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// The arguments always fit; the schema must be in the provider's strict form.
    Strict,
    /// Any JSON schema; the arguments usually fit.
    #[default]
    Lenient,
    /// The model writes a text and no JSON, where the provider knows such tools; see [`ToolDefinition::freeform`].
    Freeform,
}

/// Whether a model must, may or must not call a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// As the model thinks fit.
    #[default]
    Auto,
    /// At least one tool.
    Required,
    /// No tool.
    None,
    /// This tool.
    Tool(String),
}

/// Whether a model may call several tools at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParallelToolCalls {
    /// As the provider does it by default.
    #[default]
    ProviderDefault,
    /// Several at once.
    Allowed,
    /// One at a time.
    OneAtATime,
}

/// How a model answers. What is `None` is left to the provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Randomness, 0 to 2.
    pub temperature: Option<f64>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f64>,
    /// The most tokens that an answer may have, reasoning included.
    pub max_output_tokens: Option<u64>,
    /// How much the model thinks: `low`, `medium`, `high` or what else the provider knows.
    pub reasoning_effort: Option<String>,
    /// What the model tells of its thinking: `auto`, `concise` or `detailed`.
    pub reasoning_summary: Option<String>,
    /// Further fields of the provider's request body. They replace fields of the same name.
    pub extra: Map<String, Value>,
}

impl Settings {
    /// These settings, with what they leave open taken from `base`.
    #[must_use]
    pub fn or(&self, base: &Self) -> Self {
        let mut extra = base.extra.clone();
        extra.extend(self.extra.clone());
        Self {
            temperature: self.temperature.or(base.temperature),
            top_p: self.top_p.or(base.top_p),
            max_output_tokens: self.max_output_tokens.or(base.max_output_tokens),
            reasoning_effort: self
                .reasoning_effort
                .clone()
                .or_else(|| base.reasoning_effort.clone()),
            reasoning_summary: self
                .reasoning_summary
                .clone()
                .or_else(|| base.reasoning_summary.clone()),
            extra,
        }
    }
}
