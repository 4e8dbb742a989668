//! Asking the client's model, and where its files lie. Both are on their way out of the protocol;
//! new servers need neither
//! ([deprecated](https://modelcontextprotocol.io/specification/2026-07-28/changelog)).

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ToolFailure;
use crate::asking::{Asking, Need};

/// Asks the client's model. As with [`Elicit`](crate::Elicit), callers of the stateless era make the function run
/// again from its top.
#[derive(Debug, Clone)]
pub struct Sample {
    pub(crate) asking: Arc<Asking>,
    pub(crate) name: Option<String>,
}

/// What a model is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// The system prompt; the client may leave it out.
    pub system: Option<String>,
    /// What the user says.
    pub prompt: String,
    /// The longest answer, in tokens.
    pub max_tokens: u32,
}

/// What a model said.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sampled {
    /// The model's name.
    pub model: String,
    /// The text of its answer.
    #[serde(skip)]
    pub text: String,
}

/// Asks where the client's files lie; see [`Sample`] for what that means in the stateless era.
#[derive(Debug, Clone)]
pub struct Roots {
    pub(crate) asking: Arc<Asking>,
    pub(crate) name: Option<String>,
}

/// A place of the client's files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Root {
    /// The address: `file:///home/ann/project`.
    pub uri: String,
    /// What people read as its name.
    #[serde(default)]
    pub name: Option<String>,
}

impl Sample {
    /// Gives the next question a name, which the client sees.
    #[must_use]
    pub fn named(&self, name: impl Into<String>) -> Self {
        Self {
            asking: Arc::clone(&self.asking),
            name: Some(name.into()),
        }
    }

    /// Whether this caller's model can be asked.
    pub fn is_there(&self) -> bool {
        self.asking.can(Need::Sampling)
    }

    /// Asks the client's model one thing.
    ///
    /// # Errors
    /// The client can't ask a model, won't, or went away.
    pub async fn ask(&self, sampling: &Sampling) -> Result<Sampled, ToolFailure> {
        let mut params = json!({
            "messages": [{"role": "user", "content": {"type": "text", "text": sampling.prompt}}],
            "maxTokens": sampling.max_tokens,
        });
        if let (Some(system), Some(params)) = (&sampling.system, params.as_object_mut()) {
            params.insert("systemPrompt".to_owned(), system.as_str().into());
        }
        self.request(params, Need::Sampling, read).await
    }

    /// Asks with `sampling/createMessage` parameters of the caller's making, and gives back the result as it came.
    ///
    /// # Errors
    /// The client can't ask a model, won't, or went away.
    pub async fn ask_with(&self, params: Value) -> Result<Value, ToolFailure> {
        let tools = params.get("tools").is_some() || params.get("toolChoice").is_some();
        let need = if tools {
            Need::SamplingTools
        } else {
            Need::Sampling
        };
        self.request(params, need, |answer| answer.is_object().then_some(answer))
            .await
    }

    async fn request<T>(
        &self,
        params: Value,
        need: Need,
        read: impl Fn(Value) -> Option<T>,
    ) -> Result<T, ToolFailure> {
        let question = json!({"method": "sampling/createMessage", "params": params});
        self.asking
            .ask(self.name.as_deref(), need, question, read)
            .await
    }
}

fn read(answer: Value) -> Option<Sampled> {
    let text = match answer.get("content")? {
        Value::Array(blocks) => blocks
            .iter()
            .filter_map(|block| block.get("text")?.as_str())
            .collect(),
        block => block.get("text")?.as_str()?.to_owned(),
    };
    let sampled: Sampled = serde_json::from_value(answer).ok()?;
    Some(Sampled { text, ..sampled })
}

impl Roots {
    /// Gives the next question a name, which the client sees.
    #[must_use]
    pub fn named(&self, name: impl Into<String>) -> Self {
        Self {
            asking: Arc::clone(&self.asking),
            name: Some(name.into()),
        }
    }

    /// Whether this caller has roots.
    pub fn is_there(&self) -> bool {
        self.asking.can(Need::Roots)
    }

    /// Asks where the client's files lie.
    ///
    /// # Errors
    /// The client has no roots, or went away.
    pub async fn list(&self) -> Result<Vec<Root>, ToolFailure> {
        let question = json!({"method": "roots/list", "params": {}});
        let read = |mut answer: Value| serde_json::from_value(answer.get_mut("roots")?.take()).ok();
        self.asking
            .ask(self.name.as_deref(), Need::Roots, question, read)
            .await
    }
}
