//! The history as it goes back: calls and results in pairs, reasoning only in front of the item that it led to.
//!
//! Ids that the provider gave to messages and calls mean nothing to it any more and stay out.

use std::collections::{BTreeMap, BTreeSet};

use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::custom;
use super::previous::RESPONSE_ID;
use crate::answer::DIALECT;
use crate::turns::results;
use crate::{Item, Reasoning, Role};

/// The kinds of parts that a result may have.
const PARTS: [&str; 3] = ["input_text", "input_image", "input_file"];
/// The kinds of citations that the API takes back.
const CITATIONS: [&str; 4] = [
    "url_citation",
    "file_citation",
    "container_file_citation",
    "file_path",
];

/// The fields of what other dialects wrote that this one knows.
const OWN: [&str; 6] = ["type", "role", "content", "call_id", "name", "arguments"];

/// How what the model said goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    /// As a text where it is nothing else: strict servers take parts only with an id of theirs.
    /// <https://github.com/openai/codex/issues/12669>
    Plain,
    /// In its parts, as what the thinking before it led to.
    Parts,
}

/// The items of a history that are sent.
pub(super) struct Input<'a> {
    items: Vec<&'a Item>,
    /// The custom tools' calls of the whole history.
    custom: BTreeSet<&'a str>,
}

impl<'a> Input<'a> {
    /// The whole history.
    pub(super) fn whole(items: &'a [Item]) -> Self {
        Self::of(items, |_| true)
    }

    /// Of the history what `sent` says, by its place.
    pub(super) fn of(items: &'a [Item], sent: impl Fn(usize) -> bool) -> Self {
        let results = results(items);
        let answers: BTreeSet<usize> = results.values().copied().collect();
        let stands = |place: &usize, item: &Item| match item {
            Item::FunctionCall(_) => results.contains_key(place),
            Item::FunctionCallOutput(_) => answers.contains(place),
            Item::Other(fields) => !fields.contains_key(DIALECT),
            Item::Message(_) | Item::Reasoning(_) => true,
        };
        let items_sent = items
            .iter()
            .enumerate()
            .filter(|(place, item)| stands(place, item) && sent(*place))
            .map(|(_, item)| item);
        Self {
            items: items_sent.collect(),
            custom: custom::calls(items),
        }
    }
}

impl Serialize for Input<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut items = serializer.serialize_seq(None)?;
        let mut rest = &*self.items;
        let mut words = Words::Plain;
        while let Some((item, after)) = rest.split_first() {
            rest = after;
            match item {
                Item::Reasoning(reasoning) if !goes_back(reasoning, after) => continue,
                item => {
                    let fields = self.fields(item, words).map_err(S::Error::custom)?;
                    items.serialize_element(&fields)?;
                }
            }
            words = match item {
                Item::Reasoning(_) => Words::Parts,
                _ => Words::Plain,
            };
        }
        items.end()
    }
}

impl Input<'_> {
    /// An item as it goes back.
    fn fields(&self, item: &Item, words: Words) -> Result<BTreeMap<String, Value>, String> {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(item) else {
            return Err("an item is not an object".to_owned());
        };
        fields.remove(RESPONSE_ID);
        if fields.contains_key(DIALECT) {
            fields.retain(|name, _| OWN.contains(&name.as_str()));
        }
        match item {
            Item::Message(message) => {
                fields.remove("id");
                fields.remove("status");
                keep_citations(&mut fields);
                tell_detail(fields.get_mut("content"));
                if words == Words::Plain && is_plain(fields.get("content")) {
                    fields.insert("content".to_owned(), Value::from(message.text()));
                }
            }
            Item::FunctionCall(call) => {
                fields.remove("id");
                fields.remove("status");
                if custom::is_custom(call) {
                    custom::write_call(call, &mut fields);
                } else if call.arguments.trim().is_empty() {
                    fields.insert("arguments".to_owned(), Value::from("{}"));
                }
            }
            Item::FunctionCallOutput(result) => {
                if !result.output.is_string() && !is_content(&result.output) {
                    let text = result.output.to_string();
                    fields.insert("output".to_owned(), Value::from(text));
                }
                tell_detail(fields.get_mut("output"));
                if self.custom.contains(result.call_id.as_str()) {
                    custom::write_output(&mut fields);
                }
            }
            Item::Reasoning(_) => {
                fields.remove("status");
            }
            Item::Other(_) => {}
        }
        Ok(fields.into_iter().collect())
    }
}

/// Whether a reasoning item has something that the provider can read, and stands in front of the item it led to.
fn goes_back(reasoning: &Reasoning, after: &[&Item]) -> bool {
    let readable = reasoning.encrypted_content.is_some() || reasoning.extra.contains_key("content");
    let foreign = reasoning.extra.contains_key(DIALECT);
    let followed = after
        .iter()
        .find(|item| !matches!(item, Item::Reasoning(_)))
        .is_some_and(|item| match item {
            Item::Message(message) => message.role == Role::Assistant,
            Item::FunctionCall(_) => true,
            Item::FunctionCallOutput(_) | Item::Reasoning(_) => false,
            Item::Other(fields) => fields
                .get("type")
                .and_then(Value::as_str)
                .is_some_and(|kind| kind.ends_with("_call")),
        });
    readable && !foreign && followed
}

/// Whether a content is what the model said, and nothing beside words.
fn is_plain(content: Option<&Value>) -> bool {
    let is_text = |part: &Value| {
        let citations = part.get("annotations").and_then(Value::as_array);
        part.get("type").and_then(Value::as_str) == Some("output_text")
            && citations.is_none_or(Vec::is_empty)
    };
    content
        .and_then(Value::as_array)
        .is_some_and(|parts| !parts.is_empty() && parts.iter().all(is_text))
}

/// Whether a result is a list of content parts, and not just any list.
fn is_content(output: &Value) -> bool {
    let is_part = |part: &Value| {
        let kind = part.get("type").and_then(Value::as_str);
        kind.is_some_and(|kind| PARTS.contains(&kind))
    };
    output
        .as_array()
        .is_some_and(|parts| parts.iter().all(is_part))
}

/// Says how closely images are looked at, which the API wants to be told.
fn tell_detail(parts: Option<&mut Value>) {
    let parts = parts.and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten().filter_map(Value::as_object_mut) {
        if part.get("type").and_then(Value::as_str) == Some("input_image") {
            part.entry("detail").or_insert_with(|| Value::from("auto"));
        }
    }
}

/// Leaves out the citations that only another provider knows.
fn keep_citations(fields: &mut Map<String, Value>) {
    let parts = fields.get_mut("content").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten() {
        if let Some(citations) = part.get_mut("annotations").and_then(Value::as_array_mut) {
            citations.retain(|citation| {
                let kind = citation.get("type").and_then(Value::as_str);
                kind.is_some_and(|kind| CITATIONS.contains(&kind))
            });
        }
    }
}
