//! What writes down speech: a configured model, by the transcriptions API of its provider.

use std::sync::Arc;

use frontdesk_model::openai_chat::Profile;
use frontdesk_model::{Error, Transcriber, Transcription, TranscriptionConfig};

use crate::config::{ModelSection, Provider};

/// The transcriber that a model's section describes; else why there is none.
pub(crate) fn transcriber(
    section: &ModelSection,
    http: &reqwest::Client,
) -> Result<Arc<dyn Transcriber>, String> {
    let (endpoint, profile, api_version) = match &section.provider {
        Provider::OpenAiResponses { endpoint, .. } => (endpoint, Profile::OpenAi, None),
        Provider::OpenAiChat {
            endpoint,
            profile,
            api_version,
        } => (endpoint, profile.value, api_version.as_ref()),
        Provider::Anthropic { .. } | Provider::Scripted { .. } | Provider::Recorded { .. } => {
            return Err("its provider transcribes nothing".to_owned());
        }
    };
    let config = TranscriptionConfig {
        base_url: endpoint.base_url.value.to_string(),
        api_key: endpoint.api_key.as_ref().map(|key| key.value.clone()),
        api_version: api_version.map(|version| version.value.clone()),
        profile,
        timeouts: section.calls.timeouts(),
        retry: section.calls.retry(),
        ..TranscriptionConfig::new(endpoint.name.value.as_str())
    };
    let unusable = |error: Error| error.detail;
    let made = Transcription::new(config, http.clone()).map_err(unusable)?;
    Ok(Arc::new(made))
}
