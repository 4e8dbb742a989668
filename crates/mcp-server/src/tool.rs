//! A tool: a name, what it says about itself, and the function that does it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::ToolAnnotations;
use serde_json::{Map, Value};

use crate::function::{Erased, Function, description, erase, no_input};
use crate::{KitError, Outcome, ToolResult, mirror};

/// A tool of a server with state `S`. Without further word it changes things, doesn't destroy any,
/// isn't idempotent, stays within the server's own world, and may take as long as it likes.
pub struct Tool<S> {
    pub(crate) description: rmcp::model::Tool,
    pub(crate) function: Erased<S, ToolResult>,
    pub(crate) scopes: Vec<String>,
    pub(crate) timeout: Option<Duration>,
}

impl<S> Tool<S> {
    /// A tool of this name that this function does.
    pub fn new<F, Arguments>(name: impl Into<String>, function: F) -> Self
    where
        F: Function<S, Arguments>,
        F::Output: Outcome,
    {
        let mut input = F::input_schema().unwrap_or_else(no_input);
        let about = description(&input).map(Into::into);
        // It would be said twice.
        input.remove("description");
        let mut tool = rmcp::model::Tool::new_with_raw(name.into(), about, input);
        tool.output_schema = F::Output::schema().map(Arc::new);
        let annotations = ToolAnnotations::new()
            .read_only(false)
            .destructive(false)
            .idempotent(false)
            .open_world(false);
        tool.annotations = Some(annotations);
        Self {
            description: tool,
            function: erase(function, Outcome::into_result),
            scopes: Vec::new(),
            timeout: None,
        }
    }

    /// What the model reads about it; without it, the documentation of the type in its function's
    /// [`Params`](crate::Params).
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description.description = Some(text.into().into());
        self
    }

    /// What people read as its name.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        let title = title.into();
        self.description.title = Some(title.clone());
        self.annotate(|annotations| annotations.title = Some(title))
    }

    /// It changes nothing.
    #[must_use]
    pub fn read_only(self) -> Self {
        self.annotate(|annotations| {
            annotations.read_only_hint = Some(true);
            annotations.idempotent_hint = Some(true);
        })
    }

    /// It destroys something that can't be had back.
    #[must_use]
    pub fn destructive(self) -> Self {
        self.annotate(|annotations| annotations.destructive_hint = Some(true))
    }

    /// Calling it again with the same arguments changes nothing more.
    #[must_use]
    pub fn idempotent(self) -> Self {
        self.annotate(|annotations| annotations.idempotent_hint = Some(true))
    }

    /// It reaches beyond the server's own data.
    #[must_use]
    pub fn open_world(self) -> Self {
        self.annotate(|annotations| annotations.open_world_hint = Some(true))
    }

    /// Only callers with this scope see it and may call it; said several times, with all of them.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Ends a call that takes longer, waiting for answers included.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Shows this schema (JSON Schema 2020-12) of the arguments in place of the derived one.
    #[must_use]
    pub fn input_schema(mut self, schema: Map<String, Value>) -> Self {
        self.description.input_schema = Arc::new(schema);
        self
    }

    /// Shows this schema (JSON Schema 2020-12) of the structured result in place of the derived one.
    #[must_use]
    pub fn output_schema(mut self, schema: Map<String, Value>) -> Self {
        self.description.output_schema = Some(Arc::new(schema));
        self
    }

    fn annotate(mut self, change: impl FnOnce(&mut ToolAnnotations)) -> Self {
        change(self.description.annotations.get_or_insert_default());
        self
    }

    /// The tool as callers of the `initialize` era see it: results are objects there.
    pub(crate) fn legacy_description(&self) -> rmcp::model::Tool {
        let mut description = self.description.clone();
        description.output_schema = description.output_schema.filter(|schema| is_object(schema));
        description
    }

    pub(crate) fn check(&self) -> Result<(), KitError> {
        let name = &self.description.name;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let input = &self.description.input_schema;
        let problem = if name.is_empty() || name.len() > 128 || !name.chars().all(fits) {
            "a name is 1 to 128 letters, digits, `_`, `-` or `.`"
        } else if !is_object(input) {
            "its parameters must be an object, which those of a struct with named fields are"
        } else if !mirror::fits(input) {
            "each x-mcp-header stands at a text, a whole number or a yes or no, and names a header of its own"
        } else {
            return Ok(());
        };
        Err(KitError::Tool {
            name: name.to_string(),
            problem,
        })
    }
}

fn is_object(schema: &Map<String, Value>) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("object")
}

impl<S> fmt::Debug for Tool<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tool")
            .field("name", &self.description.name)
            .finish_non_exhaustive()
    }
}
