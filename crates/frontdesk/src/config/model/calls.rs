//! How a model is called: how long things may take, and how often they are tried.

use std::time::Duration;

use frontdesk_model::{Retry, Timeouts};

use super::super::section::Section;
use super::super::{ConfigError, Setting};

/// The keys of `[model.NAME]` about calls.
#[derive(Debug, Clone)]
pub struct ModelCalls {
    /// `first_byte_timeout`: how long an answer may take to begin.
    pub first_byte_timeout: Setting<Duration>,
    /// `idle_timeout`: how long an answer that has begun may be silent.
    pub idle_timeout: Setting<Duration>,
    /// `retries`: how often a call that fails before anything was shown is tried again.
    pub retries: Setting<u32>,
}

impl ModelCalls {
    pub(super) fn read(section: &mut Section<'_>) -> Result<Self, ConfigError> {
        let (timeouts, retry) = (Timeouts::default(), Retry::default());
        let first_byte = section.deadline("first_byte_timeout")?;
        let idle = section.deadline("idle_timeout")?;
        let retries = section.number_from(0, "retries", "a number from 0")?;
        Ok(Self {
            first_byte_timeout: first_byte
                .unwrap_or_else(|| Setting::default_value(timeouts.first_byte)),
            idle_timeout: idle.unwrap_or_else(|| Setting::default_value(timeouts.idle)),
            retries: retries.unwrap_or_else(|| Setting::default_value(retry.times)),
        })
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        Timeouts {
            first_byte: self.first_byte_timeout.value,
            idle: self.idle_timeout.value,
        }
    }

    pub(crate) fn retry(&self) -> Retry {
        Retry {
            times: self.retries.value,
            ..Retry::default()
        }
    }
}
