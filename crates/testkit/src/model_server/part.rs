//! The parts of an answer, as data that every dialect can write.

use serde_json::Value;

/// One output item.
#[derive(Debug, Clone)]
pub enum Part {
    /// A message, in these deltas.
    Text(Vec<String>),
    /// A message, in these deltas, that cites a web page.
    Cited {
        /// The deltas.
        deltas: Vec<String>,
        /// The page's title.
        title: String,
        /// Its address.
        url: String,
    },
    /// The model won't answer, in these deltas.
    Refusal(Vec<String>),
    /// A function call.
    Call(Call),
    /// A summary of the reasoning.
    Reasoning(String),
    /// The reasoning itself, as open models show it.
    OpenReasoning(String),
    /// An image, in the forms in which it comes, the whole one last; each as base64.
    Image(Vec<String>),
    /// A search of the web that the provider does by itself.
    WebSearch(String),
}

/// A function call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Names the call in its result.
    pub call_id: String,
    /// The tool.
    pub name: String,
    /// The arguments; a string goes over the wire as it is, for arguments that are not JSON.
    pub arguments: Value,
}

impl Call {
    /// A call of `name`.
    pub fn new(call_id: &str, name: &str, arguments: Value) -> Self {
        Self {
            call_id: call_id.to_owned(),
            name: name.to_owned(),
            arguments,
        }
    }

    pub(super) fn arguments_text(&self) -> String {
        match &self.arguments {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// The deltas that benches count: `word 01 `, `word 02 ` and so on.
pub fn numbered_words(count: usize) -> Vec<String> {
    (1..=count)
        .map(|number| format!("word {number:02} "))
        .collect()
}
