//! The assistant that the configuration describes: its agents, and what it does besides answering.

use std::collections::BTreeMap;
use std::sync::Arc;

use frontdesk_agent::Agents;
use frontdesk_chat::Responder;
use frontdesk_chat::assistant::{
    Assistant, AssistantOptions, HistoryLimits, PageReading, TurnContext,
};
use frontdesk_model::Model;

use super::agents::{Equipment, agents};
use super::models::Models;
use crate::Error;
use crate::config::{Config, Setting};

/// The assistant with the agents that were brought along, else with the configured ones.
pub(crate) fn assistant(
    config: &Config,
    models: &mut Models<'_>,
    own: Option<Agents<TurnContext>>,
    equipment: &Equipment,
) -> Result<Arc<dyn Responder>, Error> {
    let (agents, page) = match own {
        Some(own) => (own, PageReading::default()),
        None => agents(config, models, equipment)?,
    };
    let (keys, usual) = (&config.chat.assistant, HistoryLimits::default());
    let mut selectable = BTreeMap::new();
    for name in names(keys.selectable_models.as_ref()) {
        selectable.insert(name.clone(), models.get(name)?);
    }
    let tools = names(keys.selectable_tools.as_ref()).iter();
    let transcribing = keys.transcription_model.as_ref();
    let options = AssistantOptions {
        history: HistoryLimits {
            items: or(keys.history_items.as_ref(), usual.items),
            tokens: or(keys.history_tokens.as_ref(), usual.tokens),
        },
        page,
        titles: named(keys.title_model.as_ref(), models)?,
        summaries: named(keys.summary_model.as_ref(), models)?,
        transcriber: transcribing
            .map(|name| models.transcriber(&name.value))
            .transpose()?,
        models: selectable,
        tools: tools.map(|tool| (tool.clone(), tool.clone())).collect(),
    };
    Ok(Arc::new(Assistant::with_options(agents, options)))
}

fn named(
    name: Option<&Setting<String>>,
    models: &mut Models<'_>,
) -> Result<Option<Arc<dyn Model>>, Error> {
    name.map(|name| models.get(&name.value)).transpose()
}

fn or(setting: Option<&Setting<u32>>, usual: u32) -> u32 {
    setting.map_or(usual, |setting| setting.value)
}

fn names(setting: Option<&Setting<Vec<String>>>) -> &[String] {
    setting.map_or(&[], |setting| setting.value.as_slice())
}
