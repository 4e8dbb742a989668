//! The assistant that the configuration describes.

use std::sync::Arc;

use frontdesk_agent::{Agent, Agents, ApprovalPolicy, Instructions, Limits, Toolset};
use frontdesk_chat::Responder;
use frontdesk_chat::assistant::{Assistant, InstructionsTemplate, TurnContext};

use super::model::Models;
use crate::Error;
use crate::config::{Config, ConfigError, Origin};

/// What the model is told when nothing is configured.
const DEFAULT_INSTRUCTIONS: &str = "\
You are the assistant of this application. You work for the signed-in user, with the tools that you have.
Use a tool whenever the answer lies there; don't guess at what a tool can tell.
Some tools ask the user for approval by themselves when you call them, so don't ask for it in words first.
Say plainly when something failed or can't be done. Be brief and friendly.
Today is {{ date }} (UTC).";

/// Where the tools come from.
pub(crate) struct Toolsets {
    /// The tool servers.
    pub(crate) servers: Vec<Arc<dyn Toolset<TurnContext>>>,
    /// What was brought along, for every agent.
    pub(crate) own: Vec<Arc<dyn Toolset<TurnContext>>>,
}

impl Toolsets {
    /// Those that an agent has; `wanted` names its servers, where not all are its own.
    fn of(&self, wanted: Option<&[String]>) -> Vec<Arc<dyn Toolset<TurnContext>>> {
        let is_wanted = |name: &str| match wanted {
            Some(wanted) => wanted.iter().any(|wanted| wanted == name),
            None => true,
        };
        let servers = self
            .servers
            .iter()
            .filter(|toolset| is_wanted(toolset.name()));
        servers.chain(&self.own).cloned().collect()
    }
}

/// The assistant with its model, instructions and tools.
pub(crate) fn assistant(
    config: &Config,
    models: &mut Models<'_>,
    toolsets: &Toolsets,
) -> Result<Arc<dyn Responder>, Error> {
    let model = models.get(&config.agent.model.value)?;
    let mut limits = Limits::default();
    if let Some(turns) = &config.agent.max_turns {
        limits.max_turns = turns.value;
    }
    let agent = Agent {
        instructions: instructions(config)?,
        toolsets: toolsets.of(config.agent.mcp.as_ref().map(|mcp| mcp.value.as_slice())),
        approval: approval(config),
        limits,
        ..Agent::new(config.agent.name.as_str(), "", model)
    };
    Ok(Arc::new(Assistant::new(Agents::of(agent))))
}

fn approval(config: &Config) -> ApprovalPolicy {
    let agent = &config.agent;
    let ask = agent.ask_before.as_ref();
    ApprovalPolicy {
        ask: ask.map(|setting| setting.value).unwrap_or_default(),
        always: agent.always_ask.clone(),
        never: agent.never_ask.clone(),
    }
}

fn instructions(config: &Config) -> Result<Instructions<TurnContext>, Error> {
    let (text, origin) = match &config.agent.instructions {
        Some(instructions) => (instructions.value.as_str(), instructions.origin.clone()),
        None => (DEFAULT_INSTRUCTIONS, Origin::Default),
    };
    let template = InstructionsTemplate::parse(text).map_err(|error| ConfigError::Invalid {
        key: format!("agent.{}.instructions", config.agent.name),
        origin,
        expected: "a template".to_owned(),
        found: Some(error.reason),
    })?;
    Ok(Instructions::fallible(move |context, principal| {
        let written = template.render(context, principal);
        written.map_err(|error| error.to_string())
    }))
}
