//! A model from its section.

use std::sync::Arc;

use frontdesk_model::Model;
use frontdesk_model::openai_responses::{Config, OpenAiResponses};
use frontdesk_model::scripted::{Script, Scripted};

use super::embedded;
use crate::Error;
use crate::config::{ModelSection, Provider};

/// What is said where nothing is configured and nothing is built in.
const NO_MODEL: &str =
    "no model is configured: set OPENAI_API_KEY, OPENAI_BASE_URL or a rules_file";

/// The model that a section describes.
pub(crate) fn model(
    name: &str,
    section: &ModelSection,
    http: &reqwest::Client,
) -> Result<Arc<dyn Model>, Error> {
    let failed = |detail: String| Error::Model {
        name: name.to_owned(),
        detail,
    };
    match &section.provider {
        Provider::OpenAiResponses {
            base_url,
            name: model,
            api_key,
        } => {
            let config = Config {
                base_url: base_url.value.to_string(),
                api_key: api_key.as_ref().map(|key| key.value.clone()),
                ..Config::new(model.value.as_str())
            };
            let asked =
                OpenAiResponses::new(config, http.clone()).map_err(|error| failed(error.detail))?;
            tracing::info!(model = %model.value, base_url = %base_url.value, "the assistant asks the Responses API");
            Ok(Arc::new(asked))
        }
        Provider::Scripted { rules_file } => {
            let rules = match rules_file {
                Some(file) => std::fs::read_to_string(&file.value)
                    .map_err(|error| failed(format!("{}: {error}", file.value.display())))?,
                None => embedded::rules()
                    .ok_or_else(|| failed(NO_MODEL.to_owned()))?
                    .to_owned(),
            };
            let script = Script::from_toml(&rules).map_err(|error| failed(error.to_string()))?;
            tracing::info!(
                "the assistant is a scripted demonstration; set OPENAI_API_KEY for a model"
            );
            Ok(Arc::new(Scripted::new(script)))
        }
    }
}
