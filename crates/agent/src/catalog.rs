//! What an agent's model may call in one run: tools, listed from all toolsets at once, handoffs, and tools of the user's
//! own page; each under a name of its own.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_model::{Schema, ToolDefinition};
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Map, Value, json};

use crate::agent::{Agent, ClientTool};
use crate::agents::Agents;
use crate::context::RunContext;
use crate::names::{model_name, near};
use crate::tool::{Annotations, ToolInfo, Toolset};
use crate::validate::Arguments;

/// How many tools a run offers its model; further ones are left out.
const MAX_TOOLS: usize = 512;

/// What an agent's model may call in one run.
pub(crate) struct Catalog<C> {
    /// What the model reads: tools in the order of the toolsets, tools of the user's page, handoffs.
    pub(crate) definitions: Arc<[ToolDefinition]>,
    /// The toolsets that can't be listed.
    pub(crate) away: Vec<String>,
    offered: BTreeMap<String, Offered<C>>,
}

/// What a name stands for.
pub(crate) enum Offered<C> {
    /// A tool of a toolset.
    Tool(Entry<C>),
    /// A handoff to this agent.
    Handoff { to: String },
    /// A tool of the user's own page.
    Client(ClientEntry),
}

/// A tool of the user's own page.
pub(crate) struct ClientEntry {
    /// The page's name for it.
    pub(crate) own_name: String,
    pub(crate) title: Option<String>,
    pub(crate) arguments: Arguments,
}

/// A tool under the name that the model knows it by.
pub(crate) struct Entry<C> {
    pub(crate) toolset: Arc<dyn Toolset<C>>,
    /// The toolset's name for it.
    pub(crate) own_name: String,
    pub(crate) annotations: Annotations,
    pub(crate) arguments: Arc<Arguments>,
}

impl<C> Clone for Entry<C> {
    fn clone(&self) -> Self {
        Self {
            toolset: Arc::clone(&self.toolset),
            own_name: self.own_name.clone(),
            annotations: self.annotations.clone(),
            arguments: Arc::clone(&self.arguments),
        }
    }
}

impl<C> Entry<C> {
    /// What a policy may call this tool, which the model knows as `name`. That one changes with what other toolsets have
    /// at the moment; the others don't.
    pub(crate) fn names(&self, name: &str) -> [String; 4] {
        let full = format!("{}__{}", self.toolset.name(), self.own_name);
        let of_model = model_name(&full);
        [name.to_owned(), self.own_name.clone(), full, of_model]
    }
}

impl<C: Send + Sync + 'static> Catalog<C> {
    /// Asks all toolsets at once. One that fails, panics or takes too long is away.
    ///
    /// What the agent itself names, handoffs and the tools of the user's page, keeps its name whatever toolsets have.
    pub(crate) async fn of(agents: &Agents<C>, agent: &Agent<C>, context: &RunContext<C>) -> Self {
        let timeout = agent.limits.list_timeout;
        let lists = agent
            .toolsets
            .iter()
            .map(|toolset| list(toolset.as_ref(), context, timeout));
        let mut catalog = Self {
            definitions: Arc::new([]),
            away: Vec::new(),
            offered: BTreeMap::new(),
        };
        let mut last = Vec::new();
        catalog.add_client_tools(&agent.client_tools, &mut last);
        catalog.add_handoffs(agents, agent, &mut last);
        let mut definitions = Vec::new();
        for (toolset, list) in agent.toolsets.iter().zip(join_all(lists).await) {
            match list {
                Ok(tools) => catalog.add(toolset, tools, &mut definitions),
                Err(detail) => {
                    tracing::warn!(toolset = toolset.name(), detail, "a toolset is away");
                    catalog.away.push(toolset.name().to_owned());
                }
            }
        }
        definitions.extend(last);
        catalog.definitions = definitions.into();
        catalog
    }

    fn add_client_tools(&mut self, tools: &[ClientTool], definitions: &mut Vec<ToolDefinition>) {
        for tool in tools {
            let own_name = tool.definition.name.clone();
            let name = model_name(&own_name);
            if self.offered.contains_key(&name) || self.is_full() {
                tracing::warn!(tool = own_name, "a tool of the page is left out");
                continue;
            }
            definitions.push(ToolDefinition {
                name: name.clone(),
                parameters: object_schema(&tool.definition.parameters),
                ..tool.definition.clone()
            });
            let entry = ClientEntry {
                own_name,
                title: tool.title.clone(),
                arguments: Arguments::new(tool.definition.parameters.clone()),
            };
            self.offered.insert(name, Offered::Client(entry));
        }
    }

    fn add_handoffs(
        &mut self,
        agents: &Agents<C>,
        agent: &Agent<C>,
        definitions: &mut Vec<ToolDefinition>,
    ) {
        for handoff in &agent.handoffs {
            let Some(other) = agents.find(&handoff.to) else {
                continue;
            };
            let definition = handoff.definition(other);
            if self.offered.contains_key(&definition.name) || self.is_full() {
                tracing::warn!(
                    to = handoff.to,
                    "a handoff is left out: its name isn't free"
                );
                continue;
            }
            let to = handoff.to.clone();
            self.offered
                .insert(definition.name.clone(), Offered::Handoff { to });
            definitions.push(definition);
        }
    }

    fn add(
        &mut self,
        toolset: &Arc<dyn Toolset<C>>,
        tools: Vec<ToolInfo>,
        definitions: &mut Vec<ToolDefinition>,
    ) {
        for tool in tools {
            let own_name = tool.definition.name.clone();
            let Some(name) = self.free_name(toolset.name(), &own_name) else {
                tracing::warn!(
                    toolset = toolset.name(),
                    tool = own_name,
                    "a tool is left out: no free name, or too many tools"
                );
                continue;
            };
            let parameters = object_schema(&tool.definition.parameters);
            definitions.push(ToolDefinition {
                name: name.clone(),
                parameters,
                ..tool.definition
            });
            let entry = Entry {
                toolset: Arc::clone(toolset),
                own_name,
                annotations: tool.annotations,
                arguments: tool.arguments,
            };
            self.offered.insert(name, Offered::Tool(entry));
        }
    }

    /// Of equal names the first in the order of the toolsets stays as it is, and each later one gets its toolset's name in
    /// front, whichever of them answered first.
    fn free_name(&self, toolset: &str, own_name: &str) -> Option<String> {
        if self.is_full() {
            return None;
        }
        let plain = model_name(own_name);
        let prefixed = || model_name(&format!("{toolset}__{own_name}"));
        std::iter::once(plain)
            .chain(std::iter::once_with(prefixed))
            .find(|name| !self.offered.contains_key(name))
    }

    fn is_full(&self) -> bool {
        self.offered.len() >= MAX_TOOLS
    }
}

impl<C> Catalog<C> {
    /// What this name stands for.
    pub(crate) fn offered(&self, name: &str) -> Option<&Offered<C>> {
        self.offered.get(name)
    }

    /// The tool of this name, or what the model is told instead.
    pub(crate) fn find(&self, name: &str) -> Result<&Entry<C>, String> {
        if let Some(Offered::Tool(entry)) = self.offered.get(name) {
            return Ok(entry);
        }
        let near = near(name, self.offered.keys().map(String::as_str));
        Err(if near.is_empty() {
            format!("tool not found: {name}")
        } else {
            format!("tool not found: {name}; near names: {}", near.join(", "))
        })
    }

    /// The name by which the model knows a tool that is called so, in whatever way a policy may call it.
    pub(crate) fn name_of(&self, wanted: &str) -> Option<&str> {
        if let Some((name, _)) = self.offered.get_key_value(wanted) {
            return Some(name);
        }
        let is_called = |name: &str, offered: &Offered<C>| match offered {
            Offered::Tool(entry) => entry.names(name).iter().any(|name| name == wanted),
            Offered::Client(entry) => entry.own_name == wanted,
            Offered::Handoff { .. } => false,
        };
        let mut all = self.offered.iter();
        all.find(|(name, offered)| is_called(name, offered))
            .map(|(name, _)| name.as_str())
    }

    /// The tool's name for people.
    pub(crate) fn title(&self, name: &str) -> Option<String> {
        match self.offered.get(name)? {
            Offered::Tool(entry) => entry.annotations.title.clone(),
            Offered::Client(entry) => entry.title.clone(),
            Offered::Handoff { .. } => None,
        }
    }
}

async fn list<C>(
    toolset: &dyn Toolset<C>,
    context: &RunContext<C>,
    timeout: Duration,
) -> Result<Vec<ToolInfo>, String> {
    let listing = AssertUnwindSafe(async { toolset.list(context).await }).catch_unwind();
    match tokio::time::timeout(timeout, listing).await {
        Ok(Ok(Ok(tools))) => Ok(tools),
        Ok(Ok(Err(error))) => Err(error.detail),
        Ok(Err(_)) => Err("listing panicked".to_owned()),
        Err(_) => Err(format!(
            "listing took longer than {} s",
            timeout.as_secs_f64()
        )),
    }
}

/// The schema with what providers insist on: an object with `properties`.
fn object_schema(schema: &Schema) -> Schema {
    let fits = |schema: &Map<String, Value>| {
        schema.contains_key("type") && schema.contains_key("properties")
    };
    match schema.as_object() {
        Some(map) if fits(map) => schema.clone(),
        Some(map) => {
            let mut map = map.clone();
            map.entry("type").or_insert_with(|| json!("object"));
            map.entry("properties").or_insert_with(|| json!({}));
            Schema::new(Value::Object(map))
        }
        None => Schema::new(json!({"type": "object", "properties": {}})),
    }
}
