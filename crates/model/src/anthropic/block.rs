//! Blocks of tools that the provider runs by itself: their calls and their results, kept as they came to go back so.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::answer::DIALECT;
use crate::turns::Said;

/// What ends the names of all kinds of results.
const RESULT: &str = "_tool_result";

/// Whether a block is a call of such a tool.
pub(super) fn is_call(kind: &str) -> bool {
    matches!(kind, "server_tool_use" | "mcp_tool_use")
}

/// Whether a block is the result of one.
pub(super) fn is_result(kind: &str) -> bool {
    kind.ends_with(RESULT)
}

/// The calls of a turn, by id.
pub(super) fn calls<'a>(said: &[Said<'a>]) -> BTreeSet<&'a str> {
    ids(said, is_call, "id")
}

/// The calls that have their result in the same turn, by id. The API refuses the others.
pub(super) fn answered<'a>(said: &[Said<'a>]) -> BTreeSet<&'a str> {
    let results = ids(said, is_result, "tool_use_id");
    calls(said).intersection(&results).copied().collect()
}

/// The block as it goes back, if its call is answered.
pub(super) fn back(fields: &Map<String, Value>, answered: &BTreeSet<&str>) -> Option<Value> {
    let kind = text(fields, "type");
    let id = if is_call(kind) { "id" } else { "tool_use_id" };
    if !answered.contains(text(fields, id)) {
        return None;
    }
    let mut block = fields.clone();
    block.remove(DIALECT);
    Some(Value::Object(block))
}

/// A citation in our form, the Responses API's, where it has one; it belongs to these characters of the text.
pub(super) fn citation(mut citation: Value, start: usize, end: usize) -> Value {
    let Some(fields) = citation.as_object_mut() else {
        return citation;
    };
    if text(fields, "type") == "web_search_result_location" {
        fields.insert("type".to_owned(), Value::from("url_citation"));
        if fields.get("title").is_none_or(Value::is_null) {
            fields.insert("title".to_owned(), Value::from(text(fields, "url")));
        }
    }
    fields.remove("encrypted_index");
    fields.insert("start_index".to_owned(), Value::from(start));
    fields.insert("end_index".to_owned(), Value::from(end));
    citation
}

fn ids<'a>(said: &[Said<'a>], wanted: fn(&str) -> bool, name: &str) -> BTreeSet<&'a str> {
    said.iter()
        .filter_map(|said| match said {
            Said::Own(fields) if wanted(text(fields, "type")) => Some(text(fields, name)),
            _ => None,
        })
        .collect()
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}
