//! The configured agents with their models, instructions and tools.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_agent::{
    Agent, AgentTool, Agents, ApprovalPolicy, ClientTool, Handoff, Hook, Instructions, Limits,
    OutputSchema, Schema, Strictness, ToolDefinition, Toolset,
};
use frontdesk_chat::assistant::{InstructionsTemplate, PageReading, TurnContext};

use super::guardrails::guardrails;
use super::models::Models;
use super::some_tools::SomeTools;
use crate::Error;
use crate::config::{
    AgentSection, AgentTools, Config, ConfigError, HandoffSection, Origin, Setting,
};

/// What the model is told when nothing is configured.
const DEFAULT_INSTRUCTIONS: &str = "\
You are the assistant of this application. You work for the signed-in user, with the tools that you have.
Use a tool whenever the answer lies there; don't guess at what a tool can tell.
Some tools ask the user for approval by themselves when you call them, so don't ask for it in words first.
Say plainly when something failed or can't be done. Be brief and friendly.
Today is {{ date }} (UTC).";

/// How much later than a model's own deadline an agent gives up waiting for it.
const MODELS_OWN_WORD: Duration = Duration::from_secs(30);

/// How much of an agent's name goes into the name of its answers' form.
const MAX_SCHEMA_NAME_CHARS: usize = 40;

/// What agents have beside what their sections say.
pub(crate) struct Equipment {
    /// The tool servers.
    pub(crate) servers: Vec<Arc<dyn Toolset<TurnContext>>>,
    /// The tools that were brought along, for every agent.
    pub(crate) own: Vec<Arc<dyn Toolset<TurnContext>>>,
    /// The hooks that were brought along, for every agent.
    pub(crate) hooks: Vec<Arc<dyn Hook<TurnContext>>>,
}

/// All agents, and which of them begins; and how they read what the page tells of itself: as their templates have it,
/// if all of those do.
pub(crate) fn agents(
    config: &Config,
    models: &mut Models<'_>,
    equipment: &Equipment,
) -> Result<(Agents<TurnContext>, PageReading), Error> {
    let mut made = Made {
        config,
        models,
        equipment,
        page: PageReading::InInstructions,
        by_name: BTreeMap::new(),
    };
    for name in config.agents.keys() {
        made.agent(name)?;
    }
    let (mut by_name, page) = (made.by_name, made.page);
    let entry = by_name
        .remove(&config.chat.assistant.agent.value)
        .ok_or_else(|| {
            unfit(format!(
                "there is no agent {:?}",
                config.chat.assistant.agent.value
            ))
        })?;
    let agents = Agents::new(entry, by_name.into_values());
    Ok((agents.map_err(|error| unfit(error.to_string()))?, page))
}

/// The agents so far: one that others ask as a tool is made before them.
struct Made<'a, 'm> {
    config: &'a Config,
    models: &'a mut Models<'m>,
    equipment: &'a Equipment,
    page: PageReading,
    by_name: BTreeMap<String, Arc<Agent<TurnContext>>>,
}

impl Made<'_, '_> {
    fn agent(&mut self, name: &str) -> Result<Arc<Agent<TurnContext>>, Error> {
        if let Some(made) = self.by_name.get(name) {
            return Ok(Arc::clone(made));
        }
        let section = self.config.agents.get(name);
        let section = section.ok_or_else(|| unfit(format!("there is no agent {name:?}")))?;
        let (tools, usual) = (&section.tools, Limits::default());
        let max_turns = section.max_turns.as_ref().map(|turns| turns.value);
        let max_parallel = tools.max_parallel.as_ref().map(|most| most.value);
        let agent = Agent {
            description: said(section.description.as_ref()).unwrap_or_default(),
            instructions: self.instructions(name, section)?,
            settings: section.settings.clone(),
            toolsets: self.toolsets(name, tools)?,
            client_tools: self.client_tools(tools),
            hosted_tools: tools
                .hosted
                .iter()
                .flat_map(|list| list.value.clone())
                .collect(),
            handoffs: section.handoffs.iter().map(handoff).collect(),
            tool_choice: tools.choice.value.clone(),
            after_tool_use: tools.after_use.value,
            parallel_tool_calls: tools.parallel.value,
            stop_at_tools: tools.stop_at.clone(),
            output: section
                .output_schema
                .as_ref()
                .map(|schema| OutputSchema::new(schema_name(name), schema.value.clone())),
            guardrails: guardrails(
                section
                    .guardrails
                    .as_ref()
                    .map_or(&[], |names| &names.value),
                &self.config.guardrails,
                self.models,
            )?,
            hooks: self.equipment.hooks.clone(),
            approval: approval(section),
            limits: Limits {
                max_turns: max_turns.unwrap_or(usual.max_turns),
                max_parallel_tools: max_parallel.unwrap_or(usual.max_parallel_tools),
                model_timeout: usual.model_timeout.max(longest_silence(self.config)),
                ..usual
            },
            ..Agent::new(name, "", self.models.get(&section.model.value)?)
        };
        let agent = Arc::new(agent);
        self.by_name.insert(name.to_owned(), Arc::clone(&agent));
        Ok(agent)
    }

    fn instructions(
        &mut self,
        name: &str,
        section: &AgentSection,
    ) -> Result<Instructions<TurnContext>, ConfigError> {
        let (text, origin) = match &section.instructions {
            Some(instructions) => (instructions.value.as_str(), instructions.origin.clone()),
            None => (DEFAULT_INSTRUCTIONS, Origin::Default),
        };
        let template = InstructionsTemplate::parse(text).map_err(|error| ConfigError::Invalid {
            key: format!("agent.{name}.instructions"),
            origin,
            expected: "a template".to_owned(),
            found: Some(error.reason),
        })?;
        if !template.reads_page() {
            self.page = PageReading::WithMessages;
        }
        Ok(Instructions::fallible(move |context, principal| {
            let written = template.render(context, principal);
            written.map_err(|error| error.to_string())
        }))
    }

    fn toolsets(
        &mut self,
        name: &str,
        tools: &AgentTools,
    ) -> Result<Vec<Arc<dyn Toolset<TurnContext>>>, Error> {
        let servers = self.equipment.servers.iter();
        let servers = servers.filter(|toolset| tools.has_server(toolset.name()));
        let mut toolsets: Vec<_> = servers
            .map(|toolset| match tools.only.get(toolset.name()) {
                Some(only) => SomeTools::of(Arc::clone(toolset), &only.value),
                None => Arc::clone(toolset),
            })
            .collect();
        toolsets.extend(self.equipment.own.iter().cloned());
        for asked in tools.agents.iter().flat_map(|list| &list.value) {
            toolsets.push(self.agent_tool(name, asked)?);
        }
        Ok(toolsets)
    }

    /// An agent as a tool of another one. It answers alone, so handoffs of its own lead nowhere.
    fn agent_tool(
        &mut self,
        asking: &str,
        asked: &str,
    ) -> Result<Arc<dyn Toolset<TurnContext>>, Error> {
        let agent = self.agent(asked)?;
        let description = agent.description.clone();
        let tool = AgentTool::new(Agents::of(agent), asked, description);
        let tool = tool.map_err(|error| {
            unfit(format!(
                "agent.{asking}.agents_as_tools: {asked:?}: {error}"
            ))
        })?;
        Ok(Arc::new(tool))
    }

    fn client_tools(&self, tools: &AgentTools) -> Vec<ClientTool> {
        let names = tools.client.iter().flat_map(|list| &list.value);
        let tools = names.filter_map(|name| {
            let section = self.config.client_tools.get(name)?;
            Some(ClientTool {
                definition: ToolDefinition {
                    name: name.clone(),
                    description: section.description.value.clone(),
                    parameters: Schema::new(section.parameters.value.clone()),
                    strict: Strictness::Lenient,
                },
                title: said(section.title.as_ref()),
            })
        });
        tools.collect()
    }
}

/// How long any of the models may be silent by its own keys, with time for it to say so itself.
fn longest_silence(config: &Config) -> Duration {
    let calls = config.models.values().map(|model| &model.calls);
    let longest = calls.map(|calls| calls.first_byte_timeout.value.max(calls.idle_timeout.value));
    longest
        .max()
        .unwrap_or_default()
        .saturating_add(MODELS_OWN_WORD)
}

/// What leads from an agent to another one.
fn handoff(section: &HandoffSection) -> Handoff {
    Handoff {
        description: said(section.description.as_ref()),
        tool_name: said(section.tool_name.as_ref()),
        history: section.history.value,
        ..Handoff::to(section.to.value.as_str())
    }
}

fn approval(section: &AgentSection) -> ApprovalPolicy {
    let keys = &section.approval;
    let ask = keys.ask_before.as_ref();
    ApprovalPolicy {
        ask: ask.map(|setting| setting.value).unwrap_or_default(),
        always: keys.always_ask.clone(),
        never: keys.never_ask.clone(),
    }
}

/// What the form of an agent's answers is called, in the signs that providers take.
fn schema_name(agent: &str) -> String {
    let signs = agent.chars().take(MAX_SCHEMA_NAME_CHARS);
    let name: String = signs
        .map(|sign| {
            if sign.is_ascii_alphanumeric() {
                sign
            } else {
                '_'
            }
        })
        .collect();
    format!("{name}_answer")
}

fn said(setting: Option<&Setting<String>>) -> Option<String> {
    setting.map(|setting| setting.value.clone())
}

fn unfit(message: String) -> Error {
    ConfigError::Conflict { message }.into()
}
