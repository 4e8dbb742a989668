//! How a tool server is called: how long things may take, how many connections there are, which protocol is spoken.

use std::collections::BTreeMap;
use std::time::Duration;

use frontdesk_mcp_client::Era;

use super::super::section::{Section, time_span};
use super::super::{ConfigError, Setting};

/// How long a call may be silent when nothing is said.
const DEFAULT_CALL_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a connection may take to stand when nothing is said.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIME_SPAN: &str = "a time span above zero such as \"500ms\", \"60s\", \"5m\" or \"1h\"";

/// The keys of `[mcp.NAME]` about calls and connections.
#[derive(Debug, Clone)]
pub struct McpCalls {
    /// `call_timeout`: how long a call may go without an answer or progress.
    pub call_timeout: Setting<Duration>,
    /// `tool_timeouts`: the same for single tools.
    pub tool_timeouts: BTreeMap<String, Setting<Duration>>,
    /// `max_call_time`: how long a call may take in all.
    pub max_call_time: Option<Setting<Duration>>,
    /// `connect_timeout`: how long a connection may take to stand.
    pub connect_timeout: Setting<Duration>,
    /// `idle_timeout`: how long a connection is kept without a call.
    pub idle_timeout: Option<Setting<Duration>>,
    /// `max_connections`: how many users may be connected at once, where each has a connection of their own.
    pub max_connections: Option<Setting<usize>>,
    /// `era`: which family of protocol revisions is spoken.
    pub era: Setting<Era>,
}

impl Default for McpCalls {
    fn default() -> Self {
        Self {
            call_timeout: Setting::default_value(DEFAULT_CALL_TIMEOUT),
            tool_timeouts: BTreeMap::new(),
            max_call_time: None,
            connect_timeout: Setting::default_value(DEFAULT_CONNECT_TIMEOUT),
            idle_timeout: None,
            max_connections: None,
            era: Setting::default_value(Era::Auto),
        }
    }
}

impl McpCalls {
    pub(super) fn read(section: &mut Section<'_>) -> Result<Self, ConfigError> {
        let usual = Self::default();
        let calls = Self {
            call_timeout: section
                .deadline("call_timeout")?
                .unwrap_or(usual.call_timeout),
            tool_timeouts: tool_timeouts(section)?,
            max_call_time: section.deadline("max_call_time")?,
            connect_timeout: section
                .deadline("connect_timeout")?
                .unwrap_or(usual.connect_timeout),
            idle_timeout: section.deadline("idle_timeout")?,
            max_connections: section.number("max_connections", "a number from 1")?,
            era: section
                .choice(
                    "era",
                    &[
                        ("auto", Era::Auto),
                        ("stateless", Era::Stateless),
                        ("initialize", Era::Initialize),
                    ],
                )?
                .unwrap_or(usual.era),
        };
        calls.check(section)?;
        Ok(calls)
    }

    /// The longest that a call of any tool may be silent.
    pub(crate) fn longest(&self) -> Duration {
        let single = self.tool_timeouts.values().map(|time| time.value);
        single.fold(self.call_timeout.value, Duration::max)
    }

    fn check(&self, section: &Section<'_>) -> Result<(), ConfigError> {
        match &self.max_call_time {
            Some(most) if most.value < self.longest() => Err(ConfigError::Conflict {
                message: format!(
                    "{} (from {}) is shorter than {} or one of {}",
                    section.key("max_call_time"),
                    most.origin,
                    section.key("call_timeout"),
                    section.key("tool_timeouts")
                ),
            }),
            Some(_) | None => Ok(()),
        }
    }
}

fn tool_timeouts(
    section: &mut Section<'_>,
) -> Result<BTreeMap<String, Setting<Duration>>, ConfigError> {
    let key = section.key("tool_timeouts");
    let given = section.table("tool_timeouts")?.into_iter();
    let read = given.map(|(tool, setting)| {
        let span = setting.value.as_str().and_then(time_span);
        match span.filter(|span| !span.is_zero()) {
            Some(span) => Ok((tool, setting.map(|_| span))),
            None => Err(ConfigError::Invalid {
                key: format!("{key}.{tool}"),
                origin: setting.origin,
                expected: TIME_SPAN.to_owned(),
                found: Some(setting.value.to_string()),
            }),
        }
    });
    read.collect()
}
