//! The configured models, each made once, when somebody asks for it.

use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::path::Path;
use std::sync::Arc;

use frontdesk_clock::Ids;
use frontdesk_model::Model;
use frontdesk_model::anthropic::{self, Anthropic};
use frontdesk_model::openai_chat::{self, OpenAiChat};
use frontdesk_model::openai_responses::{self, OpenAiResponses};
use frontdesk_model::scripted::{Script, Scripted};

use super::embedded;
use super::watched_model::WatchedModel;
use crate::Error;
use crate::config::{ModelEndpoint, ModelSection, Provider};
use crate::health::Health;

/// What is said where nothing is configured and nothing is built in.
const NO_MODEL: &str =
    "no model is configured: set OPENAI_API_KEY, OPENAI_BASE_URL or a rules_file";

/// See the module.
pub(crate) struct Models<'a> {
    sections: &'a BTreeMap<String, ModelSection>,
    http: &'a reqwest::Client,
    ids: &'a Arc<dyn Ids>,
    health: &'a mut Health,
    made: BTreeMap<String, Arc<dyn Model>>,
}

impl<'a> Models<'a> {
    pub(crate) fn new(
        sections: &'a BTreeMap<String, ModelSection>,
        http: &'a reqwest::Client,
        ids: &'a Arc<dyn Ids>,
        health: &'a mut Health,
    ) -> Self {
        Self {
            sections,
            http,
            ids,
            health,
            made: BTreeMap::new(),
        }
    }

    /// The model of this name. `/readyz` tells how it stands from now on.
    pub(crate) fn get(&mut self, name: &str) -> Result<Arc<dyn Model>, Error> {
        if let Some(made) = self.made.get(name) {
            return Ok(Arc::clone(made));
        }
        let section = self.sections.get(name).ok_or_else(|| Error::Model {
            name: name.to_owned(),
            detail: "there is no such model".to_owned(),
        })?;
        let asked = self.ask(section).map_err(|detail| Error::Model {
            name: name.to_owned(),
            detail,
        })?;
        let watched = Arc::new(WatchedModel::new(asked));
        let watch = Arc::clone(&watched);
        self.health
            .add(format!("model.{name}"), move || watch.state());
        self.made.insert(name.to_owned(), Arc::clone(&watched) as _);
        Ok(watched)
    }

    /// The model that a section describes; else why it can't be made.
    fn ask(&self, section: &ModelSection) -> Result<Arc<dyn Model>, String> {
        let (http, ids) = (self.http.clone(), Arc::clone(self.ids));
        let settings = section.settings.clone();
        let (timeouts, retry) = (section.calls.timeouts(), section.calls.retry());
        let unusable = |error: frontdesk_model::Error| error.detail;
        let provider = section.provider.name();
        Ok(match &section.provider {
            Provider::OpenAiResponses { endpoint } => {
                let config = openai_responses::Config {
                    base_url: base_url(provider, endpoint),
                    api_key: endpoint.api_key.as_ref().map(|key| key.value.clone()),
                    settings,
                    timeouts,
                    retry,
                    ..openai_responses::Config::new(endpoint.name.value.as_str())
                };
                Arc::new(OpenAiResponses::new(config, http).map_err(unusable)?)
            }
            Provider::OpenAiChat {
                endpoint,
                profile,
                api_version,
            } => {
                let config = openai_chat::Config {
                    base_url: base_url(provider, endpoint),
                    api_key: endpoint.api_key.as_ref().map(|key| key.value.clone()),
                    api_version: api_version.as_ref().map(|version| version.value.clone()),
                    model: endpoint.name.value.clone(),
                    profile: profile.value,
                    settings,
                    timeouts,
                    retry,
                };
                Arc::new(OpenAiChat::new(config, http, ids).map_err(unusable)?)
            }
            Provider::Anthropic {
                endpoint,
                thinking,
                caching,
            } => {
                let config = anthropic::Config {
                    base_url: base_url(provider, endpoint),
                    api_key: endpoint.api_key.as_ref().map(|key| key.value.clone()),
                    model: endpoint.name.value.clone(),
                    thinking: thinking.value,
                    caching: caching.value,
                    settings,
                    timeouts,
                    retry,
                };
                Arc::new(Anthropic::new(config, http, ids).map_err(unusable)?)
            }
            Provider::Scripted { rules_file } => {
                let file = rules_file.as_ref().map(|file| file.value.as_path());
                Arc::new(scripted(file)?)
            }
        })
    }
}

/// The address, which the log tells, too.
fn base_url(provider: &str, endpoint: &ModelEndpoint) -> String {
    let base_url = endpoint.base_url.value.to_string();
    tracing::info!(provider, model = %endpoint.name.value, base_url, "a model is asked");
    base_url
}

fn scripted(rules_file: Option<&Path>) -> Result<Scripted, String> {
    let rules = match rules_file {
        Some(file) => {
            read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?
        }
        None => embedded::rules().ok_or(NO_MODEL)?.to_owned(),
    };
    let script = Script::from_toml(&rules).map_err(|error| error.to_string())?;
    tracing::info!("a model is a scripted demonstration; set OPENAI_API_KEY for a real one");
    Ok(Scripted::new(script))
}
