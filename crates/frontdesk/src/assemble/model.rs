//! A model from its section.

use std::fs::read_to_string;
use std::path::Path;
use std::sync::Arc;

use frontdesk_clock::Ids;
use frontdesk_model::anthropic::{self, Anthropic};
use frontdesk_model::openai_chat::{self, OpenAiChat};
use frontdesk_model::openai_responses::{self, OpenAiResponses};
use frontdesk_model::recorded::{Recorded, Recording};
use frontdesk_model::scripted::{Script, Scripted};
use frontdesk_model::{Error, Model};

use super::embedded;
use crate::config::{ModelEndpoint, ModelSection, Provider};

/// What is said where nothing is configured and nothing is built in.
const NO_MODEL: &str =
    "no model is configured: set OPENAI_API_KEY, OPENAI_BASE_URL or a rules_file";

/// The model that a section describes; else why it can't be made.
pub(crate) fn model(
    section: &ModelSection,
    http: &reqwest::Client,
    ids: &Arc<dyn Ids>,
) -> Result<Arc<dyn Model>, String> {
    let (http, ids) = (http.clone(), Arc::clone(ids));
    let settings = section.settings.clone();
    let (timeouts, retry) = (section.calls.timeouts(), section.calls.retry());
    let unusable = |error: Error| error.detail;
    let provider = section.provider.name();
    Ok(match &section.provider {
        Provider::OpenAiResponses {
            endpoint,
            kept_answers,
        } => {
            let config = openai_responses::Config {
                base_url: base_url(provider, endpoint),
                api_key: endpoint.api_key.as_ref().map(|key| key.value.clone()),
                kept_answers: kept_answers.value,
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
        Provider::Recorded { recording_file } => {
            let text = read(&recording_file.value)?;
            let recording = Recording::read(&text)
                .map_err(|error| format!("{}: {error}", recording_file.value.display()))?;
            tracing::info!("a model plays recorded answers");
            Arc::new(Recorded::new(recording, ids))
        }
    })
}

/// The address, which the log tells, too.
fn base_url(provider: &str, endpoint: &ModelEndpoint) -> String {
    let base_url = endpoint.base_url.value.to_string();
    tracing::info!(provider, model = %endpoint.name.value, base_url, "a model is asked");
    base_url
}

fn scripted(rules_file: Option<&Path>) -> Result<Scripted, String> {
    let rules = match rules_file {
        Some(file) => read(file)?,
        None => embedded::rules().ok_or(NO_MODEL)?.to_owned(),
    };
    let script = Script::from_toml(&rules).map_err(|error| error.to_string())?;
    tracing::info!("a model is a scripted demonstration; set OPENAI_API_KEY for a real one");
    Ok(Scripted::new(script))
}

fn read(file: &Path) -> Result<String, String> {
    read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}
