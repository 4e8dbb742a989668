//! `[limits]`: how much one user or one address may ask for. What isn't set isn't limited.

use super::layers::Layers;
use super::section::Section;
use super::{ConfigError, Setting};

/// `[limits]`.
#[derive(Debug, Clone, Default)]
pub struct LimitsSection {
    /// `requests_per_minute`: of one user.
    pub requests_per_minute: Option<Setting<u32>>,
    /// `requests_per_minute_per_address`: from one address, signed in or not.
    pub requests_per_minute_per_address: Option<Setting<u32>>,
    /// `turns_at_once`: of one user.
    pub turns_at_once: Option<Setting<u32>>,
    /// `tokens_per_day`: of one user, from midnight to midnight, UTC.
    pub tokens_per_day: Option<Setting<u64>>,
}

impl LimitsSection {
    pub(crate) fn read(layers: &mut Layers) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, "limits");
        let limits = Self {
            requests_per_minute: section
                .number("requests_per_minute", "a number of requests from 1")?,
            requests_per_minute_per_address: section.number(
                "requests_per_minute_per_address",
                "a number of requests from 1",
            )?,
            turns_at_once: section.number("turns_at_once", "a number of turns from 1")?,
            tokens_per_day: section.number("tokens_per_day", "a number of tokens from 1")?,
        };
        section.finish()?;
        Ok(limits)
    }
}
