//! A server's tools as the agent lists them: those that are offered, with what the model may see of their schemas.

use std::collections::BTreeMap;

use frontdesk_agent::{Annotations, Schema, Strictness, ToolDefinition, ToolInfo};
use rmcp::model::Tool;
use serde_json::Value;

use crate::McpServerConfig;
use crate::hidden::{Places, is_left, strip};
use crate::http_failure::within;
use crate::schema::inlined;

/// How many tools of a server are taken.
pub(crate) const MAX_TOOLS: usize = 512;
/// The longest description that the model reads, in bytes.
const MAX_DESCRIPTION_BYTES: usize = 16 * 1024;
/// How many pages of a list are read.
pub(crate) const MAX_PAGES: usize = 64;

/// A list as it came and as it is given out; equal lists share what was made of them.
#[derive(Debug)]
pub(crate) struct Listing {
    tools: Vec<Tool>,
    infos: Vec<ToolInfo>,
    places: BTreeMap<String, Places>,
}

impl Listing {
    /// In the order of the names, so that the model's prompt is the same whatever order the server has.
    pub(crate) fn new(tools: Vec<Tool>, config: &McpServerConfig) -> Self {
        let mut listing = Self {
            infos: Vec::new(),
            places: BTreeMap::new(),
            tools,
        };
        for tool in &listing.tools {
            if !config.tools.admits(&tool.name) {
                continue;
            }
            match inlined(&tool.input_schema) {
                Ok(mut schema) => {
                    let places = strip(&mut schema, &config.hidden);
                    let schema = Value::Object(schema);
                    if is_left(&schema, &config.hidden) {
                        tracing::warn!(
                            server = config.name,
                            tool = %tool.name,
                            "inside an argument of a tool stands one with the name of a hidden one; the model gives it"
                        );
                    }
                    listing.infos.push(info(tool, schema));
                    listing.places.insert(tool.name.to_string(), places);
                }
                Err(reason) => tracing::warn!(
                    server = config.name,
                    tool = %tool.name,
                    reason,
                    "a tool is left out for its schema"
                ),
            }
        }
        listing
    }

    pub(crate) fn has(&self, tools: &[Tool]) -> bool {
        self.tools == tools
    }

    pub(crate) fn infos(&self) -> &[ToolInfo] {
        &self.infos
    }

    /// Where a tool takes the hidden arguments; `None` for one that isn't offered.
    pub(crate) fn places(&self, name: &str) -> Option<&Places> {
        self.places.get(name)
    }

    /// Whether a call may be sent again although it may have been carried out.
    pub(crate) fn is_repeatable(&self, name: &str) -> bool {
        self.tools
            .iter()
            .filter(|tool| tool.name == name)
            .filter_map(|tool| tool.annotations.as_ref())
            .any(|annotations| {
                annotations.read_only_hint == Some(true)
                    || annotations.idempotent_hint == Some(true)
            })
    }
}

/// In the order of their names, each name once.
pub(crate) fn ordered(mut tools: Vec<Tool>) -> Vec<Tool> {
    tools.sort_by(|a, b| a.name.cmp(&b.name));
    tools.dedup_by(|a, b| a.name == b.name);
    tools
}

fn info(tool: &Tool, schema: Value) -> ToolInfo {
    let annotations = tool.annotations.clone().unwrap_or_default();
    let definition = ToolDefinition {
        name: tool.name.to_string(),
        description: within(
            tool.description.as_deref().unwrap_or_default(),
            MAX_DESCRIPTION_BYTES,
        ),
        parameters: Schema::new(schema),
        strict: Strictness::Lenient,
    };
    ToolInfo::new(
        definition,
        Annotations {
            title: tool.title.clone().or(annotations.title),
            read_only: annotations.read_only_hint,
            destructive: annotations.destructive_hint,
            idempotent: annotations.idempotent_hint,
        },
    )
}
