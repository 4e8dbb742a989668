//! `[agent.NAME]`: the assistant that answers.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_agent::Ask;

use super::layers::Layers;
use super::model;
use super::section::Section;
use super::{ConfigError, ModelSection, Setting};

/// The assistant's name when nothing is said.
const DEFAULT_AGENT: &str = "assistant";

/// `[agent.NAME]`. There is exactly one today.
#[derive(Debug, Clone)]
pub struct AgentSection {
    /// The name in the section's heading.
    pub name: String,
    /// `model`: which of the models it asks.
    pub model: Setting<String>,
    /// `instructions` or `instructions_file`.
    pub instructions: Option<Setting<String>>,
    /// `mcp`: the tool servers that it may use; all of them when nothing is said.
    pub mcp: Option<Setting<Vec<String>>>,
    /// `max_turns`: how often it may ask the model in one turn.
    pub max_turns: Option<Setting<u32>>,
    /// `ask_before`: which tools ask the user first, besides those named below; the destructive ones when nothing is
    /// said.
    pub ask_before: Option<Setting<Ask>>,
    /// `always_ask`: tools that ask, whatever else is said of them.
    pub always_ask: BTreeSet<String>,
    /// `never_ask`: tools that don't.
    pub never_ask: BTreeSet<String>,
}

impl AgentSection {
    pub(crate) fn read(
        layers: &mut Layers,
        models: &BTreeMap<String, ModelSection>,
    ) -> Result<Self, ConfigError> {
        let mut names = layers.names("agent").into_iter();
        let name = names.next().unwrap_or_else(|| DEFAULT_AGENT.to_owned());
        if let Some(second) = names.next() {
            return Err(ConfigError::Conflict {
                message: format!(
                    "agent.{name} and agent.{second} are both set: there can be one agent today"
                ),
            });
        }
        let mut section = Section::new(layers, format!("agent.{name}"));
        let model_name = section.text("model")?;
        let text = section.text("instructions")?;
        let file = section.path("instructions_file")?;
        let mcp = section.list("mcp")?;
        let max_turns = section.number("max_turns", "a number from 1")?;
        let choices = [("destructive", Ask::Destructive), ("never", Ask::Never)];
        let ask_before = section.choice("ask_before", &choices)?;
        let always_ask = names_of(section.list("always_ask")?);
        let never_ask = names_of(section.list("never_ask")?);
        section.finish()?;
        if let Some(both) = always_ask.intersection(&never_ask).next() {
            return Err(ConfigError::Conflict {
                message: format!(
                    "agent.{name}.always_ask and agent.{name}.never_ask both name \"{both}\": keep one"
                ),
            });
        }
        Section::new(layers, "agent").finish()?;

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
        let model = match model_name {
            Some(model) => model,
            None => model::usual(models),
        };
        if !models.contains_key(&model.value) {
            return Err(ConfigError::Invalid {
                key: format!("agent.{name}.model"),
                origin: model.origin,
                expected: format!(
                    "one of {}",
                    models.keys().cloned().collect::<Vec<_>>().join(", ")
                ),
                found: Some(format!("{:?}", model.value)),
            });
        }
        Ok(Self {
            name,
            model,
            instructions,
            mcp,
            max_turns,
            ask_before,
            always_ask,
            never_ask,
        })
    }
}

fn names_of(names: Option<Setting<Vec<String>>>) -> BTreeSet<String> {
    names
        .into_iter()
        .flat_map(|setting| setting.value)
        .collect()
}
