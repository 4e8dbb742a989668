//! Asking the user, through the client
//! ([elicitation](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation)).

use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::asking::{Asking, Need, Way};
use crate::{ToolFailure, form, seal};

/// Asks the user, by a form or by a link.
///
/// Callers of the stateless era get the question as the call's answer and call again with what the user said:
/// **the function then runs again from its top**, and whatever it does before an elicitation is done once more.
/// So ask first and act afterwards. Questions may be asked one after the other, each with the earlier answers in hand,
/// or several at once with `join`. An answer counts only for the question that it was given to:
/// a question that reads differently in the next run is a new one. Callers of the `initialize` era need a kept session.
#[derive(Debug, Clone)]
pub struct Elicit {
    pub(crate) asking: Arc<Asking>,
    pub(crate) name: Option<String>,
}

/// What a user did with a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elicited<T> {
    /// Answered it.
    Accepted(T),
    /// Refused it.
    Declined,
    /// Closed it without a word.
    Cancelled,
}

impl<T> Elicited<T> {
    /// The answer, where there is one.
    pub fn accepted(self) -> Option<T> {
        match self {
            Self::Accepted(answer) => Some(answer),
            Self::Declined | Self::Cancelled => None,
        }
    }
}

impl Elicit {
    /// Gives the next question a name, which the client sees; without one it has a name made of its text.
    #[must_use]
    pub fn named(&self, name: impl Into<String>) -> Self {
        Self {
            asking: Arc::clone(&self.asking),
            name: Some(name.into()),
        }
    }

    /// Whether this caller's user can be asked by a form.
    pub fn has_forms(&self) -> bool {
        self.asking.can(Need::Form)
    }

    /// Whether this caller's user can be asked by a link.
    pub fn has_urls(&self) -> bool {
        self.asking.can(Need::Url)
    }

    /// Asks by a form whose fields are those of `T`: texts, numbers, yes or no, one or several of an enum's variants,
    /// each with its default where the schema has one. It must never ask for a secret.
    ///
    /// # Errors
    /// The client can't ask its user, or went away.
    pub async fn form<T>(&self, message: &str) -> Result<Elicited<T>, ToolFailure>
    where
        T: DeserializeOwned + JsonSchema,
    {
        let schema = form::schema_of::<T>()
            .map_err(|field| ToolFailure::internal(format!("not a form's field: {field}")))?;
        self.ask_form(message, &schema, |content| {
            serde_json::from_value(content).ok()
        })
        .await
    }

    /// Asks by a form with a schema of the caller's making, and takes whatever comes.
    ///
    /// # Errors
    /// The client can't ask its user, or went away.
    pub async fn form_of(
        &self,
        message: &str,
        schema: &Map<String, Value>,
    ) -> Result<Elicited<Map<String, Value>>, ToolFailure> {
        self.ask_form(message, schema, |content| content.as_object().cloned())
            .await
    }

    /// Sends the user to an address, for what the client and the model must not see: sign-ins, payments.
    /// Accepting means that the user went there, not that anything came of it.
    ///
    /// # Errors
    /// The client can't send its user anywhere, or went away.
    pub async fn url(&self, url: &str, message: &str) -> Result<Elicited<()>, ToolFailure> {
        let id = match &self.asking.way {
            Way::Session(_) => seal::random_id()?,
            // The same question in the next round.
            Way::Rounds(_) | Way::None => seal::digest_of(&json!([url, message])),
        };
        let question = json!({"method": "elicitation/create", "params": {
            "mode": "url", "message": message, "url": url, "elicitationId": id,
        }});
        let read = |answer: Value| read(answer, |_| Some(()));
        self.asking
            .ask(self.name.as_deref(), Need::Url, question, read)
            .await
    }

    async fn ask_form<T>(
        &self,
        message: &str,
        schema: &Map<String, Value>,
        content: impl Fn(Value) -> Option<T>,
    ) -> Result<Elicited<T>, ToolFailure> {
        let question = json!({"method": "elicitation/create", "params": {
            "mode": "form", "message": message, "requestedSchema": schema,
        }});
        let read = |answer: Value| read(answer, &content);
        self.asking
            .ask(self.name.as_deref(), Need::Form, question, read)
            .await
    }
}

fn read<T>(answer: Value, content: impl Fn(Value) -> Option<T>) -> Option<Elicited<T>> {
    let Value::Object(mut answer) = answer else {
        return None;
    };
    match answer.get("action")?.as_str()? {
        "accept" => {
            let given = answer.remove("content").unwrap_or_else(|| json!({}));
            Some(Elicited::Accepted(content(given)?))
        }
        "decline" => Some(Elicited::Declined),
        "cancel" => Some(Elicited::Cancelled),
        _ => None,
    }
}
