//! What servers do that isn't in the vendor's own description, or not yet: a reader has to live with all of it.

use serde_json::{Map, Value, json};

use super::dialect::Dialect;
use super::frame::{Data, Frame, Pace};
use super::script::{Fault, Ids, Response};
use super::{chat, messages, responses};

/// The name of everything that nobody knows.
const UNKNOWN: &str = "hologram";
/// Fields that say where something belongs or what it is, and that a reader can do without.
const INFERRED: [&str; 8] = [
    "sequence_number",
    "output_index",
    "content_index",
    "summary_index",
    "annotation_index",
    "object",
    "created",
    "model",
];
const ID_FIELDS: [&str; 3] = ["id", "item_id", "call_id"];

/// One unusual thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hostility {
    /// Events of a kind that nobody knows, before each other event but the first.
    UnknownEvents,
    /// An item, a block or a choice of a kind that nobody knows, before all others.
    UnknownItem,
    /// Fields that nobody knows in every object.
    UnknownFields,
    /// Fields that can be inferred are left out.
    MissingFields,
    /// Reasons, states and tiers that nobody knows.
    UnknownValues,
    /// No usage.
    NoUsage,
    /// No last word: no `[DONE]`, no `message_stop`. The Responses API has none besides its end.
    NoLastWord,
    /// Arguments whole in one frame, none of them as a delta of its own.
    WholeArguments,
    /// Arguments whole, and as objects, not as text.
    ObjectArguments,
    /// Every call at the place of the first.
    OnePlace,
}

impl Hostility {
    /// All there are.
    pub const ALL: [Self; 10] = [
        Self::UnknownEvents,
        Self::UnknownItem,
        Self::UnknownFields,
        Self::MissingFields,
        Self::UnknownValues,
        Self::NoUsage,
        Self::NoLastWord,
        Self::WholeArguments,
        Self::ObjectArguments,
        Self::OnePlace,
    ];
}

/// Applies everything hostile that a response asks for.
pub(super) fn spoil(dialect: Dialect, response: &Response, frames: &mut Vec<Frame>) {
    for hostility in &response.hostile {
        match hostility {
            Hostility::UnknownEvents => add_events(dialect, frames),
            Hostility::UnknownItem => add_item(dialect, frames),
            Hostility::UnknownFields => each(frames, &mut |object| {
                object.insert(format!("x_{UNKNOWN}"), json!({"depth": [1, null]}));
            }),
            Hostility::MissingFields => each(frames, &mut |object| {
                object.retain(|name, _| !INFERRED.contains(&name.as_str()));
            }),
            Hostility::UnknownValues => each(frames, &mut |object| {
                for name in [
                    "service_tier",
                    "finish_reason",
                    "stop_reason",
                    "status",
                    "phase",
                ] {
                    if let Some(value) = object.get_mut(name).filter(|value| value.is_string()) {
                        *value = json!(UNKNOWN);
                    }
                }
            }),
            Hostility::NoUsage => {
                let is_usage = |frame: &Frame| {
                    let choices = frame.json().and_then(|body| body.get("choices"));
                    choices == Some(&json!([]))
                };
                frames.retain(|frame| !is_usage(frame));
                each(frames, &mut |object| {
                    object.remove("usage");
                });
            }
            Hostility::NoLastWord if dialect != Dialect::Responses => {
                frames.pop();
            }
            Hostility::NoLastWord => {}
            Hostility::WholeArguments => whole_arguments(frames),
            Hostility::ObjectArguments => {
                whole_arguments(frames);
                each(frames, &mut |object| {
                    let text = object.get("arguments").and_then(Value::as_str);
                    if let Ok(value @ Value::Object(_)) =
                        serde_json::from_str(text.unwrap_or_default())
                    {
                        object.insert("arguments".to_owned(), value);
                    }
                });
            }
            Hostility::OnePlace => each(frames, &mut |object| {
                let is_call = object.contains_key("function");
                for name in ["index", "output_index"] {
                    if object.contains_key(name) && (is_call || dialect != Dialect::Chat) {
                        object.insert(name.to_owned(), json!(0));
                    }
                }
            }),
        }
    }
    if response.ids == Ids::Missing {
        each(frames, &mut |object| {
            object.retain(|name, _| !ID_FIELDS.contains(&name.as_str()));
        });
    }
    if let Fault::ErrorAfter { count, message } = &response.fault {
        frames.truncate(*count);
        frames.push(match dialect {
            Dialect::Responses => responses::error(message, *count),
            Dialect::Chat => chat::error("server_error", message),
            Dialect::Messages => messages::error("server_error", message),
        });
    }
}

fn add_events(dialect: Dialect, frames: &mut Vec<Frame>) {
    let unknown = || match dialect {
        Dialect::Responses => Frame::typed(
            json!({"type": format!("response.{UNKNOWN}.delta"), "delta": "light"}),
            Pace::AtOnce,
        ),
        Dialect::Chat => Frame::untyped(
            Data::Json(json!({"object": UNKNOWN, "light": "green"})),
            Pace::AtOnce,
        ),
        Dialect::Messages => Frame::typed(
            json!({"type": format!("{UNKNOWN}_delta"), "index": 0, "delta": {"type": "light"}}),
            Pace::AtOnce,
        ),
    };
    let ordinary = std::mem::take(frames);
    for (index, frame) in ordinary.into_iter().enumerate() {
        if index > 0 {
            frames.push(unknown());
        }
        frames.push(frame);
    }
}

/// Puts an item of its own at index 100, where it is in nobody's way.
fn add_item(dialect: Dialect, frames: &mut Vec<Frame>) {
    let typed = |body: Value| Frame::typed(body, Pace::AtOnce);
    let item = json!({"id": "holo_1", "type": UNKNOWN, "light": "green"});
    let unknown = match dialect {
        Dialect::Responses => vec![
            typed(json!({"type": "response.output_item.added", "output_index": 100, "item": item})),
            typed(json!({"type": "response.output_item.done", "output_index": 100, "item": item})),
        ],
        Dialect::Chat => {
            let choice = json!({"index": 0, "delta": {UNKNOWN: item}, "finish_reason": null});
            let chunk = json!({"id": "holo_1", "object": "chat.completion.chunk", "created": 1, "model": "test", "choices": [choice]});
            vec![Frame::untyped(Data::Json(chunk), Pace::AtOnce)]
        }
        Dialect::Messages => vec![
            typed(json!({"type": "content_block_start", "index": 100, "content_block": item})),
            typed(
                json!({"type": "content_block_delta", "index": 100, "delta": {"type": UNKNOWN, "light": "red"}}),
            ),
            typed(json!({"type": "content_block_stop", "index": 100})),
        ],
    };
    let at = frames.len().min(2);
    frames.splice(at..at, unknown);
}

/// Makes a call's first frame carry all of its arguments, as far as the API has them there, and drops its deltas.
fn whole_arguments(frames: &mut Vec<Frame>) {
    let mut begun: Option<usize> = None;
    let mut whole: Vec<(usize, String)> = Vec::new();
    let mut kept: Vec<Frame> = Vec::new();
    for frame in frames.drain(..) {
        let body = frame.json();
        let at = |path: &str| body.and_then(|body| body.pointer(path));
        let text = |path: &str| at(path).and_then(Value::as_str);
        if at("/choices/0/delta/tool_calls/0/id").is_some()
            || text("/content_block/type") == Some("tool_use")
            || text("/item/type") == Some("function_call")
        {
            begun = Some(kept.len());
        } else if let (Some(place), Some(piece)) = (
            begun,
            text("/choices/0/delta/tool_calls/0/function/arguments")
                .or_else(|| text("/delta/partial_json"))
                .or_else(|| text("/delta")),
        ) {
            whole.push((place, piece.to_owned()));
            continue;
        } else {
            begun = None;
        }
        kept.push(frame);
    }
    for (place, piece) in whole {
        let Some(body) = kept.get_mut(place).and_then(Frame::json_mut) else {
            continue;
        };
        if let Some(Value::String(arguments)) =
            body.pointer_mut("/choices/0/delta/tool_calls/0/function/arguments")
        {
            arguments.push_str(&piece);
        } else if let Some(input) = body.pointer_mut("/content_block/input") {
            let before = input.as_str().unwrap_or_default();
            *input = json!(format!("{before}{piece}"));
        }
    }
    for body in kept.iter_mut().filter_map(Frame::json_mut) {
        if let Some(input) = body.pointer_mut("/content_block/input")
            && let Some(text) = input.as_str()
        {
            *input = serde_json::from_str(text).unwrap_or_else(|_| json!({}));
        }
    }
    *frames = kept;
}

/// Does something with every object in every frame.
fn each(frames: &mut [Frame], change: &mut impl FnMut(&mut Map<String, Value>)) {
    for body in frames.iter_mut().filter_map(Frame::json_mut) {
        visit(body, change);
    }
}

fn visit(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(values) => {
            for value in values {
                visit(value, change);
            }
        }
        Value::Object(object) => {
            for value in object.values_mut() {
                visit(value, change);
            }
            change(object);
        }
        _ => {}
    }
}
