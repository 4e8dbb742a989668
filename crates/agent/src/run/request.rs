//! What a model is asked: the conversation as its agent reads it, and what the agent says of tools and form.

use frontdesk_model::{Item, OutputFormat, ParallelToolCalls, Request, ToolChoice};

use super::driver::Driver;
use crate::agent::AfterToolUse;
use crate::output::OutputSchema;
use crate::state::State;

impl<C: Send + Sync + 'static> Driver<'_, C> {
    pub(super) fn request(&self, state: &State) -> Request {
        let away = (!self.catalog.away.is_empty()).then(|| away_message(&self.catalog.away));
        let agent = &self.agent;
        let has_tools = !self.catalog.definitions.is_empty() || !agent.hosted_tools.is_empty();
        let (tool_choice, parallel_tool_calls) = if has_tools {
            (self.tool_choice(state), agent.parallel_tool_calls)
        } else {
            (ToolChoice::Auto, ParallelToolCalls::ProviderDefault)
        };
        let output = agent.output.as_ref();
        Request {
            instructions: self.instructions.clone(),
            input: away.into_iter().chain(self.seen(state)).collect(),
            tools: self.catalog.definitions.clone(),
            tool_choice,
            parallel_tool_calls,
            output: output.map_or(OutputFormat::Text, OutputSchema::format),
            hosted_tools: agent.hosted_tools.clone(),
            settings: agent.settings.clone(),
        }
    }

    /// The conversation as the agent reads it: each that took over, in this run or before it, reads what its handoff lets
    /// it see of what was before.
    fn seen(&self, state: &State) -> Vec<Item> {
        let mut seen = self.agents.seen_later(state.input.clone());
        let mut taken = 0;
        for handover in &state.handovers {
            let before = state.new_items.get(taken..handover.after);
            seen.extend(before.unwrap_or_default().iter().cloned());
            seen = self.agents.seen_after(&handover.from, &handover.to, seen);
            taken = handover.after;
        }
        seen.extend(state.new_items.iter().skip(taken).cloned());
        seen
    }

    /// What was chosen for the run holds for the agent that begins, until it has called a tool.
    fn tool_choice(&self, state: &State) -> ToolChoice {
        let agent = &self.agent;
        let has_used_tools = state.tool_users.contains(&agent.name);
        let is_first = state.handovers.is_empty();
        match &self.options.tool_choice {
            Some(chosen) if is_first && !has_used_tools => self.known_choice(chosen),
            _ if has_used_tools && agent.after_tool_use == AfterToolUse::Reset => ToolChoice::Auto,
            _ => self.known_choice(&agent.tool_choice),
        }
    }

    /// The choice with the tool's name as the model knows it. A tool that isn't there can't be chosen.
    fn known_choice(&self, choice: &ToolChoice) -> ToolChoice {
        let ToolChoice::Tool(name) = choice else {
            return choice.clone();
        };
        if let Some(known) = self.catalog.name_of(name) {
            return ToolChoice::Tool(known.to_owned());
        }
        let mut hosted = self.agent.hosted_tools.iter();
        let is_hosted =
            |field| move |tool: &serde_json::Value| tool.get(field).is_some_and(|of| of == name);
        if hosted.any(|tool| is_hosted("type")(tool) || is_hosted("name")(tool)) {
            return choice.clone();
        }
        tracing::warn!(
            tool = name,
            "the chosen tool isn't there; the model chooses"
        );
        ToolChoice::Auto
    }
}

fn away_message(away: &[String]) -> Item {
    Item::developer(format!(
        "These tool servers can't be reached at the moment, so their tools are missing: {}. \
         If a request needs them, say that they are unavailable and that it is worth trying again later.",
        away.join(", ")
    ))
}
