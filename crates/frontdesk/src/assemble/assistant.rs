//! The assistant that the configuration describes.

use std::sync::Arc;

use frontdesk_agent::{Agent, Agents, ApprovalPolicy, Instructions, Limits, Toolset};
use frontdesk_chat::Responder;
use frontdesk_chat::assistant::{Assistant, InstructionsTemplate, TurnContext};
use frontdesk_model::Settings;

use super::model::model;
use super::watched_model::WatchedModel;
use crate::Error;
use crate::config::{Config, ConfigError, Origin};
use crate::health::Health;

/// What the model is told when nothing is configured.
const DEFAULT_INSTRUCTIONS: &str = "\
You are the assistant of this application. You work for the signed-in user, with the tools that you have.
Use a tool whenever the answer lies there; don't guess at what a tool can tell.
Some tools ask the user for approval by themselves when you call them, so don't ask for it in words first.
Say plainly when something failed or can't be done. Be brief and friendly.
Today is {{ date }} (UTC).";

/// The assistant with its model, instructions and tools.
pub(crate) fn assistant(
    config: &Config,
    http: &reqwest::Client,
    toolsets: Vec<Arc<dyn Toolset<TurnContext>>>,
    health: &mut Health,
) -> Result<Arc<dyn Responder>, Error> {
    let name = &config.agent.model.value;
    let section = config.models.get(name).ok_or_else(|| Error::Model {
        name: name.clone(),
        detail: "there is no such model".to_owned(),
    })?;
    let watched = Arc::new(WatchedModel::new(model(name, section, http)?));
    let watch = Arc::clone(&watched);
    health.add(format!("model.{name}"), move || watch.state());

    let mut limits = Limits::default();
    if let Some(turns) = &config.agent.max_turns {
        limits.max_turns = turns.value;
    }
    let settings = Settings {
        temperature: section.temperature.as_ref().map(|setting| setting.value),
        max_output_tokens: section
            .max_output_tokens
            .as_ref()
            .map(|setting| setting.value),
        reasoning_effort: section
            .reasoning_effort
            .as_ref()
            .map(|setting| setting.value.clone()),
        ..Settings::default()
    };
    let agent = Agent {
        instructions: instructions(config)?,
        settings,
        toolsets,
        approval: approval(config),
        limits,
        ..Agent::new(config.agent.name.as_str(), "", watched)
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
