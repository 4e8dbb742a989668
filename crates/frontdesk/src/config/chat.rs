//! `[chat]`: how turns behave and how they are sent.

mod assistant;

use std::collections::BTreeMap;
use std::time::Duration;

use frontdesk_chat::{OnDisconnect, WhenBusy};

use super::layers::Layers;
use super::section::Section;
use super::{AgentSection, ConfigError, ModelSection, Setting};

pub use assistant::AssistantKeys;

/// How the events of a stream are framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// With ids, so that a client can resume, and with comments while nothing happens.
    Resumable,
    /// `data:` lines alone, as the reference server frames them.
    Plain,
}

/// `[chat]`.
#[derive(Debug, Clone)]
pub struct ChatSection {
    /// What the assistant does besides answering.
    pub assistant: AssistantKeys,
    /// `on_disconnect`: what happens to a turn whose last reader has gone.
    pub on_disconnect: Setting<OnDisconnect>,
    /// `when_busy`: what happens to a message for a thread in which an answer still runs.
    pub when_busy: Setting<WhenBusy>,
    /// `plain_sse`.
    pub framing: Setting<Framing>,
    /// `message_chars`: the longest message, in characters.
    pub message_chars: Option<Setting<usize>>,
    /// `turn_deadline`: the longest that one turn may take.
    pub turn_deadline: Option<Setting<Duration>>,
}

impl ChatSection {
    pub(crate) fn read(
        layers: &mut Layers,
        models: &BTreeMap<String, ModelSection>,
        agents: &BTreeMap<String, AgentSection>,
    ) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, "chat");
        let assistant = AssistantKeys::read(&mut section, models, agents)?;
        let on_disconnect = section.choice(
            "on_disconnect",
            &[
                ("auto", OnDisconnect::Auto),
                ("continue", OnDisconnect::Continue),
                ("stop", OnDisconnect::Stop),
            ],
        )?;
        let when_busy = section.choice(
            "when_busy",
            &[
                ("refuse", WhenBusy::Refuse),
                ("wait", WhenBusy::Wait),
                ("stop", WhenBusy::Stop),
            ],
        )?;
        let framing = section.flag("plain_sse", (Framing::Resumable, Framing::Plain))?;
        let message_chars = section.number("message_chars", "a number of characters from 1")?;
        let turn_deadline = section.deadline("turn_deadline")?;
        section.finish()?;
        Ok(Self {
            assistant,
            on_disconnect: on_disconnect
                .unwrap_or_else(|| Setting::default_value(OnDisconnect::Auto)),
            when_busy: when_busy.unwrap_or_else(|| Setting::default_value(WhenBusy::Refuse)),
            framing: framing.unwrap_or_else(|| Setting::default_value(Framing::Resumable)),
            message_chars,
            turn_deadline,
        })
    }
}
