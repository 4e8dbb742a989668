//! A tool server: its name, its state and what it offers, in the order in which that was added.

use std::sync::Arc;

use axum::Router;
use rmcp::model::{Implementation, ServerCapabilities, ServerConfig};
use serde_json::json;
use tokio_util::task::TaskTracker;

use crate::catalogue::Catalogue;
use crate::core::Core;
use crate::places::Places;
use crate::seal::Sealer;
use crate::{
    InMemory, KitError, MountOptions, Mounted, Notifier, Prompt, Resource, ResourceTemplate, Tool,
    mount,
};

/// A tool server, before it is mounted.
#[derive(Debug)]
pub struct ToolServer<S> {
    name: String,
    version: String,
    title: Option<String>,
    instructions: Option<String>,
    state: S,
    tools: Vec<Tool<S>>,
    prompts: Vec<Prompt<S>>,
    resources: Vec<Resource<S>>,
    templates: Vec<ResourceTemplate<S>>,
    notifier: Notifier,
}

impl<S: Clone + Send + Sync + 'static> ToolServer<S> {
    /// A server that offers nothing yet. The state is cloned for each call.
    pub fn new(name: impl Into<String>, version: impl Into<String>, state: S) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            title: None,
            instructions: None,
            state,
            tools: Vec::new(),
            prompts: Vec::new(),
            resources: Vec::new(),
            templates: Vec::new(),
            notifier: Notifier::new(),
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

    /// Adds a prompt.
    #[must_use]
    pub fn prompt(mut self, prompt: Prompt<S>) -> Self {
        self.prompts.push(prompt);
        self
    }

    /// Adds a resource.
    #[must_use]
    pub fn resource(mut self, resource: Resource<S>) -> Self {
        self.resources.push(resource);
        self
    }

    /// Adds resources by a template. Where two templates have an address, the first one is asked.
    #[must_use]
    pub fn resource_template(mut self, template: ResourceTemplate<S>) -> Self {
        self.templates.push(template);
        self
    }

    /// Tells clients by this notifier, which something else has already.
    #[must_use]
    pub fn with_notifier(mut self, notifier: Notifier) -> Self {
        self.notifier = notifier;
        self
    }

    /// Tells the server's clients that something changed. Functions get it as an argument too.
    pub fn notifier(&self) -> Notifier {
        self.notifier.clone()
    }

    /// The server as a router: the mount path with and without a slash at its end, the protected-resource metadata,
    /// and a health path where one is set. It belongs at the root; to nest it, see [`ToolServer::mount`].
    ///
    /// # Errors
    /// Something that it offers, or an option, can't be used; see [`KitError`].
    pub fn into_router(self, options: MountOptions) -> Result<Router, KitError> {
        let mounted = self.mount(options)?;
        Ok(mounted.protocol.merge(mounted.well_known))
    }

    /// The server in two parts, for an application that nests it: the protocol goes where the application wants it,
    /// the metadata to the root. [`MountOptions::resource`] then names the address that comes of it.
    ///
    /// # Errors
    /// As [`ToolServer::into_router`].
    pub fn mount(self, options: MountOptions) -> Result<Mounted, KitError> {
        mount::mount(self, options)
    }

    /// A client in memory, for the tests of a tool server: no socket, no sign-in.
    ///
    /// # Errors
    /// Something that the server offers can't be used; see [`KitError`].
    pub fn in_memory(self) -> Result<InMemory<S>, KitError> {
        let clock = Arc::new(frontdesk_clock::SystemClock);
        let sealer = Sealer::new(None, clock)?;
        let shutdown = tokio_util::sync::CancellationToken::new();
        let listeners = Places::new(usize::MAX);
        let core = self.into_core(Vec::new(), sealer, listeners, shutdown)?;
        Ok(InMemory::new(core))
    }

    pub(crate) fn into_core(
        self,
        granted_scopes: Vec<String>,
        sealer: Sealer,
        listeners: Arc<Places>,
        shutdown: tokio_util::sync::CancellationToken,
    ) -> Result<Core<S>, KitError> {
        let config = self.config();
        Ok(Core {
            config,
            state: self.state,
            catalogue: Catalogue::new(
                self.tools,
                self.prompts,
                self.resources,
                self.templates,
                granted_scopes,
            )?,
            notifier: self.notifier,
            sealer,
            listeners,
            tasks: TaskTracker::new(),
            shutdown,
        })
    }

    fn config(&self) -> ServerConfig {
        let mut implementation = Implementation::new(self.name.clone(), self.version.clone());
        implementation.title.clone_from(&self.title);
        let mut config = ServerConfig::new(self.capabilities());
        config.server_info = implementation;
        config.instructions.clone_from(&self.instructions);
        config
    }

    fn capabilities(&self) -> ServerCapabilities {
        let mut all = json!({"logging": {}, "tools": {"listChanged": true}});
        if let Some(all) = all.as_object_mut() {
            if !self.prompts.is_empty() {
                all.insert("prompts".to_owned(), json!({"listChanged": true}));
            }
            if !self.resources.is_empty() || !self.templates.is_empty() {
                let resources = json!({"listChanged": true, "subscribe": true});
                all.insert("resources".to_owned(), resources);
            }
            let prompts = self.prompts.iter().map(|one| &one.completions);
            let templates = self.templates.iter().map(|one| &one.completions);
            if prompts.chain(templates).any(|all| !all.is_empty()) {
                all.insert("completions".to_owned(), json!({}));
            }
        }
        serde_json::from_value(all).unwrap_or_default()
    }
}
