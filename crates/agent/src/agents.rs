//! The agents that a run may go through, by name, and which of them begins.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use frontdesk_model::Item;

use crate::agent::Agent;
use crate::handoff::{Handoff, takes_over};

/// Agents that hand over to each other. Immutable, shared by all runs.
pub struct Agents<C> {
    entry: Arc<Agent<C>>,
    by_name: BTreeMap<String, Arc<Agent<C>>>,
}

/// Agents that don't fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentsError {
    /// Two have the same name.
    #[error("two agents are named {name:?}")]
    SameName {
        /// The name.
        name: String,
    },
    /// Agents are tools of each other too deep.
    #[error("the agent as a tool {name:?} asks agents that ask agents too deep")]
    TooDeep {
        /// The tool.
        name: String,
    },
    /// A handoff leads to an agent that isn't there, or to the agent itself.
    #[error("the agent {agent:?} can't hand over to {to:?}: {reason}")]
    Handoff {
        /// Whose handoff it is.
        agent: String,
        /// Where it leads.
        to: String,
        /// Why not.
        reason: &'static str,
    },
}

impl<C> Agents<C> {
    /// An agent, and those that it and they may hand over to.
    pub fn new(
        entry: impl Into<Arc<Agent<C>>>,
        others: impl IntoIterator<Item = Arc<Agent<C>>>,
    ) -> Result<Self, AgentsError> {
        let entry = entry.into();
        let mut by_name = BTreeMap::new();
        for agent in std::iter::once(Arc::clone(&entry)).chain(others) {
            let name = agent.name.clone();
            if by_name.insert(name.clone(), agent).is_some() {
                return Err(AgentsError::SameName { name });
            }
        }
        let agents = Self { entry, by_name };
        for agent in agents.by_name.values() {
            for handoff in &agent.handoffs {
                let reason = if handoff.to == agent.name {
                    "it is that agent"
                } else if agents.find(&handoff.to).is_none() {
                    "there is no such agent"
                } else {
                    continue;
                };
                return Err(AgentsError::Handoff {
                    agent: agent.name.clone(),
                    to: handoff.to.clone(),
                    reason,
                });
            }
        }
        Ok(agents)
    }

    /// An agent alone. Handoffs that it has lead nowhere, so its model isn't offered them.
    pub fn of(agent: impl Into<Arc<Agent<C>>>) -> Self {
        let entry = agent.into();
        let by_name = BTreeMap::from([(entry.name.clone(), Arc::clone(&entry))]);
        Self { entry, by_name }
    }

    /// The agent that begins where nothing else is said.
    pub fn entry(&self) -> &Arc<Agent<C>> {
        &self.entry
    }

    /// The agent of this name.
    pub fn find(&self, name: &str) -> Option<&Arc<Agent<C>>> {
        self.by_name.get(name)
    }

    /// The agent of this name, or the one that begins.
    pub fn find_or_entry(&self, name: Option<&str>) -> &Arc<Agent<C>> {
        name.and_then(|name| self.find(name)).unwrap_or(&self.entry)
    }

    /// What the agent `to` reads of these items, after `from` handed over to it. They are the conversation up to and
    /// with the result of the call that handed over, as `from` read it. The same items give the same; calls and results
    /// are brought into pairs. Where there is no such handoff any more, it reads them all.
    pub fn seen_after(&self, from: &str, to: &str, items: Vec<Item>) -> Vec<Item> {
        match self.handoff(from, to) {
            Some(handoff) => handoff.seen(items),
            None => Handoff::to(to).seen(items),
        }
    }

    /// What is read of a conversation in which agents handed over to each other in earlier runs: each handoff that it
    /// shows counts for what was before it, as [`seen_after`](Self::seen_after) says.
    pub fn seen_later(&self, items: Vec<Item>) -> Vec<Item> {
        let mut on_duty = self.entry.name.clone();
        let mut calls: BTreeMap<String, String> = BTreeMap::new();
        let mut handover = None;
        let mut seen = Vec::with_capacity(items.len());
        for item in items {
            // The results of one reply's calls belong together.
            if !matches!(item, Item::FunctionCallOutput(_)) {
                seen = self.taken_over(handover.take(), seen);
            }
            match &item {
                Item::FunctionCall(call) => {
                    calls.insert(call.call_id.clone(), call.name.clone());
                }
                Item::FunctionCallOutput(result) => {
                    let tool = calls.get(&result.call_id);
                    if let Some((tool, to)) = tool.zip(takes_over(&result.text()))
                        && let Some(from) = self.handing_over(&on_duty, tool, &to)
                    {
                        handover = Some((from.to_owned(), to.clone()));
                        on_duty = to;
                    }
                }
                Item::Message(_) | Item::Reasoning(_) | Item::Other(_) => {}
            }
            seen.push(item);
        }
        self.taken_over(handover, seen)
    }

    fn taken_over(&self, handover: Option<(String, String)>, items: Vec<Item>) -> Vec<Item> {
        match handover {
            Some((from, to)) => self.seen_after(&from, &to, items),
            None => items,
        }
    }

    /// Who handed over by this tool: the agent on duty, or, where that one can't, the first that can.
    fn handing_over(&self, on_duty: &str, tool: &str, to: &str) -> Option<&str> {
        let by_tool = |agent: &&Arc<Agent<C>>| {
            let mut handoffs = agent.handoffs.iter();
            handoffs.any(|handoff| handoff.to == to && handoff.tool() == tool)
        };
        let agent = self.find(on_duty).filter(by_tool);
        let agent = agent.or_else(|| self.iter().find(by_tool))?;
        Some(&agent.name)
    }

    fn handoff(&self, from: &str, to: &str) -> Option<&Handoff> {
        let mut handoffs = self.find(from)?.handoffs.iter();
        handoffs.find(|handoff| handoff.to == to)
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Agent<C>>> {
        self.by_name.values()
    }
}

impl<C> fmt::Debug for Agents<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agents")
            .field("entry", &self.entry.name)
            .field("agents", &self.by_name.keys().collect::<Vec<_>>())
            .finish()
    }
}
