//! How a model is called: how long things may take, how often they are tried, how much is asked.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use frontdesk_model::{Limits, Retry, Timeouts};

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
    /// `at_once`: how many of its answers may be under way.
    pub at_once: Option<Setting<u32>>,
    /// `requests_per_minute`: how often it may be asked.
    pub requests_per_minute: Option<Setting<u32>>,
    /// `tokens_per_minute`: how much it may read and write.
    pub tokens_per_minute: Option<Setting<u64>>,
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
            at_once: section.number("at_once", "a number of answers from 1")?,
            requests_per_minute: section
                .number("requests_per_minute", "a number of requests from 1")?,
            tokens_per_minute: section.number("tokens_per_minute", "a number of tokens from 1")?,
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

    /// What it may be asked, where that is limited.
    pub(crate) fn limits(&self) -> Option<Limits> {
        let at_once = self.at_once.as_ref().map(|limit| limit.value);
        let requests = self.requests_per_minute.as_ref().map(|limit| limit.value);
        let tokens = self.tokens_per_minute.as_ref().map(|limit| limit.value);
        let limits = Limits {
            at_once: at_once.and_then(NonZeroU32::new),
            requests_per_minute: requests.and_then(NonZeroU32::new),
            tokens_per_minute: tokens.and_then(NonZeroU64::new),
            ..Limits::default()
        };
        (limits != Limits::default()).then_some(limits)
    }
}
