//! The items that a conversation with a model consists of.
//!
//! They read and write exactly as the input and output items of the Responses API, and keep what they don't know:
//! unknown fields stay in `extra`, unknown kinds in `Other`.
//! <https://platform.openai.com/docs/api-reference/responses/object>

mod wire;

use serde_json::{Map, Value};

use crate::openai_responses::previous;

/// One item of a model's input or output.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// What somebody said.
    Message(Message),
    /// A call of one of our tools.
    FunctionCall(FunctionCall),
    /// The result of such a call.
    FunctionCallOutput(FunctionCallOutput),
    /// The model's thinking, to be sent back with the item that came of it.
    Reasoning(Reasoning),
    /// An item of another kind, as it came; `type` included.
    Other(Map<String, Value>),
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The provider's id.
    pub id: Option<String>,
    /// Who said it.
    pub role: Role,
    /// What was said. Plain text is read as one part.
    pub content: Vec<ContentPart>,
    /// Fields that this crate doesn't know.
    pub extra: Map<String, Value>,
}

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The operator, in the older word.
    System,
    /// The operator.
    Developer,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum ContentPart {
    /// Text for the model (`input_text`).
    InputText {
        /// The text.
        text: String,
    },
    /// Text from the model (`output_text`).
    OutputText {
        /// The text.
        text: String,
        /// Citations in the text, as the provider writes them.
        annotations: Vec<Value>,
    },
    /// The model's refusal to answer.
    Refusal {
        /// What the model says about it.
        refusal: String,
    },
    /// A part of another kind, as it came; `type` included.
    Other(Map<String, Value>),
}

/// A call of one of our tools.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionCall {
    /// The provider's id of the item.
    pub id: Option<String>,
    /// The provider's id of the call, which its output names.
    pub call_id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments, JSON as the model wrote it.
    pub arguments: String,
    /// Fields that this crate doesn't know.
    pub extra: Map<String, Value>,
}

/// The result of a tool call.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionCallOutput {
    /// The call that it answers.
    pub call_id: String,
    /// A text, or a list of content parts.
    pub output: Value,
    /// Fields that this crate doesn't know.
    pub extra: Map<String, Value>,
}

/// The model's thinking.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reasoning {
    /// The provider's id of the item.
    pub id: Option<String>,
    /// The parts of the summary.
    pub summary: Vec<String>,
    /// The thinking itself, readable for the provider alone.
    pub encrypted_content: Option<String>,
    /// Fields that this crate doesn't know, such as open thinking in `content`.
    pub extra: Map<String, Value>,
}

impl Item {
    /// A message of the user.
    pub fn user(text: impl Into<String>) -> Self {
        Self::Message(Message::user(text))
    }

    /// A message of the model.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::Message(Message::assistant(text))
    }

    /// A message of the operator.
    pub fn developer(text: impl Into<String>) -> Self {
        Self::Message(Message::developer(text))
    }

    /// A tool call; `arguments` is JSON text.
    pub fn function_call(
        call_id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<String>,
    ) -> Self {
        Self::FunctionCall(FunctionCall::new(call_id, name, arguments))
    }

    /// A tool's result.
    pub fn function_call_output(call_id: impl Into<String>, output: impl Into<Value>) -> Self {
        Self::FunctionCallOutput(FunctionCallOutput::new(call_id, output))
    }

    /// Takes from the item which answer it is from, where its provider keeps answers: no request goes on from that answer
    /// by this item, and the item itself is sent. For whoever changes an answer, or leaves out a part of it.
    pub fn forget_answer(&mut self) {
        previous::forget(self);
    }

    /// Reads any JSON value as an item: an object of an unknown or broken kind is [`Item::Other`], anything else `None`.
    pub fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self::from_map(map)),
            _ => None,
        }
    }
}

impl Message {
    /// A message of the user.
    pub fn user(text: impl Into<String>) -> Self {
        Self::of(Role::User, text.into())
    }

    /// A message of the model.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::of(Role::Assistant, text.into())
    }

    /// A message of the operator.
    pub fn developer(text: impl Into<String>) -> Self {
        Self::of(Role::Developer, text.into())
    }

    fn of(role: Role, text: String) -> Self {
        Self {
            id: None,
            role,
            content: vec![ContentPart::text_of(role, text)],
            extra: Map::new(),
        }
    }

    /// All its text, refusals included, one part after the other.
    pub fn text(&self) -> String {
        self.content
            .iter()
            .filter_map(ContentPart::as_text)
            .collect()
    }
}

impl ContentPart {
    fn text_of(role: Role, text: String) -> Self {
        match role {
            Role::Assistant => Self::OutputText {
                text,
                annotations: Vec::new(),
            },
            Role::System | Role::Developer | Role::User => Self::InputText { text },
        }
    }

    /// An image for the model, at an `https:` or `data:` address.
    pub fn image(url: impl Into<String>) -> Self {
        Self::of_fields([("type", "input_image".into()), ("image_url", url.into())])
    }

    /// A file for the model, such as a PDF, at a `data:` address.
    pub fn file(name: impl Into<String>, data: impl Into<String>) -> Self {
        Self::of_fields([
            ("type", "input_file".into()),
            ("filename", name.into()),
            ("file_data", data.into()),
        ])
    }

    fn of_fields<const N: usize>(fields: [(&str, String); N]) -> Self {
        let fields = fields.map(|(name, value)| (name.to_owned(), Value::from(value)));
        Self::Other(Map::from_iter(fields))
    }

    /// The part's text, where it has one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::InputText { text } | Self::OutputText { text, .. } => Some(text),
            Self::Refusal { refusal } => Some(refusal),
            Self::Other(_) => None,
        }
    }
}

impl FunctionCall {
    /// A tool call; `arguments` is JSON text.
    pub fn new(
        call_id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<String>,
    ) -> Self {
        Self {
            id: None,
            call_id: call_id.into(),
            name: name.into(),
            arguments: arguments.into(),
            extra: Map::new(),
        }
    }
}

impl FunctionCallOutput {
    /// A tool's result.
    pub fn new(call_id: impl Into<String>, output: impl Into<Value>) -> Self {
        Self {
            call_id: call_id.into(),
            output: output.into(),
            extra: Map::new(),
        }
    }

    /// The output's text: the text itself, or the text of its parts; anything else as JSON.
    pub fn text(&self) -> String {
        match &self.output {
            Value::String(text) => text.clone(),
            Value::Array(parts) => parts
                .iter()
                .filter_map(|part| part.get("text").and_then(Value::as_str))
                .collect(),
            other => other.to_string(),
        }
    }
}
