//! The keys of `[chat]` about the assistant: which agent begins, what it reads again, what users may choose.

use std::collections::BTreeMap;

use axum::http::HeaderName;
use frontdesk_chat::Page;

use super::super::agent::DEFAULT_AGENT;
use super::super::names::Names;
use super::super::section::Section;
use super::super::{AgentSection, ConfigError, ModelSection, Provider, Setting};

/// What the assistant does besides answering.
#[derive(Debug, Clone)]
pub struct AssistantKeys {
    /// `agent`: which of the agents begins; the only one, or `assistant`, when nothing is said.
    pub agent: Setting<String>,
    /// `page_headers`: in which headers a page tells of itself, by the name that templates have for it.
    pub page_headers: Option<BTreeMap<String, Setting<HeaderName>>>,
    /// `title_model`: the model that makes titles.
    pub title_model: Option<Setting<String>>,
    /// `summary_model`: the model that sums up what is too long to be read again.
    pub summary_model: Option<Setting<String>>,
    /// `transcription_model`: the model that writes down what is said.
    pub transcription_model: Option<Setting<String>>,
    /// `history_items`: how many items of a thread are read again at most.
    pub history_items: Option<Setting<u32>>,
    /// `history_tokens`: how much of a thread is read again at most.
    pub history_tokens: Option<Setting<u32>>,
    /// `selectable_models`: those that users may choose for a message, by the names of their sections.
    pub selectable_models: Option<Setting<Vec<String>>>,
    /// `selectable_tools`: tools that users may choose for a message.
    pub selectable_tools: Option<Setting<Vec<String>>>,
}

impl AssistantKeys {
    pub(super) fn read(
        section: &mut Section<'_>,
        models: &BTreeMap<String, ModelSection>,
        agents: &BTreeMap<String, AgentSection>,
    ) -> Result<Self, ConfigError> {
        let keys = Self {
            agent: which_begins(section.name("agent")?, agents)?,
            page_headers: page_headers(section)?,
            title_model: section.name("title_model")?,
            summary_model: section.name("summary_model")?,
            transcription_model: section.name("transcription_model")?,
            history_items: section.number("history_items", "a number of items from 1")?,
            history_tokens: section.number("history_tokens", "a number of tokens from 1")?,
            selectable_models: section.list("selectable_models")?,
            selectable_tools: section.list("selectable_tools")?,
        };
        keys.check(models)?;
        Ok(keys)
    }

    fn check(&self, models: &BTreeMap<String, ModelSection>) -> Result<(), ConfigError> {
        let known = Names::of("[model.NAME]", models);
        if let Some(selectable) = &self.selectable_models {
            known.check_all("chat.selectable_models", selectable)?;
        }
        for (key, named) in [
            ("chat.title_model", &self.title_model),
            ("chat.summary_model", &self.summary_model),
            ("chat.transcription_model", &self.transcription_model),
        ] {
            if let Some(named) = named {
                known.check(key, &named.origin, &named.value)?;
            }
        }
        let Some(transcribing) = &self.transcription_model else {
            return Ok(());
        };
        match models.get(&transcribing.value).map(|model| &model.provider) {
            Some(
                Provider::Anthropic { .. } | Provider::Scripted { .. } | Provider::Recorded { .. },
            ) => Err(ConfigError::Conflict {
                message: format!(
                    "chat.transcription_model (from {}) is model.{}, whose provider transcribes nothing: \
                         \"openai_responses\" and \"openai_chat\" do",
                    transcribing.origin, transcribing.value
                ),
            }),
            Some(Provider::OpenAiResponses { .. } | Provider::OpenAiChat { .. }) | None => Ok(()),
        }
    }
}

fn page_headers(
    section: &mut Section<'_>,
) -> Result<Option<BTreeMap<String, Setting<HeaderName>>>, ConfigError> {
    if section.origin_of("page_headers").is_none() {
        return Ok(None);
    }
    let key = section.key("page_headers");
    let given = section.table("page_headers")?.into_iter();
    let read = given.map(|(field, setting)| {
        let name = setting.value.as_str().map(str::as_bytes);
        let name = name.and_then(|name| HeaderName::from_bytes(name).ok());
        let is_secret = |name: &HeaderName| Page::leaves_out(name.as_str());
        let expected = match name {
            Some(name) if !is_secret(&name) && !Page::leaves_out(&field) => {
                return Ok((field, setting.map(|_| name)));
            }
            Some(_) => "a header that holds no secret, under a name that isn't a secret's: the model reads it",
            None => "the name of a header, such as \"X-Page-Title\"",
        };
        Err(ConfigError::Invalid {
            key: format!("{key}.{field}"),
            origin: setting.origin,
            expected: expected.to_owned(),
            found: Some(setting.value.to_string()),
        })
    });
    read.collect::<Result<_, _>>().map(Some)
}

fn which_begins(
    named: Option<Setting<String>>,
    agents: &BTreeMap<String, AgentSection>,
) -> Result<Setting<String>, ConfigError> {
    let known = Names::of("[agent.NAME]", agents);
    if let Some(named) = named {
        known.check("chat.agent", &named.origin, &named.value)?;
        return Ok(named);
    }
    match known.known.as_slice() {
        [only] => Ok(Setting::default_value((*only).to_owned())),
        several if several.contains(&DEFAULT_AGENT) => {
            Ok(Setting::default_value(DEFAULT_AGENT.to_owned()))
        }
        several => Err(ConfigError::Missing {
            key: "chat.agent".to_owned(),
            expected: format!("which of the agents begins: {}", several.join(", ")),
        }),
    }
}
