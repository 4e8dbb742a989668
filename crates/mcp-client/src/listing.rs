//! A server's tools as the agent lists them.

use std::sync::Arc;

use frontdesk_agent::{Annotations, Strictness, ToolDefinition, ToolInfo};
use rmcp::model::Tool;
use serde_json::Value;

/// How many tools of a server are taken.
pub(crate) const MAX_TOOLS: usize = 512;
/// How many pages of a list are read.
pub(crate) const MAX_PAGES: usize = 64;

/// A list as it came and as it is given out; equal lists share what was made of them.
#[derive(Debug)]
pub(crate) struct Listing {
    tools: Vec<Tool>,
    infos: Vec<ToolInfo>,
}

impl Listing {
    /// In the order of the names, so that the model's prompt is the same whatever order the server has.
    pub(crate) fn new(mut tools: Vec<Tool>) -> Self {
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        tools.dedup_by(|a, b| a.name == b.name);
        let infos = tools.iter().map(info).collect();
        Self { tools, infos }
    }

    pub(crate) fn same_tools(&self, other: &Self) -> bool {
        self.tools == other.tools
    }

    pub(crate) fn infos(&self) -> &[ToolInfo] {
        &self.infos
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

fn info(tool: &Tool) -> ToolInfo {
    let annotations = tool.annotations.clone().unwrap_or_default();
    let definition = ToolDefinition {
        name: tool.name.to_string(),
        description: tool.description.clone().unwrap_or_default().into_owned(),
        parameters: Arc::new(Value::Object(tool.input_schema.as_ref().clone())),
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
