//! `price_per_million` of `[model.NAME]`: what its tokens cost.

use frontdesk_model::Prices;

use super::super::section::Section;
use super::super::{ConfigError, Setting};

/// US dollars for a million tokens: `input`, `output`, and `cached_input` where that has a price of its own.
pub(super) fn read(section: &mut Section<'_>) -> Result<Option<Setting<Prices>>, ConfigError> {
    let Some(origin) = section.origin_of("price_per_million") else {
        return Ok(None);
    };
    let mut section = section.below("price_per_million");
    let any = 0.0..=f64::INFINITY;
    let input = section.fraction("input", any.clone())?;
    let cached_input = section.fraction("cached_input", any.clone())?;
    let output = section.fraction("output", any)?;
    let missing = |key: &str| ConfigError::Missing {
        key: section.key(key),
        expected: "US dollars for a million tokens".to_owned(),
    };
    let input = input.ok_or_else(|| missing("input"))?.value;
    let output = output.ok_or_else(|| missing("output"))?.value;
    let cached_input = cached_input.map(|price| price.value);
    let prices =
        Prices::new(input, cached_input, output).map_err(|error| ConfigError::Conflict {
            message: error.detail,
        })?;
    section.finish()?;
    Ok(Some(Setting {
        value: prices,
        origin,
    }))
}
