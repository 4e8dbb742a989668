//! The keys of `[agent.NAME]` about tools: where they come from, and which of them are called when.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_agent::AfterToolUse;
use frontdesk_model::{ParallelToolCalls, ToolChoice};
use serde_json::Value as Json;
use toml::Value;

use super::super::json::json;
use super::super::section::Section;
use super::super::{ConfigError, Setting};

/// What an agent has of tools.
#[derive(Debug, Clone)]
pub struct AgentTools {
    /// `mcp`: the tool servers that it may use; all of them when nothing is said.
    pub mcp: Option<Setting<Vec<String>>>,
    /// `tools`: by server, which of its tools, by patterns such as `list_*`; all of them where nothing is said.
    pub only: BTreeMap<String, Setting<Vec<String>>>,
    /// `agents_as_tools`: other agents that it may ask.
    pub agents: Option<Setting<Vec<String>>>,
    /// `client_tools`: tools of the user's own page.
    pub client: Option<Setting<Vec<String>>>,
    /// `hosted_tools`: tools that the provider runs by itself, as its API has them.
    pub hosted: Option<Setting<Vec<Json>>>,
    /// `tool_choice`: whether it must call one.
    pub choice: Setting<ToolChoice>,
    /// `reset_tool_choice`: whether that holds until the first call alone.
    pub after_use: Setting<AfterToolUse>,
    /// `parallel_tool_calls`.
    pub parallel: Setting<ParallelToolCalls>,
    /// `max_parallel_tools`: how many run at the same time.
    pub max_parallel: Option<Setting<usize>>,
    /// `stop_at_tools`: tools whose result is the answer.
    pub stop_at: BTreeSet<String>,
}

impl AgentTools {
    pub(super) fn read(section: &mut Section<'_>) -> Result<Self, ConfigError> {
        let after_use = (AfterToolUse::Keep, AfterToolUse::Reset);
        let parallel = (ParallelToolCalls::OneAtATime, ParallelToolCalls::Allowed);
        Ok(Self {
            mcp: section.list("mcp")?,
            only: only(section)?,
            agents: section.list("agents_as_tools")?,
            client: section.list("client_tools")?,
            hosted: section.read(
                "hosted_tools",
                "a list of tables with a type, such as [{ type = \"web_search\" }]",
                hosted,
            )?,
            choice: section.name("tool_choice")?.map_or_else(
                || Setting::default_value(ToolChoice::Auto),
                |it| it.map(choice),
            ),
            after_use: section
                .flag("reset_tool_choice", after_use)?
                .unwrap_or_else(|| Setting::default_value(AfterToolUse::default())),
            parallel: section
                .flag("parallel_tool_calls", parallel)?
                .unwrap_or_else(|| Setting::default_value(ParallelToolCalls::default())),
            max_parallel: section.number("max_parallel_tools", "a number of tools from 1")?,
            stop_at: super::set_of(section.list("stop_at_tools")?),
        })
    }

    /// Whether it has this server, so far as names say.
    pub(crate) fn has_server(&self, name: &str) -> bool {
        match &self.mcp {
            Some(mcp) => mcp.value.iter().any(|has| has == name),
            None => true,
        }
    }
}

fn choice(word: String) -> ToolChoice {
    match word.as_str() {
        "auto" => ToolChoice::Auto,
        "required" => ToolChoice::Required,
        "none" => ToolChoice::None,
        _ => ToolChoice::Tool(word),
    }
}

fn hosted(value: &Value) -> Option<Vec<Json>> {
    let list = match value {
        Value::String(text) => serde_json::from_str(text).ok()?,
        value => json(value)?,
    };
    let tools = list.as_array()?.clone();
    let has_type = |tool: &Json| tool.get("type").is_some_and(Json::is_string);
    tools.iter().all(has_type).then_some(tools)
}

fn only(section: &mut Section<'_>) -> Result<BTreeMap<String, Setting<Vec<String>>>, ConfigError> {
    let mut section = section.below("tools");
    let mut only = BTreeMap::new();
    for server in section.names() {
        let patterns = section.list(&server)?;
        match patterns {
            Some(patterns) if patterns.value.is_empty() => {
                return Err(ConfigError::Invalid {
                    key: section.key(&server),
                    origin: patterns.origin,
                    expected: "names of tools, such as [\"list_*\"]; to have none of a server's, leave it out of mcp"
                        .to_owned(),
                    found: None,
                });
            }
            Some(patterns) => {
                only.insert(server, patterns);
            }
            None => {}
        }
    }
    section.finish()?;
    Ok(only)
}
