//! Questions that the assistant asks in a form, and what the user answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Map, open::open_enum, tag};

/// One question of a form.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum StructuredInput {
    /// A choice between options.
    MultipleChoice(MultipleChoiceInput),
    /// A text.
    Freeform(FreeformInput),
    /// A kind that this version doesn't know.
    Other(Map),
}

tag::read_by_type!(open StructuredInput {
    "multiple_choice" => MultipleChoice,
    "freeform" => Freeform,
});

/// A choice between options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "multiple_choice")]
pub struct MultipleChoiceInput {
    /// The question's name in the answers.
    pub id: String,
    /// What is asked.
    pub question: String,
    /// What can be chosen.
    pub options: Vec<StructuredInputOption>,
    /// Whether more than one can be chosen.
    #[serde(default)]
    pub multiple: bool,
    /// What the user answered, once they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<StructuredInputAnswer>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// One option of a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StructuredInputOption {
    /// What is shown and answered.
    pub value: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// A question that is answered with a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "freeform")]
pub struct FreeformInput {
    /// The question's name in the answers.
    pub id: String,
    /// What is asked.
    pub question: String,
    /// More about the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the user answered, once they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<StructuredInputAnswer>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// The answer to one question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StructuredInputAnswer {
    /// What was chosen or written.
    #[serde(default)]
    pub values: Vec<String>,
    /// Whether the user left the question out.
    #[serde(default)]
    pub skipped: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

open_enum! {
    /// How far a form is.
    #[derive(Default)]
    StructuredInputStatus {
        /// It waits for the user.
        #[default]
        Pending = "pending",
        /// The user answered.
        Answered = "answered",
        /// The user left it out.
        Skipped = "skipped",
    }
}

/// What a client sends for a form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StructuredInputSubmission {
    /// Whether the user answered.
    #[serde(default)]
    pub status: SubmissionStatus,
    /// The answers by the questions' names.
    #[serde(default)]
    pub answers: BTreeMap<String, AnswerSubmission>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// Whether a user answered a form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionStatus {
    /// They did.
    #[default]
    Answered,
    /// They left it out.
    Skipped,
}

/// What a client sends for one question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerSubmission {
    /// What was chosen or written.
    #[serde(default)]
    pub values: Vec<String>,
    /// Whether the user left the question out.
    #[serde(default)]
    pub skipped: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}
