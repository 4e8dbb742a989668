//! Why a request was refused, by the field that is wrong.

use crate::tag::Fault;

/// The longest path and the longest message, in characters: both may quote what a client sent.
const MAX_LENGTH: usize = 300;

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", if field.is_empty() { "body" } else { field })]
pub struct BadRequest {
    /// The path of the field that is wrong, such as `params.input.content[0]`; empty for the body as a whole.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl BadRequest {
    /// Says what is wrong with a field; both texts are cut to a bounded length.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: bounded(field.into()),
            message: bounded(message.into()),
        }
    }

    /// Says what is wrong inside a field.
    pub(crate) fn inside(parent: &str, fault: &Fault) -> Self {
        let path = &fault.path;
        let field = match path.chars().next() {
            None => parent.to_owned(),
            Some('[') => format!("{parent}{path}"),
            Some(_) => format!("{parent}.{path}"),
        };
        Self::new(field, fault.message.as_str())
    }
}

fn bounded(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_LENGTH) {
        text.truncate(end);
        text.push('…');
    }
    text
}
