//! `[agent.NAME]`: the agents that answer.

mod approval;
mod handoffs;
mod names;
mod tools;

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_model::Settings;
use serde_json::Value;

use super::client_tool::read_schema;
use super::layers::Layers;
use super::section::Section;
use super::{ConfigError, ModelSection, Setting, model, settings};

pub(crate) use names::check;

pub use approval::ApprovalKeys;
pub use handoffs::HandoffSection;
pub use tools::AgentTools;

/// The agent's name when nothing is said, and the one that begins where there are several.
pub(crate) const DEFAULT_AGENT: &str = "assistant";

/// `[agent.NAME]`.
#[derive(Debug, Clone)]
pub struct AgentSection {
    /// `description`: what it is for, for agents that may hand over to it or ask it.
    pub description: Option<Setting<String>>,
    /// `model`: which of the models it asks.
    pub model: Setting<String>,
    /// `temperature` and the other keys of a model about how it answers: what is said here counts before the model's own.
    pub settings: Settings,
    /// `instructions` or `instructions_file`.
    pub instructions: Option<Setting<String>>,
    /// `handoffs`: to whom it may hand over.
    pub handoffs: Vec<HandoffSection>,
    /// `mcp`, `tools` and what else there is about tools.
    pub tools: AgentTools,
    /// `ask_before`, `always_ask` and `never_ask`.
    pub approval: ApprovalKeys,
    /// `max_turns`: how often it may ask the model in one turn.
    pub max_turns: Option<Setting<u32>>,
    /// `guardrails`: what checks it, by name.
    pub guardrails: Option<Setting<Vec<String>>>,
    /// `output_schema_file`: the JSON schema of its answers, where they aren't words.
    pub output_schema: Option<Setting<Value>>,
}

/// Reads all agents. Without any, there is the usual one.
pub(crate) fn read_all(
    layers: &mut Layers,
    models: &BTreeMap<String, ModelSection>,
) -> Result<BTreeMap<String, AgentSection>, ConfigError> {
    let mut names = layers.names("agent");
    if names.is_empty() {
        names.insert(DEFAULT_AGENT.to_owned());
    }
    let mut agents = BTreeMap::new();
    for name in names {
        let agent = AgentSection::read(layers, &name, models)?;
        agents.insert(name, agent);
    }
    Section::new(layers, "agent").finish()?;
    Ok(agents)
}

impl AgentSection {
    fn read(
        layers: &mut Layers,
        name: &str,
        models: &BTreeMap<String, ModelSection>,
    ) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, format!("agent.{name}"));
        let description = section.name("description")?;
        let model = section.text("model")?;
        let settings = settings::read(&mut section)?;
        let text = section.text("instructions")?;
        let file = section.path("instructions_file")?;
        let handoffs = handoffs::read(&mut section)?;
        let tools = AgentTools::read(&mut section)?;
        let max_turns = section.number("max_turns", "a number from 1")?;
        let approval = ApprovalKeys::read(&mut section)?;
        let guardrails = section.list("guardrails")?;
        let schema_file = section.path("output_schema_file")?;
        let schema_key = section.key("output_schema_file");
        section.finish()?;

        let instructions = match (text, file) {
            (Some(_), Some(file)) => {
                return Err(ConfigError::Conflict {
                    message: format!(
                        "agent.{name}.instructions and agent.{name}.instructions_file (from {}) are both set: keep one",
                        file.origin
                    ),
                });
            }
            (None, Some(file)) => {
                let text =
                    std::fs::read_to_string(&file.value).map_err(|error| ConfigError::File {
                        path: file.value.clone(),
                        detail: error.to_string(),
                    })?;
                Some(file.map(|_| text))
            }
            (text, None) => text,
        };
        let output_schema = match schema_file {
            Some(file) => {
                let schema = read_schema(schema_key, &file.value, &file.origin)?;
                Some(file.map(|_| schema))
            }
            None => None,
        };
        Ok(Self {
            description,
            model: model.unwrap_or_else(|| model::usual(models)),
            settings,
            instructions,
            handoffs,
            tools,
            approval,
            max_turns,
            guardrails,
            output_schema,
        })
    }
}

fn set_of(names: Option<Setting<Vec<String>>>) -> BTreeSet<String> {
    names
        .into_iter()
        .flat_map(|setting| setting.value)
        .collect()
}
