//! The history as messages: the model's texts and calls of one turn in one message, the results right behind it.

use serde_json::{Map, Value, json};

use super::call::EXTRA_CONTENT;
use super::details::{DETAILS, kept};
use super::profile::{Images, OperatorRole, Quirks, ReasoningBack, Support};
use super::{DIALECT, output};
use crate::turns::{Said, Turn, turns};
use crate::{ContentPart, FunctionCall, FunctionCallOutput, Request};

/// What stands for an image that the model can't be shown.
const NO_IMAGE: &str = "[an image that can't be shown to this model]";
/// What stands for a file that the model can't be shown.
const NO_FILE: &str = "[a file that can't be shown to this model]";

/// The messages of a request, instructions included.
pub(super) fn messages(quirks: &Quirks, request: &Request) -> Vec<Value> {
    let turns = turns(&request.input, DIALECT);
    let newest_user = turns.iter().rposition(|turn| matches!(turn, Turn::User(_)));
    let mut messages = Vec::new();
    let mut first: Vec<String> = request.instructions.iter().cloned().collect();
    first.extend(output::words(quirks, request));
    let mut turns = turns.into_iter().enumerate().peekable();
    if quirks.operator == OperatorRole::SystemFirst {
        while let Some((_, Turn::Operator(message))) =
            turns.next_if(|(_, turn)| matches!(turn, Turn::Operator(_)))
        {
            first.push(message.text());
        }
    }
    if !first.is_empty() {
        let role = match quirks.operator {
            OperatorRole::Developer => "developer",
            OperatorRole::System | OperatorRole::SystemFirst => "system",
        };
        messages.push(json!({"role": role, "content": first.join("\n\n")}));
    }
    for (position, turn) in turns {
        match turn {
            Turn::Operator(message) => {
                let role = match quirks.operator {
                    OperatorRole::Developer => "developer",
                    OperatorRole::System => "system",
                    OperatorRole::SystemFirst => "user",
                };
                messages.push(json!({"role": role, "content": message.text()}));
            }
            Turn::User(message) => {
                messages
                    .push(json!({"role": "user", "content": content(quirks, &message.content)}));
            }
            Turn::Assistant(said) => {
                let goes_on = newest_user.is_none_or(|newest| position > newest);
                add_turn(&said, quirks, goes_on, &mut messages);
            }
        }
    }
    match quirks.operator {
        OperatorRole::SystemFirst => together(messages),
        OperatorRole::Developer | OperatorRole::System => messages,
    }
}

/// The messages, those of the person that follow each other as one: chat templates want to see turns.
fn together(messages: Vec<Value>) -> Vec<Value> {
    let mut turns: Vec<Value> = Vec::with_capacity(messages.len());
    for mut message in messages {
        let is_user = |message: &Value| message.get("role").is_some_and(|role| role == "user");
        match turns.last_mut().filter(|last| is_user(last)) {
            Some(last) if is_user(&message) => {
                if let (Some(said), Some(more)) =
                    (last.get_mut("content"), message.get_mut("content"))
                {
                    *said = joined(said.take(), more.take());
                }
            }
            Some(_) | None => turns.push(message),
        }
    }
    turns
}

/// Two contents as one, a text where both are.
fn joined(said: Value, more: Value) -> Value {
    let parts = |content| match content {
        Value::Array(parts) => parts,
        text => vec![json!({"type": "text", "text": text})],
    };
    match (said, more) {
        (Value::String(said), Value::String(more)) => Value::from(format!("{said}\n\n{more}")),
        (said, more) => parts(said).into_iter().chain(parts(more)).collect(),
    }
}

/// Adds a turn of the model's. `goes_on` says that it belongs to the answer that isn't finished.
fn add_turn(said: &[Said<'_>], quirks: &Quirks, goes_on: bool, messages: &mut Vec<Value>) {
    let (mut texts, mut thoughts, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    let mut results = Vec::new();
    let mut details = Vec::new();
    for said in said {
        match said {
            Said::Text(message) => {
                texts.push(message.text());
                details.extend(kept(&message.extra, DETAILS));
            }
            Said::Thought(reasoning) => thoughts.push(reasoning.summary.concat()),
            Said::Call(called, result) => {
                calls.push(call(called));
                results.push((*called, *result));
                details.extend(kept(&called.extra, DETAILS));
            }
            Said::Own(_) => {}
        }
    }
    let text = texts.join("\n\n");
    let mut fields = Map::from_iter([("role".to_owned(), json!("assistant"))]);
    // An empty text is null beside calls; alone it stays, because a message must have something.
    let said_text = if text.is_empty() && !calls.is_empty() {
        Value::Null
    } else {
        Value::from(text)
    };
    fields.insert("content".to_owned(), said_text);
    let called = !calls.is_empty();
    if called {
        fields.insert("tool_calls".to_owned(), Value::Array(calls));
    }
    let whole = thoughts.concat();
    match quirks.reasoning_back {
        ReasoningBack::Details if !details.is_empty() => {
            let details = details.into_iter().filter_map(Value::as_array).flatten();
            fields.insert(DETAILS.to_owned(), details.cloned().collect());
        }
        ReasoningBack::Details if called && goes_on && !whole.is_empty() => {
            fields.insert("reasoning".to_owned(), Value::from(whole));
        }
        ReasoningBack::Always(name) => {
            fields.insert(name.to_owned(), Value::from(whole));
        }
        ReasoningBack::Details | ReasoningBack::Nothing => {}
    }
    messages.push(Value::Object(fields));
    let mut shown = Vec::new();
    for (call, result) in results {
        messages.push(json!({
            "role": "tool",
            "tool_call_id": call.call_id,
            "content": result_text(result, &mut shown),
        }));
    }
    // The results themselves are text alone.
    if !shown.is_empty() {
        messages.push(json!({"role": "user", "content": content(quirks, &shown)}));
    }
}

fn call(call: &FunctionCall) -> Value {
    let arguments = match call.arguments.trim() {
        "" => "{}",
        _ => &call.arguments,
    };
    let mut sent = json!({
        "id": call.call_id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    });
    if let (Some(extra), Some(fields)) = (kept(&call.extra, EXTRA_CONTENT), sent.as_object_mut()) {
        fields.insert(EXTRA_CONTENT.to_owned(), extra.clone());
    }
    sent
}

/// A result's text; images in it are put aside, to be shown after all results.
fn result_text(result: &FunctionCallOutput, shown: &mut Vec<ContentPart>) -> String {
    let Value::Array(parts) = &result.output else {
        return result.text();
    };
    let mut texts = Vec::new();
    for part in parts {
        let kind = part.get("type").and_then(Value::as_str);
        match (kind, part) {
            (Some("input_image"), Value::Object(fields)) => {
                shown.push(ContentPart::InputText {
                    text: format!("The image that the call {} gave:", result.call_id),
                });
                shown.push(ContentPart::Other(fields.clone()));
                texts.push("[an image, shown below]".to_owned());
            }
            _ => match part.get("text").and_then(Value::as_str) {
                Some(text) => texts.push(text.to_owned()),
                None => texts.push(part.to_string()),
            },
        }
    }
    texts.join("\n")
}

/// Content as one text where it is only text, because not all servers take lists.
fn content(quirks: &Quirks, parts: &[ContentPart]) -> Value {
    let parts: Vec<Value> = parts
        .iter()
        .filter_map(|part| user_part(quirks, part))
        .collect();
    let texts: Option<Vec<&str>> = parts
        .iter()
        .map(|part| part.get("text").and_then(Value::as_str))
        .collect();
    match texts {
        Some(texts) => Value::from(texts.join("\n")),
        None => Value::Array(parts),
    }
}

fn user_part(quirks: &Quirks, part: &ContentPart) -> Option<Value> {
    let text = |text: &str| Some(json!({"type": "text", "text": text}));
    let fields = match part {
        ContentPart::InputText { text: said }
        | ContentPart::OutputText { text: said, .. }
        | ContentPart::Refusal { refusal: said } => return text(said),
        ContentPart::Other(fields) => fields,
    };
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    match field("type") {
        Some("input_image") => match (field("image_url"), quirks.images) {
            (Some(url), Images::Any) => Some(image(url, field("detail"))),
            (Some(url), Images::Inline) if url.starts_with("data:") => {
                Some(image(url, field("detail")))
            }
            (Some(_) | None, _) => text(NO_IMAGE),
        },
        Some("input_file") => match (field("file_data"), quirks.files) {
            (Some(data), Support::Yes) => {
                let name = field("filename").unwrap_or("file");
                Some(json!({"type": "file", "file": {"filename": name, "file_data": data}}))
            }
            (Some(_) | None, _) => text(NO_FILE),
        },
        Some(_) | None => None,
    }
}

fn image(url: &str, detail: Option<&str>) -> Value {
    match detail {
        Some(detail) => json!({"type": "image_url", "image_url": {"url": url, "detail": detail}}),
        None => json!({"type": "image_url", "image_url": {"url": url}}),
    }
}
