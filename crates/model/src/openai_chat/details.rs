//! What a server wants back with an answer beside its words: `reasoning_details`, as `OpenRouter` has them.
//!
//! They come in pieces, each of one detail, and go back as a list of whole ones, in the order in which they began.
//! <https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning-blocks>

use serde_json::{Map, Value};

use super::DIALECT;
use crate::answer;

/// The field of a message, and of the item that it goes back with.
pub(super) const DETAILS: &str = "reasoning_details";
/// The fields that grow from piece to piece.
const GROWING: [&str; 2] = ["text", "summary"];
/// The most details that one answer may have.
const MAX_DETAILS: usize = 1_000;

/// The details of an answer as far as they came.
#[derive(Debug, Default)]
pub(super) struct Details(Vec<Map<String, Value>>);

impl Details {
    /// Adds pieces, and gives the text that people may read in them.
    pub(super) fn take(&mut self, pieces: Value) -> String {
        let mut told = String::new();
        let Value::Array(pieces) = pieces else {
            return told;
        };
        for piece in pieces {
            if let Value::Object(piece) = piece {
                for name in GROWING {
                    told.push_str(text(&piece, name).unwrap_or_default());
                }
                self.add(piece);
            }
        }
        told
    }

    fn add(&mut self, piece: Map<String, Value>) {
        let same = |detail: &Map<String, Value>| {
            detail.get("type") == piece.get("type") && detail.get("index") == piece.get("index")
        };
        let grows = GROWING.iter().any(|name| piece.contains_key(*name))
            || text(&piece, "signature").is_some();
        let detail = self.0.iter_mut().rev().find(|detail| same(detail));
        let Some(detail) = detail.filter(|_| grows) else {
            if self.0.len() < MAX_DETAILS {
                self.0.push(piece);
            }
            return;
        };
        for (name, value) in piece {
            match (detail.get_mut(&name), value) {
                (Some(Value::String(kept)), Value::String(more))
                    if GROWING.contains(&name.as_str()) =>
                {
                    kept.push_str(&more);
                }
                (Some(_), Value::Null) => {}
                (_, value) => {
                    detail.insert(name, value);
                }
            }
        }
    }

    /// The whole details, if there are any.
    pub(super) fn finish(&mut self) -> Option<Value> {
        let details: Vec<Value> = std::mem::take(&mut self.0)
            .into_iter()
            .map(Value::Object)
            .collect();
        (!details.is_empty()).then_some(Value::Array(details))
    }
}

/// What an item keeps under this name for this dialect.
pub(super) fn kept<'a>(extra: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let ours = extra.get(answer::DIALECT).and_then(Value::as_str) == Some(DIALECT);
    extra.get(name).filter(|_| ours)
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}
