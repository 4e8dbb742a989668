//! What a user's message is made of: text, tags, and wishes about how it is answered.

use serde::{Deserialize, Serialize};

use crate::{AttachmentId, Map, tag};

/// A message as a client sends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserMessageInput {
    /// The parts of the text.
    pub content: Vec<UserContent>,
    /// Attachments that were made before.
    pub attachments: Vec<AttachmentId>,
    /// A text of the thread that the message is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted_text: Option<String>,
    /// Wishes about how it is answered.
    pub inference_options: InferenceOptions,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// A part of a user's text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum UserContent {
    /// Words.
    Text(TextContent),
    /// A thing of the application, chosen by the user.
    Tag(TagContent),
}

tag::read_by_type!(closed UserContent { "input_text" => Text, "input_tag" => Tag });

impl UserContent {
    /// The words, or what stands for the tag in the text.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(part) => &part.text,
            Self::Tag(part) => &part.text,
        }
    }
}

/// Words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "input_text")]
pub struct TextContent {
    /// The words.
    pub text: String,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A thing of the application, such as a task or a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "input_tag")]
pub struct TagContent {
    /// The application's name for it.
    pub id: String,
    /// What stands for it in the text.
    pub text: String,
    /// What the application keeps with it.
    pub data: Map,
    /// The heading it stands under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether it can be clicked.
    #[serde(default)]
    pub interactive: bool,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// Wishes about how a message is answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InferenceOptions {
    /// The tool to be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
    /// The name of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// The tool to be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolChoice {
    /// The tool's name in the composer.
    pub id: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}
