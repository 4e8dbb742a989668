//! `handoffs` of `[agent.NAME]`: the agents to whom it may hand the conversation over.

use frontdesk_agent::HandoffHistory;

use super::super::client_tool::is_tool_name;
use super::super::section::{Element, Section};
use super::super::{ConfigError, Setting};

/// One of `handoffs`: a name, or a table.
#[derive(Debug, Clone)]
pub struct HandoffSection {
    /// `to`: the agent that goes on.
    pub to: Setting<String>,
    /// `description`: when to hand over, for the model.
    pub description: Option<Setting<String>>,
    /// `tool_name`: what the model calls.
    pub tool_name: Option<Setting<String>>,
    /// `history`: what the other agent reads of the conversation before.
    pub history: Setting<HandoffHistory>,
}

pub(super) fn read(section: &mut Section<'_>) -> Result<Vec<HandoffSection>, ConfigError> {
    let expected = "a list of agents, each a name or a table such as { to = \"billing\" }";
    let elements = section.elements("handoffs", expected)?;
    let mut handoffs = Vec::new();
    for (index, element) in elements.into_iter().enumerate() {
        handoffs.push(match element.value {
            Element::Name(name) => HandoffSection {
                to: Setting {
                    value: name,
                    origin: element.origin,
                },
                description: None,
                tool_name: None,
                history: Setting::default_value(HandoffHistory::All),
            },
            Element::Table => table(section.below(&format!("handoffs.{index}")))?,
        });
    }
    Ok(handoffs)
}

fn table(mut section: Section<'_>) -> Result<HandoffSection, ConfigError> {
    let to = section.name("to")?;
    let description = section.name("description")?;
    let expected = "a name of at most 64 letters, digits, \"_\" and \"-\"";
    let tool_name = section.read("tool_name", expected, |value| {
        let name = value.as_str().filter(|name| is_tool_name(name))?;
        Some(name.to_owned())
    })?;
    let choices = [
        ("all", HandoffHistory::All),
        ("without_tools", HandoffHistory::WithoutTools),
        ("newest_message", HandoffHistory::NewestMessage),
    ];
    let history = section.choice("history", &choices)?;
    let to_key = section.key("to");
    section.finish()?;
    Ok(HandoffSection {
        to: to.ok_or_else(|| ConfigError::Missing {
            key: to_key,
            expected: "the name of an agent".to_owned(),
        })?,
        description,
        tool_name,
        history: history.unwrap_or_else(|| Setting::default_value(HandoffHistory::All)),
    })
}
