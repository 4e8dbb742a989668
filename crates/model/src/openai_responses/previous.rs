//! Answers that the provider keeps: which of them a history goes on from, and what it doesn't have yet.
//!
//! The items of an answer say which one they are from, wherever they are stored meanwhile.

use serde_json::{Map, Value};

use super::input::Input;
use crate::Item;

/// The field of an item that has the id of the answer it is from.
pub(super) const RESPONSE_ID: &str = "response_id";

/// The newest kept answer of a history, and the items that came after it.
pub(super) fn newest(items: &[Item]) -> Option<(&str, Input<'_>)> {
    let id = items.iter().rev().find_map(response_id)?;
    let first = items
        .iter()
        .position(|item| response_id(item) == Some(id))?;
    let is_new = |place: usize| place > first && items.get(place).and_then(response_id) != Some(id);
    Some((id, Input::of(items, is_new)))
}

/// Notes which answer an item is from.
pub(super) fn note(item: &mut Item, id: &str) {
    if let Some(fields) = fields_mut(item) {
        fields.insert(RESPONSE_ID.to_owned(), Value::from(id));
    }
}

/// Forgets which answer an item is from.
pub(crate) fn forget(item: &mut Item) {
    if let Some(fields) = fields_mut(item) {
        fields.remove(RESPONSE_ID);
    }
}

fn response_id(item: &Item) -> Option<&str> {
    let fields = match item {
        Item::Message(message) => &message.extra,
        Item::FunctionCall(call) => &call.extra,
        Item::Reasoning(reasoning) => &reasoning.extra,
        Item::Other(fields) => fields,
        Item::FunctionCallOutput(_) => return None,
    };
    fields.get(RESPONSE_ID).and_then(Value::as_str)
}

fn fields_mut(item: &mut Item) -> Option<&mut Map<String, Value>> {
    match item {
        Item::Message(message) => Some(&mut message.extra),
        Item::FunctionCall(call) => Some(&mut call.extra),
        Item::Reasoning(reasoning) => Some(&mut reasoning.extra),
        Item::Other(fields) => Some(fields),
        Item::FunctionCallOutput(_) => None,
    }
}
