//! `provider` of `[model.NAME]`: who answers, and what belongs to that.

use std::path::PathBuf;

use frontdesk_model::anthropic::{Caching, Thinking};
use frontdesk_model::openai_chat::Profile;
use frontdesk_model::openai_responses::KeptAnswers;
use toml::Value;

use super::super::section::Section;
use super::super::{ConfigError, Environment, Setting};
use super::service::{ANTHROPIC, ModelEndpoint, OPENAI, of_profile};

/// The keys that belong to some providers and not to others.
const KEYS: [&str; 11] = [
    "name",
    "base_url",
    "api_key",
    "api_key_file",
    "profile",
    "api_version",
    "thinking",
    "caching",
    "previous_response_id",
    "rules_file",
    "recording_file",
];
/// The fewest tokens that thinking can be given.
/// <https://docs.claude.com/en/docs/build-with-claude/extended-thinking>
const LEAST_THINKING: u64 = 1_024;

/// Who answers.
#[derive(Debug, Clone)]
pub enum Provider {
    /// The Responses API of OpenAI, or of anything compatible.
    OpenAiResponses {
        /// `base_url`, `name` and `api_key`; or `OPENAI_BASE_URL`, `OPENAI_MODEL` and `OPENAI_API_KEY`.
        endpoint: ModelEndpoint,
        /// `previous_response_id`: whether the provider keeps its answers, so that it is sent what is new alone.
        kept_answers: Setting<KeptAnswers>,
    },
    /// The Chat Completions API, of many servers.
    OpenAiChat {
        /// `base_url`, `name` and `api_key`; the variables count for the profiles `plain` and `openai` alone.
        endpoint: ModelEndpoint,
        /// `profile`: which server it is.
        profile: Setting<Profile>,
        /// `api_version`: Azure's.
        api_version: Option<Setting<String>>,
    },
    /// The Messages API of Anthropic, or of anything compatible.
    Anthropic {
        /// `base_url`, `name` and `api_key`; or `ANTHROPIC_BASE_URL` and `ANTHROPIC_API_KEY`.
        endpoint: ModelEndpoint,
        /// `thinking`.
        thinking: Setting<Thinking>,
        /// `caching`.
        caching: Setting<Caching>,
    },
    /// A file plays the model's part; no key is needed.
    Scripted {
        /// `rules_file`; without it, the conversation of the demonstration.
        rules_file: Option<Setting<PathBuf>>,
    },
    /// A file of recorded answers is played; no key is needed.
    Recorded {
        /// `recording_file`.
        recording_file: Setting<PathBuf>,
    },
}

#[derive(Clone, Copy)]
enum Kind {
    Responses,
    Chat,
    Anthropic,
    Scripted,
}

impl Provider {
    pub(super) fn read(
        section: &mut Section<'_>,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let named = section.choice(
            "provider",
            &[
                ("openai_responses", Kind::Responses),
                ("openai_chat", Kind::Chat),
                ("anthropic", Kind::Anthropic),
                ("scripted", Kind::Scripted),
            ],
        )?;
        let kind = named.map_or_else(|| guess(section, environment), |named| named.value);
        let provider = match kind {
            Kind::Responses => Self::OpenAiResponses {
                endpoint: ModelEndpoint::read(section, environment, OPENAI)?,
                kept_answers: section
                    .flag(
                        "previous_response_id",
                        (KeptAnswers::None, KeptAnswers::GoOnFrom),
                    )?
                    .unwrap_or_else(|| Setting::default_value(KeptAnswers::None)),
            },
            Kind::Chat => chat(section, environment)?,
            Kind::Anthropic => Self::Anthropic {
                endpoint: ModelEndpoint::read(section, environment, ANTHROPIC)?.with_version(),
                thinking: thinking(section)?,
                caching: section
                    .flag("caching", (Caching::Off, Caching::On))?
                    .unwrap_or_else(|| Setting::default_value(Caching::On)),
            },
            Kind::Scripted => match section.path("recording_file")? {
                Some(recording_file) => {
                    section.refuse(&["rules_file"], "has no meaning beside a recording_file")?;
                    Self::Recorded { recording_file }
                }
                None => Self::Scripted {
                    rules_file: section.path("rules_file")?,
                },
            },
        };
        let reason = format!("has no meaning for the provider \"{}\"", provider.name());
        section.refuse(&KEYS, &reason)?;
        Ok(provider)
    }

    /// How it is written.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::OpenAiResponses { .. } => "openai_responses",
            Self::OpenAiChat { .. } => "openai_chat",
            Self::Anthropic { .. } => "anthropic",
            Self::Scripted { .. } | Self::Recorded { .. } => "scripted",
        }
    }
}

/// Who is meant where nobody is named.
fn guess(section: &Section<'_>, environment: &Environment) -> Kind {
    let says = |key: &str| section.origin_of(key).is_some();
    let is_set = |name: &str| environment.get(name).is_some();
    let of_a_service = ["name", "base_url", "api_key", "api_key_file"]
        .iter()
        .any(|key| says(key));
    let well_known = ["OPENAI_API_KEY", "OPENAI_BASE_URL"]
        .iter()
        .any(|name| is_set(name));
    if !says("rules_file") && !says("recording_file") && (of_a_service || well_known) {
        Kind::Responses
    } else {
        Kind::Scripted
    }
}

fn chat(section: &mut Section<'_>, environment: &Environment) -> Result<Provider, ConfigError> {
    let choices: Vec<_> = Profile::names()
        .filter_map(|name| Some((name, Profile::named(name)?)))
        .collect();
    let profile = section.choice("profile", &choices)?;
    let elsewhere =
        section.origin_of("base_url").is_some() || environment.get("OPENAI_BASE_URL").is_some();
    let profile = profile.unwrap_or_else(|| {
        Setting::default_value(if elsewhere {
            Profile::Plain
        } else {
            Profile::OpenAi
        })
    });
    let endpoint = ModelEndpoint::read(section, environment, of_profile(profile.value))?;
    let api_version = match profile.value {
        Profile::Azure => section.name("api_version")?,
        _ => None,
    };
    section.refuse(
        &["api_version"],
        "has a meaning for the profile \"azure\" alone",
    )?;
    Ok(Provider::OpenAiChat {
        endpoint,
        profile,
        api_version,
    })
}

fn thinking(section: &mut Section<'_>) -> Result<Setting<Thinking>, ConfigError> {
    let expected = format!("\"adaptive\" or a number of tokens from {LEAST_THINKING}");
    let read = section.read("thinking", &expected, |value| {
        let tokens = match value {
            Value::String(text) if text == "adaptive" => return Some(Thinking::Adaptive),
            Value::String(text) => text.parse().ok(),
            Value::Integer(number) => u64::try_from(*number).ok(),
            _ => None,
        };
        let tokens = tokens.filter(|tokens| *tokens >= LEAST_THINKING);
        tokens.map(Thinking::Budget)
    })?;
    Ok(read.unwrap_or_else(|| Setting::default_value(Thinking::ProviderDefault)))
}
