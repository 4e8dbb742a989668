//! How a model answers, as its own section and that of an agent say: what is sent with every request.

use frontdesk_model::Settings;

use super::ConfigError;
use super::json::object;
use super::section::Section;

/// Fields of a request that `extra` can't have, because what the product does hangs on them.
const OWN_FIELDS: [&str; 6] = ["model", "input", "messages", "stream", "tools", "system"];

/// Reads the keys of a section about it.
pub(super) fn read(section: &mut Section<'_>) -> Result<Settings, ConfigError> {
    let temperature = section.fraction("temperature", 0.0..=2.0)?;
    let top_p = section.fraction("top_p", 0.0..=1.0)?;
    let max_output_tokens = section.number("max_output_tokens", "a number of tokens from 1")?;
    let reasoning_effort = section.name("reasoning_effort")?;
    let reasoning_summary = section.name("reasoning_summary")?;
    let extra = section.read("extra", "a table of further fields of the request", object)?;
    if let Some(extra) = &extra
        && let Some(own) = OWN_FIELDS
            .iter()
            .find(|own| extra.value.contains_key(**own))
    {
        return Err(ConfigError::Conflict {
            message: format!(
                "{}.{own} (from {}) can't be set: it is what every request is made of",
                section.key("extra"),
                extra.origin
            ),
        });
    }
    Ok(Settings {
        temperature: temperature.map(|setting| setting.value),
        top_p: top_p.map(|setting| setting.value),
        max_output_tokens: max_output_tokens.map(|setting| setting.value),
        reasoning_effort: reasoning_effort.map(|setting| setting.value),
        reasoning_summary: reasoning_summary.map(|setting| setting.value),
        extra: extra.map(|setting| setting.value).unwrap_or_default(),
    })
}
