//! A tool server: its name, its state and its tools, in the order in which they were added.

use axum::Router;

use crate::{KitError, MountOptions, Tool, mount};

/// A tool server, before it is mounted.
#[derive(Debug)]
pub struct ToolServer<S> {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) title: Option<String>,
    pub(crate) instructions: Option<String>,
    pub(crate) state: S,
    pub(crate) tools: Vec<Tool<S>>,
}

impl<S: Clone + Send + Sync + 'static> ToolServer<S> {
    /// A server without tools. The state is cloned for each call that asks for it.
    pub fn new(name: impl Into<String>, version: impl Into<String>, state: S) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            title: None,
            instructions: None,
            state,
            tools: Vec::new(),
        }
    }

    /// What people read as its name.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What the model reads about the server as a whole.
    #[must_use]
    pub fn instructions(mut self, text: impl Into<String>) -> Self {
        self.instructions = Some(text.into());
        self
    }

    /// Adds a tool.
    #[must_use]
    pub fn tool(mut self, tool: Tool<S>) -> Self {
        self.tools.push(tool);
        self
    }

    /// The server as a router: `/mcp` and `/mcp/`, the protected-resource metadata, and a health path where one is set.
    ///
    /// # Errors
    /// A tool or an option can't be used; see [`KitError`].
    pub fn into_router(self, options: MountOptions) -> Result<Router, KitError> {
        mount::router(self, options)
    }
}
