//! A prompt: messages for the start of a conversation, made by a function
//! ([prompts](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts)).

use std::collections::BTreeMap;
use std::fmt;

use rmcp::model::{PromptArgument, PromptMessage};
use serde_json::{Map, Value};

use crate::function::{Erased, Function, description, erase};
use crate::{Content, KitError};

/// A prompt of a server with state `S`. Its arguments are the fields of the function's [`Params`](crate::Params),
/// which are always texts.
pub struct Prompt<S> {
    pub(crate) description: rmcp::model::Prompt,
    pub(crate) function: Erased<S, Vec<Message>>,
    pub(crate) completions: BTreeMap<String, Erased<S, Vec<String>>>,
    pub(crate) scopes: Vec<String>,
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: Content,
}

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The user.
    User,
    /// The model.
    Assistant,
}

/// Something that a prompt's function gives back: a text, a message, or several.
#[diagnostic::on_unimplemented(
    message = "a prompt can't be `{Self}`",
    note = "its function gives a `String`, a `Message` or a `Vec<Message>`"
)]
pub trait IntoMessages: Send + 'static {
    /// The messages.
    fn into_messages(self) -> Vec<Message>;
}

impl Message {
    /// A message of the user's.
    pub fn user(content: impl Into<Content>) -> Self {
        Self {
            role: Role::User,
            content: content.into(),
        }
    }

    /// A message of the model's.
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self {
            role: Role::Assistant,
            content: content.into(),
        }
    }

    pub(crate) fn into_protocol(self) -> PromptMessage {
        let role = match self.role {
            Role::User => rmcp::model::Role::User,
            Role::Assistant => rmcp::model::Role::Assistant,
        };
        PromptMessage::new(role, self.content.into_block())
    }
}

impl IntoMessages for Vec<Message> {
    fn into_messages(self) -> Vec<Message> {
        self
    }
}

impl IntoMessages for Message {
    fn into_messages(self) -> Vec<Message> {
        vec![self]
    }
}

impl IntoMessages for String {
    fn into_messages(self) -> Vec<Message> {
        vec![Message::user(self)]
    }
}

impl<S> Prompt<S> {
    /// A prompt of this name that this function makes.
    pub fn new<F, Arguments>(name: impl Into<String>, function: F) -> Self
    where
        F: Function<S, Arguments>,
        F::Output: IntoMessages,
    {
        let input = F::input_schema();
        let about = input.as_ref().and_then(description);
        let arguments = input.as_ref().map(arguments);
        Self {
            description: rmcp::model::Prompt::new(name, about, arguments),
            function: erase(function, |output| Ok(output.into_messages())),
            completions: BTreeMap::new(),
            scopes: Vec::new(),
        }
    }

    /// What people read as its name.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.description.title = Some(title.into());
        self
    }

    /// What people read about it; without it, the documentation of the type in its function's
    /// [`Params`](crate::Params).
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description.description = Some(text.into());
        self
    }

    /// Completes an argument: the function gets what was typed so far as [`Partial`](crate::Partial) and the other
    /// arguments as [`Params`](crate::Params), and gives the values that fit.
    #[must_use]
    pub fn complete<F, Arguments>(mut self, argument: impl Into<String>, function: F) -> Self
    where
        F: Function<S, Arguments, Output = Vec<String>>,
    {
        self.completions
            .insert(argument.into(), erase(function, Ok));
        self
    }

    /// Only callers with this scope see it and may have it; said several times, with all of them.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    pub(crate) fn check(&self) -> Result<(), KitError> {
        let arguments = self.description.arguments.as_deref();
        let has = |name: &String| {
            // Those of a map have no names of their own.
            arguments.is_some_and(|all| all.is_empty() || all.iter().any(|one| one.name == *name))
        };
        match self.completions.keys().find(|name| !has(name)) {
            Some(name) => Err(KitError::Completion(name.clone())),
            None => Ok(()),
        }
    }
}

fn arguments(schema: &Map<String, Value>) -> Vec<PromptArgument> {
    let required: Vec<&Value> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().collect())
        .unwrap_or_default();
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    let text = |field: &Value, name: &str| field.get(name)?.as_str().map(str::to_owned);
    properties
        .iter()
        .map(|(name, field)| {
            let needed = required.iter().any(|other| *other == name);
            let mut argument = PromptArgument::new(name).with_required(needed);
            argument.title = text(field, "title");
            argument.description = text(field, "description");
            argument
        })
        .collect()
}

impl<S> fmt::Debug for Prompt<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt")
            .field("name", &self.description.name)
            .finish_non_exhaustive()
    }
}
