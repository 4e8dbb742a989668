//! What was told of a reply while it grew, in case that it turns out to be void.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_model::Usage;

use crate::event::{AgentEvent, OutputKey};
use crate::tool::Outcome;

/// What is told of a call in a reply that is void.
const VOID: &str = "the call was not made, because a check stopped the answer";

/// What was told of a reply.
#[derive(Default)]
pub(super) struct Told {
    keys: BTreeSet<OutputKey>,
    /// The calls that were named, by their ids, and their tools.
    calls: BTreeMap<String, String>,
}

impl Told {
    /// Keeps in mind that this was told.
    pub(super) fn note(&mut self, event: &AgentEvent) {
        match event {
            AgentEvent::TextStarted { key }
            | AgentEvent::ReasoningDelta { key, .. }
            | AgentEvent::ReasoningDone { key, .. }
            | AgentEvent::ImagePartial { key, .. }
            | AgentEvent::ImageDone { key, .. } => {
                self.keys.insert(*key);
            }
            AgentEvent::ToolCalled { call_id, name, .. } => {
                self.calls.insert(call_id.clone(), name.clone());
            }
            AgentEvent::ToolFinished { call_id, .. } => {
                self.calls.remove(call_id);
            }
            _ => {}
        }
    }

    /// What takes back the outputs that were told; the calls are finished by whoever refuses them.
    pub(super) fn withdrawn(&self) -> Option<AgentEvent> {
        let keys: Vec<OutputKey> = self.keys.iter().copied().collect();
        (!keys.is_empty()).then_some(AgentEvent::Withdrawn { keys })
    }

    /// What takes back all that was told.
    pub(super) fn take_back(self) -> Vec<AgentEvent> {
        let withdrawn = self.withdrawn();
        let finished = self
            .calls
            .into_iter()
            .map(|(call_id, name)| AgentEvent::ToolFinished {
                call_id,
                name,
                outcome: Outcome::Error,
                text: VOID.to_owned(),
                usage: Usage::default(),
                user_message: None,
            });
        finished.chain(withdrawn).collect()
    }
}
