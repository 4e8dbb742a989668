//! A frame of a stream before it becomes bytes, and what all dialects need to make one.

use serde_json::Value;

use super::script::Ids;

/// One frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Its `event:` line, if it has one.
    pub event: Option<String>,
    /// Its data.
    pub data: Data,
    /// Whether the response's pause belongs before it.
    pub pace: Pace,
}

/// What a frame carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// A JSON value.
    Json(Value),
    /// Something else, such as `[DONE]`.
    Text(String),
}

/// Whether a frame is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// It follows the one before at once.
    AtOnce,
    /// It is a delta and comes at the response's pace.
    Paced,
}

impl Frame {
    /// A frame whose `event:` line repeats the type in its data.
    pub(super) fn typed(body: Value, pace: Pace) -> Self {
        let kind = body.get("type").and_then(Value::as_str);
        Self {
            event: kind.map(str::to_owned),
            data: Data::Json(body),
            pace,
        }
    }

    /// A frame without an `event:` line.
    pub(super) fn untyped(data: Data, pace: Pace) -> Self {
        Self {
            event: None,
            data,
            pace,
        }
    }

    /// Its data as JSON; `None` where it is none.
    pub fn json(&self) -> Option<&Value> {
        match &self.data {
            Data::Json(value) => Some(value),
            Data::Text(_) => None,
        }
    }

    pub(super) fn json_mut(&mut self) -> Option<&mut Value> {
        match &mut self.data {
            Data::Json(value) => Some(value),
            Data::Text(_) => None,
        }
    }

    /// As it goes over the wire, with this line end.
    pub(super) fn bytes(&self, line_end: &str) -> Vec<u8> {
        let event = match &self.event {
            Some(event) => format!("event: {event}{line_end}"),
            None => String::new(),
        };
        let data = match &self.data {
            Data::Json(value) => &value.to_string(),
            Data::Text(text) => text,
        };
        format!("{event}data: {data}{line_end}{line_end}").into_bytes()
    }
}

/// The id of a response or of one of its items.
pub(super) fn id(ids: Ids, prefix: &str, number: u64, index: usize) -> String {
    match ids {
        Ids::Fresh | Ids::Missing => format!("{prefix}_{number}_{index}"),
        Ids::Repeated => "__fake_id__".to_owned(),
    }
}

/// An object with the fields of both.
pub(super) fn with(fields: &Value, mut object: Value) -> Value {
    if let (Value::Object(fields), Value::Object(object)) = (fields, &mut object) {
        object.extend(fields.clone());
    }
    object
}

/// Sets a field of an object.
pub(super) fn set(object: &mut Value, field: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(field.to_owned(), value);
    }
}

/// A text in two pieces, as arguments come.
pub(super) fn halves(text: &str) -> Vec<&str> {
    let middle = (0..=text.len() / 2)
        .rev()
        .find(|at| text.is_char_boundary(*at));
    let (first, second) = text.split_at(middle.unwrap_or_default());
    let pieces = [first, second].into_iter();
    pieces.filter(|piece| !piece.is_empty()).collect()
}

/// How many deltas there are: each counts as a token.
pub(super) fn tokens(frames: &[Frame]) -> usize {
    let paced = frames.iter().filter(|frame| frame.pace == Pace::Paced);
    paced.count()
}
