//! Where an answer has something from: sources, and annotations that point to them.

use serde::{Deserialize, Serialize};

use crate::{Icon, Map, tag};

/// A place in a message's text that has a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "annotation")]
pub struct Annotation {
    /// The source.
    pub source: Source,
    /// The position in the text, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<i64>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "annotation_rest")]
    pub extra: Map,
}

tag::read_rest!(annotation_rest, "annotation");

/// Where something is from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Source {
    /// A web page.
    Url(UrlSource),
    /// A file.
    File(FileSource),
    /// A thing of the application.
    Entity(EntitySource),
    /// A kind that this version doesn't know.
    Other(Map),
}

tag::read_by_type!(open Source { "url" => Url, "file" => File, "entity" => Entity });

/// A web page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "url")]
pub struct UrlSource {
    /// What it is called.
    pub title: String,
    /// Its address.
    pub url: String,
    /// Who it is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it is from, as text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// The heading it stands under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "url_rest")]
    pub extra: Map,
}

tag::read_rest!(url_rest, "url");

/// A file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "file")]
pub struct FileSource {
    /// What it is called.
    pub title: String,
    /// The file name.
    pub filename: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it is from, as text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// The heading it stands under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "file_rest")]
    pub extra: Map,
}

tag::read_rest!(file_rest, "file");

/// A thing of the application, such as a task or a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "entity")]
pub struct EntitySource {
    /// The application's name for it.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The icon beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<Icon>,
    /// What kind of thing it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What stands for it inside a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline_label: Option<String>,
    /// Whether it can be clicked.
    #[serde(default)]
    pub interactive: bool,
    /// What the application keeps with it.
    #[serde(default)]
    pub data: Map,
    /// `lazy` if a preview of it can be asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it is from, as text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// The heading it stands under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}
