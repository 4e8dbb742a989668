//! Tasks: what the assistant did on the way to an answer, one line each.

use serde::{Deserialize, Serialize};

use crate::{FileSource, Icon, Map, UrlSource, open::open_enum, tag};

/// One step that is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Task {
    /// A step of the application's own kind.
    Custom(CustomTask),
    /// A search on the web.
    WebSearch(WebSearchTask),
    /// A thought.
    Thought(ThoughtTask),
    /// Files that were looked at.
    File(FileTask),
    /// An image that was made.
    Image(ImageTask),
    /// A kind that this version doesn't know.
    Other(Map),
}

tag::read_by_type!(open Task {
    "custom" => Custom,
    "web_search" => WebSearch,
    "thought" => Thought,
    "file" => File,
    "image" => Image,
});

open_enum! {
    /// How far a task is.
    #[derive(Default)]
    StatusIndicator {
        /// Nothing is shown.
        #[default]
        None = "none",
        /// It runs.
        Loading = "loading",
        /// It is done.
        Complete = "complete",
    }
}

/// A step of the application's own kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "custom")]
pub struct CustomTask {
    /// What is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The icon beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<Icon>,
    /// What came of it, as Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// How far it is.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A search on the web.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "web_search")]
pub struct WebSearchTask {
    /// What is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The query that stands in the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_query: Option<String>,
    /// All queries.
    #[serde(default)]
    pub queries: Vec<String>,
    /// What was found.
    #[serde(default)]
    pub sources: Vec<UrlSource>,
    /// How far it is.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A thought.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "thought")]
pub struct ThoughtTask {
    /// Its heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The thought, as Markdown.
    pub content: String,
    /// How far it is.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// Files that were looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "file")]
pub struct FileTask {
    /// What is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The files.
    #[serde(default)]
    pub sources: Vec<FileSource>,
    /// How far it is.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// An image that was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "image")]
pub struct ImageTask {
    /// What is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How far it is.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}
