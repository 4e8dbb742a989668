//! What the tools take, and how it is checked.

use frontdesk_mcp_server::ToolFailure;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Priority, TaskId};

const MAX_TITLE_CHARS: usize = 200;
const MAX_NOTES_CHARS: usize = 4_000;
const MAX_SEARCH_CHARS: usize = 200;
const MAX_LIMIT: u32 = 100;
const DEFAULT_LIMIT: u32 = 20;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Addition {
    /// What is to be done, in a few words.
    #[schemars(length(min = 1, max = 200))]
    pub(super) title: String,
    /// More about it.
    #[schemars(length(max = 4000))]
    pub(super) notes: Option<String>,
    /// The day on which it is due, such as 2026-11-30.
    pub(super) due: Option<String>,
    /// How much it matters; normal where nothing is said.
    pub(super) priority: Option<Priority>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    /// Only tasks that are this far; all where nothing is said.
    pub(super) status: Option<StatusFilter>,
    /// Only tasks with this text in their title or notes.
    #[schemars(length(max = 200))]
    pub(super) search: Option<String>,
    /// How many at most; 20 where nothing is said.
    #[schemars(range(min = 1, max = 100))]
    pub(super) limit: Option<u32>,
    /// The `next` of the page before.
    pub(super) after: Option<String>,
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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct One {
    /// The task's number.
    pub(super) id: TaskId,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Update {
    /// The task's number.
    pub(super) id: TaskId,
    /// The new title.
    #[schemars(length(min = 1, max = 200))]
    pub(super) title: Option<String>,
    /// The new notes; an empty text removes them.
    #[schemars(length(max = 4000))]
    pub(super) notes: Option<String>,
    /// The new due day, such as 2026-11-30; an empty text removes it.
    pub(super) due: Option<String>,
    /// The new priority.
    pub(super) priority: Option<Priority>,
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

pub(super) fn title(text: &str) -> Result<String, ToolFailure> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ToolFailure::new("title must not be empty"));
    }
    if text.contains(['\n', '\r', '\0']) {
        return Err(ToolFailure::new("title must be one line"));
    }
    bounded("title", text, MAX_TITLE_CHARS)
}

pub(super) fn notes(text: &str) -> Result<String, ToolFailure> {
    bounded("notes", text.trim(), MAX_NOTES_CHARS)
}

pub(super) fn search(text: &str) -> Result<String, ToolFailure> {
    bounded("search", text.trim(), MAX_SEARCH_CHARS)
}

/// A day; `None` for an empty text.
pub(super) fn due(text: &str) -> Result<Option<String>, ToolFailure> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<Date>() {
        Ok(day) if text.len() == "2026-11-30".len() => Ok(Some(day.to_string())),
        _ => Err(ToolFailure::new("due must be a day such as 2026-11-30")),
    }
}

pub(super) fn limit(limit: Option<u32>) -> Result<u32, ToolFailure> {
    match limit {
        None => Ok(DEFAULT_LIMIT),
        Some(limit @ 1..=MAX_LIMIT) => Ok(limit),
        Some(_) => Err(ToolFailure::new(format!("limit must be 1 to {MAX_LIMIT}"))),
    }
}

pub(super) fn after(cursor: Option<&str>) -> Result<i64, ToolFailure> {
    let Some(cursor) = cursor.map(str::trim).filter(|cursor| !cursor.is_empty()) else {
        return Ok(0);
    };
    cursor
        .parse()
        .map_err(|_| ToolFailure::new("after must be the next of the page before"))
}

fn bounded(field: &str, text: &str, max: usize) -> Result<String, ToolFailure> {
    let chars = text.chars().count();
    if chars > max {
        return Err(ToolFailure::new(format!(
            "{field} must have at most {max} characters, not {chars}"
        )));
    }
    Ok(text.to_owned())
}
