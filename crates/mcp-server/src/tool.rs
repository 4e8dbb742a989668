//! A tool: a name, what it says about itself, and the function that does it.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use rmcp::model::{CallToolResult, ToolAnnotations};

use crate::{Call, KitError, ToolFailure, ToolFunction};

/// A tool of a server with state `S`. Without further word it changes things, doesn't destroy any,
/// isn't idempotent and stays within the server's own world.
pub struct Tool<S> {
    pub(crate) description: rmcp::model::Tool,
    pub(crate) function: Arc<dyn Erased<S>>,
}

pub(crate) trait Erased<S>: Send + Sync {
    fn call(&self, call: Call<S>) -> BoxFuture<'static, Result<CallToolResult, ToolFailure>>;
}

struct Typed<F, Arguments>(F, PhantomData<fn() -> Arguments>);

impl<S, F: ToolFunction<S, Arguments>, Arguments: 'static> Erased<S> for Typed<F, Arguments> {
    fn call(&self, call: Call<S>) -> BoxFuture<'static, Result<CallToolResult, ToolFailure>> {
        self.0.call(call)
    }
}

impl<S> Tool<S> {
    /// A tool of this name that this function does.
    pub fn new<F, Arguments>(name: impl Into<String>, function: F) -> Self
    where
        F: ToolFunction<S, Arguments>,
        Arguments: 'static,
    {
        let mut tool = rmcp::model::Tool::new_with_raw(name.into(), None, F::input_schema());
        tool.output_schema = F::output_schema().map(Arc::new);
        let annotations = ToolAnnotations::new()
            .read_only(false)
            .destructive(false)
            .idempotent(false)
            .open_world(false);
        tool.annotations = Some(annotations);
        Self {
            description: tool,
            function: Arc::new(Typed(function, PhantomData)),
        }
    }

    /// What the model reads about it.
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

    fn annotate(mut self, change: impl FnOnce(&mut ToolAnnotations)) -> Self {
        change(self.description.annotations.get_or_insert_default());
        self
    }

    pub(crate) fn check(&self) -> Result<(), KitError> {
        let name = &self.description.name;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || name.len() > 128 || !name.chars().all(fits) {
            return Err(KitError::ToolName(name.to_string()));
        }
        if self
            .description
            .input_schema
            .get("type")
            .and_then(|kind| kind.as_str())
            != Some("object")
        {
            return Err(KitError::Parameters(name.to_string()));
        }
        Ok(())
    }
}

impl<S> fmt::Debug for Tool<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tool")
            .field("name", &self.description.name)
            .finish_non_exhaustive()
    }
}
