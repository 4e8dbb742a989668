//! What the agents' sections say of other sections, checked when all of them are read.

use std::collections::BTreeMap;

use super::super::names::{Names, check_circles};
use super::super::{ClientToolSection, ConfigError, GuardrailSection, ModelSection, Setting};
use super::AgentSection;

/// Fails where an agent names what isn't there, or where agents ask each other in a circle.
pub(crate) fn check(
    agents: &BTreeMap<String, AgentSection>,
    models: &BTreeMap<String, ModelSection>,
    client_tools: &BTreeMap<String, ClientToolSection>,
    guardrails: &BTreeMap<String, GuardrailSection>,
) -> Result<(), ConfigError> {
    let others = Names::of("[agent.NAME]", agents);
    let client_tools = Names::of("[client_tool.NAME]", client_tools);
    let guardrails = Names::of("[guardrail.NAME]", guardrails);
    for (name, agent) in agents {
        let key = |key: &str| format!("agent.{name}.{key}");
        check_model(&key("model"), agent, models)?;
        for handoff in &agent.handoffs {
            others.check(&key("handoffs"), &handoff.to.origin, &handoff.to.value)?;
            if handoff.to.value == *name {
                return Err(ConfigError::Conflict {
                    message: format!(
                        "{} (from {}) names the agent itself",
                        key("handoffs"),
                        handoff.to.origin
                    ),
                });
            }
        }
        if let Some(asked) = &agent.tools.agents {
            others.check_all(&key("agents_as_tools"), asked)?;
            check_described(name, asked, agents)?;
        }
        if let Some(client) = &agent.tools.client {
            client_tools.check_all(&key("client_tools"), client)?;
        }
        if let Some(named) = &agent.guardrails {
            guardrails.check_all(&key("guardrails"), named)?;
        }
    }
    let asked = agents
        .iter()
        .filter_map(|(name, agent)| Some((name.as_str(), agent.tools.agents.as_ref()?)));
    check_circles(&asked.collect(), |name| {
        format!("agent.{name}.agents_as_tools")
    })
}

/// A model knows of an agent that it may ask only what is written about it.
fn check_described(
    asking: &str,
    asked: &Setting<Vec<String>>,
    agents: &BTreeMap<String, AgentSection>,
) -> Result<(), ConfigError> {
    let has_none = |name: &&String| {
        let agent = agents.get(*name);
        agent.is_some_and(|agent| agent.description.is_none())
    };
    match asked.value.iter().find(has_none) {
        Some(name) => Err(ConfigError::Missing {
            key: format!("agent.{name}.description"),
            expected: format!("what it is for, since agent.{asking} has it as a tool"),
        }),
        None => Ok(()),
    }
}

fn check_model(
    key: &str,
    agent: &AgentSection,
    models: &BTreeMap<String, ModelSection>,
) -> Result<(), ConfigError> {
    if models.contains_key(&agent.model.value) {
        return Ok(());
    }
    let known: Vec<&str> = models.keys().map(String::as_str).collect();
    Err(ConfigError::Invalid {
        key: key.to_owned(),
        origin: agent.model.origin.clone(),
        expected: format!("one of {}", known.join(", ")),
        found: Some(format!("{:?}", agent.model.value)),
    })
}
