//! `[model.NAME]`: the models, by name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use frontdesk_identity::Secret;
use url::Url;

use super::layers::Layers;
use super::section::Section;
use super::web_address::web_address;
use super::{ConfigError, Environment, Setting};

/// The model that is meant when none is named.
pub(crate) const DEFAULT_MODEL: &str = "default";
/// Where the Responses API is when nothing is said.
const OPENAI_BASE_URL: &str = "https://api.openai.com/v1";
/// The model that is asked for when nothing is said.
const OPENAI_MODEL: &str = "gpt-5.6";

/// Who answers.
#[derive(Debug, Clone)]
pub enum Provider {
    /// The Responses API of OpenAI, or of anything compatible.
    OpenAiResponses {
        /// `base_url`, or `OPENAI_BASE_URL`.
        base_url: Setting<Url>,
        /// `name`, or `OPENAI_MODEL`.
        name: Setting<String>,
        /// `api_key` or `api_key_file`, or `OPENAI_API_KEY`.
        api_key: Option<Setting<Secret>>,
    },
    /// A rule file plays the model's part; no key is needed.
    Scripted {
        /// `rules_file`; without it, the conversation of the demonstration.
        rules_file: Option<Setting<PathBuf>>,
    },
}

/// `[model.NAME]`.
#[derive(Debug, Clone)]
pub struct ModelSection {
    /// `provider` and what goes with it.
    pub provider: Provider,
    /// `temperature`.
    pub temperature: Option<Setting<f64>>,
    /// `max_output_tokens`.
    pub max_output_tokens: Option<Setting<u64>>,
    /// `reasoning_effort`.
    pub reasoning_effort: Option<Setting<String>>,
}

/// Reads all models. Without any, `OPENAI_API_KEY` or `OPENAI_BASE_URL` makes one, else it is the scripted one.
pub(crate) fn read_all(
    layers: &mut Layers,
    environment: &Environment,
) -> Result<BTreeMap<String, ModelSection>, ConfigError> {
    let mut names = layers.names("model");
    if names.is_empty() {
        names.insert(DEFAULT_MODEL.to_owned());
    }
    let mut models = BTreeMap::new();
    for name in names {
        let model = ModelSection::read(layers, &name, environment)?;
        models.insert(name, model);
    }
    Section::new(layers, "model").finish()?;
    Ok(models)
}

impl ModelSection {
    fn read(
        layers: &mut Layers,
        name: &str,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, format!("model.{name}"));
        let provider = section.text("provider")?;
        let model_name = section.text("name")?;
        let base_url = section.text("base_url")?;
        let api_key = section.secret("api_key")?;
        let rules_file = section.path("rules_file")?;
        let temperature = section.fraction("temperature")?;
        let max_output_tokens = section.number("max_output_tokens", "a number of tokens from 1")?;
        let reasoning_effort = section.text("reasoning_effort")?;
        let provider_key = section.key("provider");
        let other_key = |key: &str| format!("model.{name}.{key}");
        let expected = "\"openai_responses\" or \"scripted\"";
        section.finish()?;

        let well_known = environment.get("OPENAI_API_KEY").is_some()
            || environment.get("OPENAI_BASE_URL").is_some();
        let says_openai = model_name.is_some() || base_url.is_some() || api_key.is_some();
        let chosen = match &provider {
            Some(provider) => provider.value.as_str(),
            None if rules_file.is_none() && (says_openai || well_known) => "openai_responses",
            None => "scripted",
        };
        let unused = |setting: Option<String>| {
            setting.map_or(Ok(()), |message| Err(ConfigError::Conflict { message }))
        };
        let provider = match chosen {
            "openai_responses" => {
                unused(
                    rules_file
                        .map(|file| without_use(&other_key("rules_file"), &file.origin, chosen)),
                )?;
                Provider::OpenAiResponses {
                    base_url: match base_url {
                        Some(url) => web_address(other_key("base_url"), url, OPENAI_BASE_URL)?,
                        None => openai_base_url(environment)?,
                    },
                    name: model_name
                        .or_else(|| environment.get("OPENAI_MODEL"))
                        .unwrap_or_else(|| Setting::default_value(OPENAI_MODEL.to_owned())),
                    api_key: api_key.or_else(|| {
                        environment
                            .get("OPENAI_API_KEY")
                            .map(|key| key.map(Secret::new))
                    }),
                }
            }
            "scripted" => {
                unused(
                    model_name.map(|name| without_use(&other_key("name"), &name.origin, chosen)),
                )?;
                unused(
                    base_url.map(|url| without_use(&other_key("base_url"), &url.origin, chosen)),
                )?;
                unused(api_key.map(|key| without_use(&other_key("api_key"), &key.origin, chosen)))?;
                Provider::Scripted { rules_file }
            }
            other => {
                return Err(unknown_provider(
                    provider_key,
                    provider.as_ref(),
                    other,
                    expected,
                ));
            }
        };
        Ok(Self {
            provider,
            temperature,
            max_output_tokens,
            reasoning_effort,
        })
    }
}

fn openai_base_url(environment: &Environment) -> Result<Setting<Url>, ConfigError> {
    let url = environment
        .get("OPENAI_BASE_URL")
        .unwrap_or_else(|| Setting::default_value(OPENAI_BASE_URL.to_owned()));
    web_address("OPENAI_BASE_URL".to_owned(), url, OPENAI_BASE_URL)
}

fn without_use(key: &str, origin: &super::Origin, provider: &str) -> String {
    format!("{key} (from {origin}) has no meaning for the provider \"{provider}\"")
}

fn unknown_provider(
    key: String,
    provider: Option<&Setting<String>>,
    found: &str,
    expected: &str,
) -> ConfigError {
    let origin = provider.map_or(super::Origin::Default, |provider| provider.origin.clone());
    match found {
        "openai_chat" | "anthropic" => ConfigError::NotBuilt {
            key,
            origin,
            what: format!("the provider {found}"),
            instead: "use \"openai_responses\" or \"scripted\"",
        },
        _ => ConfigError::Invalid {
            key,
            origin,
            expected: expected.to_owned(),
            found: Some(format!("{found:?}")),
        },
    }
}
