//! The history as messages: person and model in turn, each call in the model's and its result in the one behind it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::pause::Ends;
use super::{REDACTED, SIGNATURE, block};
use crate::turns::{Said, Turn};
use crate::{ContentPart, FunctionCall, FunctionCallOutput, Message, Reasoning};

/// What stands where the API wants a word of the person's and there is none.
const NOTHING_SAID: &str = "[go on]";
/// What stands for an image that the model can't be shown.
const NO_IMAGE: &str = "[an image that can't be shown to this model]";
/// What stands for a file that the model can't be shown.
const NO_FILE: &str = "[a file that can't be shown to this model]";

/// The images that the API takes.
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
/// The files that the API takes.
const FILES: [&str; 1] = ["application/pdf"];

/// Whether the model's earlier thinking goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thoughts {
    Sent,
    LeftOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    User,
    Assistant,
}

/// The blocks of the system prompt.
pub(super) fn system(
    instructions: Option<&str>,
    form: Option<String>,
    operator: &[Turn<'_>],
) -> Vec<Value> {
    let said = operator.iter().filter_map(|turn| match turn {
        Turn::Operator(message) => Some(message.text()),
        Turn::User(_) | Turn::Assistant(_) => None,
    });
    instructions
        .map(str::to_owned)
        .into_iter()
        .chain(form)
        .chain(said)
        .filter_map(|text| self::text(&text))
        .collect()
}

/// The messages: the first and the last one are the person's, unless the model's answer goes on.
pub(super) fn messages(turns: &[Turn<'_>], thoughts: Thoughts, ends: Ends) -> Vec<Value> {
    let ids = call_ids(turns);
    let mut messages = Vec::new();
    for (place, turn) in turns.iter().enumerate() {
        match turn {
            Turn::Operator(message) => {
                add(&mut messages, Speaker::User, text(&message.text()));
            }
            Turn::User(message) => add(&mut messages, Speaker::User, parts(&message.content)),
            Turn::Assistant(said) => {
                let is_last = place + 1 == turns.len();
                let answered = match ends {
                    Ends::Paused if is_last => block::calls(said),
                    Ends::Paused | Ends::Said => block::answered(said),
                };
                let mut blocks: Vec<Value> = said
                    .iter()
                    .filter_map(|said| said_block(said, &ids, &answered, thoughts))
                    .collect();
                while blocks.last().is_some_and(is_thought) {
                    blocks.pop();
                }
                add(&mut messages, Speaker::Assistant, blocks);
                let results = said.iter().filter_map(|said| match said {
                    Said::Call(call, result) => Some(result_block(call, result, &ids)),
                    Said::Text(_) | Said::Thought(_) | Said::Own(_) => None,
                });
                add(&mut messages, Speaker::User, results);
            }
        }
    }
    if matches!(messages.first(), Some((Speaker::Assistant, _))) {
        let blocks = text(NOTHING_SAID).into_iter().collect();
        messages.insert(0, (Speaker::User, blocks));
    }
    if ends == Ends::Said && !matches!(messages.last(), Some((Speaker::User, _))) {
        add(&mut messages, Speaker::User, text(NOTHING_SAID));
    }
    let message = |(speaker, content)| {
        let role = match speaker {
            Speaker::User => "user",
            Speaker::Assistant => "assistant",
        };
        json!({"role": role, "content": Value::Array(content)})
    };
    messages.into_iter().map(message).collect()
}

/// The last block of the last message.
pub(super) fn last_block(messages: &mut [Value]) -> Option<&mut Value> {
    messages
        .last_mut()?
        .get_mut("content")?
        .as_array_mut()?
        .last_mut()
}

/// A thought as the provider takes it back: signed, or readable for it alone.
pub(super) fn thought(reasoning: &Reasoning) -> Option<Value> {
    let kept = |name: &str| reasoning.extra.get(name).and_then(Value::as_str);
    if let Some(data) = kept(REDACTED) {
        return Some(json!({"type": "redacted_thinking", "data": data}));
    }
    let thinking = reasoning.summary.concat();
    kept(SIGNATURE)
        .map(|signature| json!({"type": "thinking", "thinking": thinking, "signature": signature}))
}

/// Adds blocks to the message of this speaker, or begins one with them.
fn add(
    messages: &mut Vec<(Speaker, Vec<Value>)>,
    speaker: Speaker,
    blocks: impl IntoIterator<Item = Value>,
) {
    let blocks: Vec<Value> = blocks.into_iter().collect();
    if blocks.is_empty() {
        return;
    }
    match messages.last_mut() {
        Some((last, content)) if *last == speaker => content.extend(blocks),
        Some(_) | None => messages.push((speaker, blocks)),
    }
}

/// The id that each call is sent with: its own where the provider takes it, else one that no other call has.
fn call_ids<'a>(turns: &[Turn<'a>]) -> BTreeMap<&'a str, String> {
    let mut ids = BTreeMap::new();
    let calls = turns.iter().flat_map(|turn| match turn {
        Turn::Assistant(said) => &**said,
        Turn::Operator(_) | Turn::User(_) => &[],
    });
    let calls: Vec<&str> = calls
        .filter_map(|said| match said {
            Said::Call(call, _) => Some(call.call_id.as_str()),
            Said::Text(_) | Said::Thought(_) | Said::Own(_) => None,
        })
        .collect();
    for (position, id) in calls.iter().enumerate() {
        let fits = |id: &str| {
            !id.is_empty()
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        };
        let mut sent = (*id).to_owned();
        while !fits(&sent) || (sent != **id && calls.contains(&sent.as_str())) {
            sent = if fits(&sent) {
                format!("{sent}_")
            } else {
                format!("call-{position}")
            };
        }
        ids.entry(*id).or_insert(sent);
    }
    ids
}

fn said_block(
    said: &Said<'_>,
    ids: &BTreeMap<&str, String>,
    answered: &BTreeSet<&str>,
    thoughts: Thoughts,
) -> Option<Value> {
    match (said, thoughts) {
        (Said::Text(message), _) => text(&said_text(message)),
        (Said::Thought(reasoning), Thoughts::Sent) => thought(reasoning),
        (Said::Thought(_), Thoughts::LeftOut) => None,
        (Said::Own(fields), _) => block::back(fields, answered),
        (Said::Call(call, _), _) => Some(json!({
            "type": "tool_use",
            "id": ids.get(call.call_id.as_str()),
            "name": call.name,
            "input": input(&call.arguments),
        })),
    }
}

/// Whether a block is thinking, with which no message may end.
fn is_thought(block: &Value) -> bool {
    let kind = block.get("type").and_then(Value::as_str);
    matches!(kind, Some("thinking" | "redacted_thinking"))
}

/// What the model said. White space at the end is refused in the last message of an answer that goes on.
fn said_text(message: &Message) -> String {
    message.text().trim_end().to_owned()
}

/// Arguments as the object that the provider wants.
fn input(arguments: &str) -> Value {
    match frontdesk_json::read(arguments.as_bytes()) {
        Ok(Value::Object(fields)) => Value::Object(fields),
        _ if arguments.trim().is_empty() => json!({}),
        _ => json!({"unreadable": arguments}),
    }
}

fn result_block(
    call: &FunctionCall,
    result: &FunctionCallOutput,
    ids: &BTreeMap<&str, String>,
) -> Value {
    let content: Vec<Value> = match &result.output {
        Value::Array(output) => output
            .iter()
            .filter_map(|part| match serde_json::from_value(part.clone()) {
                Ok(part) => self::part(&part).or_else(|| match part {
                    ContentPart::Other(fields) => text(&Value::Object(fields).to_string()),
                    _ => None,
                }),
                Err(_) => text(&part.to_string()),
            })
            .collect(),
        _ => text(&result.text()).into_iter().collect(),
    };
    json!({
        "type": "tool_result",
        "tool_use_id": ids.get(call.call_id.as_str()),
        "content": content,
    })
}

fn parts(parts: &[ContentPart]) -> Vec<Value> {
    parts.iter().filter_map(part).collect()
}

fn part(part: &ContentPart) -> Option<Value> {
    let fields = match part {
        ContentPart::InputText { text: said }
        | ContentPart::OutputText { text: said, .. }
        | ContentPart::Refusal { refusal: said } => return text(said),
        ContentPart::Other(fields) => fields,
    };
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    match field("type") {
        Some("input_image") => {
            let source = field("image_url").and_then(|url| source(url, &IMAGES));
            source.map_or_else(
                || text(NO_IMAGE),
                |source| Some(json!({"type": "image", "source": source})),
            )
        }
        Some("input_file") => {
            let address = field("file_data").or_else(|| field("file_url"));
            let source = address.and_then(|url| source(url, &FILES));
            source.map_or_else(
                || text(NO_FILE),
                |source| Some(json!({"type": "document", "source": source})),
            )
        }
        Some(_) | None => None,
    }
}

/// Where an image or a file is: in the address itself, if it is of these kinds, or elsewhere.
fn source(url: &str, kinds: &[&str]) -> Option<Value> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Some(json!({"type": "url", "url": url}));
    }
    let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    kinds
        .contains(&media_type)
        .then(|| json!({"type": "base64", "media_type": media_type, "data": data}))
}

/// A block of text, where there is something in it: the provider refuses empty ones.
fn text(text: &str) -> Option<Value> {
    (!text.trim().is_empty()).then(|| json!({"type": "text", "text": text}))
}
