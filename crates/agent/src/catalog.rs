//! The tools of one run: listed from all toolsets at once, each under a name of its own.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_model::ToolDefinition;
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Map, Value, json};

use crate::agent::Agent;
use crate::context::RunContext;
use crate::names::{model_name, near};
use crate::tool::{Annotations, ToolInfo, Toolset};
use crate::validate::Arguments;

/// How many tools a run offers its model; further ones are left out.
const MAX_TOOLS: usize = 512;

/// The tools of one run.
pub(crate) struct Catalog<C> {
    /// What the model reads, in the order of the toolsets.
    pub(crate) definitions: Arc<[ToolDefinition]>,
    /// The toolsets that can't be listed.
    pub(crate) away: Vec<String>,
    entries: BTreeMap<String, Entry<C>>,
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
    pub(crate) async fn of(agent: &Agent<C>, context: &RunContext<C>) -> Self {
        let timeout = agent.limits.list_timeout;
        let lists = agent
            .toolsets
            .iter()
            .map(|toolset| list(toolset.as_ref(), context, timeout));
        let mut catalog = Self {
            definitions: Arc::new([]),
            away: Vec::new(),
            entries: BTreeMap::new(),
        };
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
        catalog.definitions = definitions.into();
        catalog
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
            self.entries.insert(name, entry);
        }
    }

    /// Of equal names the first in the order of the toolsets stays as it is, and each later one gets its toolset's name in
    /// front, whichever of them answered first.
    fn free_name(&self, toolset: &str, own_name: &str) -> Option<String> {
        if self.entries.len() >= MAX_TOOLS {
            return None;
        }
        let plain = model_name(own_name);
        let prefixed = || model_name(&format!("{toolset}__{own_name}"));
        std::iter::once(plain)
            .chain(std::iter::once_with(prefixed))
            .find(|name| !self.entries.contains_key(name))
    }
}

impl<C> Catalog<C> {
    /// The tool of this name, or what the model is told instead.
    pub(crate) fn find(&self, name: &str) -> Result<&Entry<C>, String> {
        self.entries.get(name).ok_or_else(|| {
            let near = near(name, self.entries.keys().map(String::as_str));
            if near.is_empty() {
                format!("tool not found: {name}")
            } else {
                format!("tool not found: {name}; near names: {}", near.join(", "))
            }
        })
    }

    /// The tool's name for people.
    pub(crate) fn title(&self, name: &str) -> Option<String> {
        self.entries
            .get(name)
            .and_then(|entry| entry.annotations.title.clone())
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
fn object_schema(schema: &Arc<Value>) -> Arc<Value> {
    let fits = |schema: &Map<String, Value>| {
        schema.contains_key("type") && schema.contains_key("properties")
    };
    match schema.as_object() {
        Some(map) if fits(map) => Arc::clone(schema),
        Some(map) => {
            let mut map = map.clone();
            map.entry("type").or_insert_with(|| json!("object"));
            map.entry("properties").or_insert_with(|| json!({}));
            Arc::new(Value::Object(map))
        }
        None => Arc::new(json!({"type": "object", "properties": {}})),
    }
}
