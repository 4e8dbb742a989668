//! What several tools take, and how it is checked.

use std::borrow::Cow;

use frontdesk_mcp_server::ToolFailure;
use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::TaskId;
use crate::store::{Named, Order, State};

const MAX_TITLE_CHARS: usize = 200;
const MAX_NOTES_CHARS: usize = 4_000;
const MAX_SEARCH_CHARS: usize = 200;
const MAX_LIMIT: u32 = 100;
const DEFAULT_LIMIT: u32 = 20;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct One {
    /// The task's number.
    pub(super) id: TaskId,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StatusFilter {
    /// Open or in progress.
    Unfinished,
    Open,
    InProgress,
    Done,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SortBy {
    /// The oldest first.
    #[default]
    Oldest,
    /// What is due first; tasks without a day last.
    Due,
    /// What was changed last.
    Changed,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StateFilter {
    #[default]
    Active,
    Archived,
    /// Whatever their state.
    All,
}

/// A project's name or number, as a model writes it: text or number, with or without `#`.
#[derive(Debug, Clone)]
pub(super) struct ProjectKey(String);

impl ProjectKey {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn named(&self) -> Named {
        number(&self.0).map_or_else(|| Named::Name(self.0.clone()), Named::Number)
    }
}

impl<'de> Deserialize<'de> for ProjectKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(i64),
            Text(String),
        }
        let refuse = |_| serde::de::Error::custom("expected a project's name or number");
        Ok(Self(
            match Written::deserialize(deserializer).map_err(refuse)? {
                Written::Number(number) => number.to_string(),
                Written::Text(text) => text.trim().to_owned(),
            },
        ))
    }
}

impl JsonSchema for ProjectKey {
    fn schema_name() -> Cow<'static, str> {
        "ProjectKey".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": 100})
    }
}

impl StatusFilter {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::Open => "open",
            Self::InProgress => "in_progress",
            Self::Done => "done",
        }
    }
}

impl SortBy {
    pub(super) fn order(self) -> Order {
        match self {
            Self::Oldest => Order::Oldest,
            Self::Due => Order::Due,
            Self::Changed => Order::Changed,
        }
    }
}

impl StateFilter {
    pub(super) fn state(self) -> Option<State> {
        match self {
            Self::Active => Some(State::Active),
            Self::Archived => Some(State::Archived),
            Self::All => None,
        }
    }
}

pub(super) fn title(text: &str) -> Result<String, ToolFailure> {
    line("title", text, MAX_TITLE_CHARS)
}

/// One line that isn't empty.
pub(super) fn line(field: &str, text: &str, max: usize) -> Result<String, ToolFailure> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ToolFailure::new(format!("{field} must not be empty")));
    }
    if text.contains(['\n', '\r', '\0']) {
        return Err(ToolFailure::new(format!("{field} must be one line")));
    }
    bounded(field, text, max)
}

pub(super) fn notes(text: &str) -> Result<String, ToolFailure> {
    bounded("notes", text.trim(), MAX_NOTES_CHARS)
}

pub(super) fn search(text: &str) -> Result<String, ToolFailure> {
    bounded("search", text.trim(), MAX_SEARCH_CHARS)
}

/// The day on which something is due; `None` for an empty text.
pub(super) fn due(text: &str) -> Result<Option<String>, ToolFailure> {
    day("due", text)
}

/// A day; `None` for an empty text.
pub(super) fn day(field: &str, text: &str) -> Result<Option<String>, ToolFailure> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<Date>() {
        Ok(day) if text.len() == "2026-11-30".len() => Ok(Some(day.to_string())),
        _ => Err(ToolFailure::new(format!(
            "{field} must be a day such as 2026-11-30"
        ))),
    }
}

/// The number that a text is, with or without `#`.
pub(super) fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    text.strip_prefix('#').unwrap_or(text).parse().ok()
}

pub(super) fn limit(limit: Option<u32>) -> Result<u32, ToolFailure> {
    match limit {
        None => Ok(DEFAULT_LIMIT),
        Some(limit @ 1..=MAX_LIMIT) => Ok(limit),
        Some(_) => Err(ToolFailure::new(format!("limit must be 1 to {MAX_LIMIT}"))),
    }
}

/// Cuts a page that was read with one more than its limit; tells whether there is more.
pub(super) fn cut<T>(page: &mut Vec<T>, limit: u32) -> Result<bool, ToolFailure> {
    let limit = usize::try_from(limit)?;
    let more = page.len() > limit;
    page.truncate(limit);
    Ok(more)
}

pub(super) fn not_a_cursor() -> ToolFailure {
    ToolFailure::new("after must be the next of the page before")
}

fn bounded(field: &str, text: &str, max: usize) -> Result<String, ToolFailure> {
    // PostgreSQL keeps no text that has one.
    if text.contains('\0') {
        return Err(ToolFailure::new(format!(
            "{field} must not contain the character NUL"
        )));
    }
    let chars = text.chars().count();
    if chars > max {
        return Err(ToolFailure::new(format!(
            "{field} must have at most {max} characters, not {chars}"
        )));
    }
    Ok(text.to_owned())
}
