//! Items of a thread as messages for the model, each as the reference server's converter tells them, or better.
//!
//! What the operator's application says is the operator's; all else is told in the user's role, because it is no
//! instruction.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use frontdesk_model::{ContentPart, Item, Message};
use frontdesk_protocol::{
    AssistantMessageItem, GeneratedImageItem, Map, StructuredInput, StructuredInputAnswer,
    StructuredInputItem, StructuredInputStatus, TagContent, Task, ThreadItem, UserContent,
    UserMessageItem, WidgetItem,
};
use serde_json::{Value, json};

use super::summary::Summary;
use crate::turn::STOPPED_NOTE;

/// Characters of a widget's JSON that the model reads.
const WIDGET_CHARS: usize = 4_096;
/// Characters of what an application keeps with a tag that the model reads.
const TAG_CHARS: usize = 2_048;
/// What the model reads where the user stopped an answer.
const STOPPED: &str = "The user stopped the answer here: what is above is all of it that they saw. \
    Don't go on with it unless they ask for it.";
/// How an image begins that is its own address.
const IMAGE_DATA: &str = "data:image/";

/// What the model reads of an item that is neither the user's message nor a call of the page.
pub(super) fn of_item(item: &ThreadItem) -> Option<Item> {
    match item {
        ThreadItem::AssistantMessage(message) => assistant(message),
        ThreadItem::StructuredInput(input) => Some(structured_input(input)),
        ThreadItem::Widget(widget) => Some(widget_shown(widget)),
        ThreadItem::GeneratedImage(image) => image_shown(image),
        ThreadItem::HiddenContext(hidden) => Some(Item::developer(match &hidden.content {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })),
        ThreadItem::SdkHiddenContext(hidden) if hidden.content == STOPPED_NOTE => {
            Some(Item::developer(STOPPED))
        }
        ThreadItem::SdkHiddenContext(_) if Summary::of(item).is_some() => None,
        ThreadItem::SdkHiddenContext(hidden) => Some(Item::developer(hidden.content.clone())),
        ThreadItem::Workflow(item) => tasks_shown(&item.workflow.tasks),
        ThreadItem::Task(item) => tasks_shown(std::slice::from_ref(&item.task)),
        ThreadItem::UserMessage(_)
        | ThreadItem::ClientToolCall(_)
        | ThreadItem::EndOfTurn(_)
        | ThreadItem::Other(_) => None,
    }
}

/// A message of the user: what they quote, what they wrote with tags as `@tag`, what the tags stand for, and the names
/// of what is attached.
pub(super) fn user_text(message: &UserMessageItem) -> String {
    let mut text = String::new();
    if let Some(quoted) = &message.quoted_text {
        for line in quoted.lines() {
            text.extend(["> ", line, "\n"]);
        }
        text.push('\n');
    }
    let mut tags: Vec<&TagContent> = Vec::new();
    for part in &message.content {
        match part {
            UserContent::Text(part) => text.push_str(&part.text),
            UserContent::Tag(tag) => {
                text.extend(["@", &tag.text]);
                tags.push(tag);
            }
        }
    }
    let mut known = BTreeSet::new();
    tags.retain(|tag| known.insert(&tag.id));
    for tag in tags {
        let _ = write!(text, "\n[@{} is {}]", tag.text, tag_json(tag));
    }
    for attachment in &message.attachments {
        let (name, kind) = (attachment.name(), attachment.mime_type());
        let _ = write!(text, "\n[attached: {name} ({kind})]");
    }
    text
}

fn tag_json(tag: &TagContent) -> String {
    let mut told = Map::new();
    told.insert("id".to_owned(), Value::from(tag.id.as_str()));
    if let Some(group) = &tag.group {
        told.insert("group".to_owned(), Value::from(group.as_str()));
    }
    if !tag.data.is_empty() {
        told.insert("data".to_owned(), Value::Object(tag.data.clone()));
    }
    cut(Value::Object(told).to_string(), TAG_CHARS)
}

fn assistant(message: &AssistantMessageItem) -> Option<Item> {
    let parts = message.content.iter().map(|part| part.text.as_str());
    let text: String = parts.collect();
    (!text.trim().is_empty()).then(|| Item::assistant(text))
}

fn structured_input(input: &StructuredInputItem) -> Item {
    let mut text = String::from(match input.status {
        StructuredInputStatus::Pending => "The user was asked, and hasn't answered yet:",
        StructuredInputStatus::Skipped => "The user was asked, and didn't want to answer:",
        _ => "The user was asked, and answered:",
    });
    for asked in &input.inputs {
        let (question, answer) = match asked {
            StructuredInput::MultipleChoice(choice) => (&choice.question, &choice.answer),
            StructuredInput::Freeform(freeform) => (&freeform.question, &freeform.answer),
            StructuredInput::Other(_) => continue,
        };
        text.extend(["\n- ", question, ": ", &answer_text(answer.as_ref())]);
    }
    Item::user(text)
}

fn answer_text(answer: Option<&StructuredInputAnswer>) -> String {
    match answer {
        Some(answer) if answer.skipped => "(skipped)".to_owned(),
        Some(answer) => answer.values.join(", "),
        None => "(not answered)".to_owned(),
    }
}

fn widget_shown(widget: &WidgetItem) -> Item {
    let json = serde_json::to_string(&widget.widget).unwrap_or_default();
    let json = cut(json, WIDGET_CHARS);
    Item::user(format!(
        "[The user was shown this widget (id {}): {json}]",
        widget.id
    ))
}

/// An image that is its own address goes to the model itself; of another it reads that there was one, since the model's
/// provider may not reach the address.
fn image_shown(item: &GeneratedImageItem) -> Option<Item> {
    const SHOWN: &str = "[The assistant made this image, and the user was shown it.]";
    let image = item.image.as_ref()?;
    let mut message = Message::user(SHOWN);
    if image.url.starts_with(IMAGE_DATA) {
        let part = json!({"type": "input_image", "image_url": image.url, "detail": "auto"});
        message
            .content
            .extend(serde_json::from_value::<ContentPart>(part));
    }
    Some(Item::Message(message))
}

fn tasks_shown(tasks: &[Task]) -> Option<Item> {
    let mut lines = String::new();
    for task in tasks {
        let Task::Custom(task) = task else { continue };
        let said = [task.title.as_deref(), task.content.as_deref()];
        let said: Vec<&str> = said
            .into_iter()
            .flatten()
            .filter(|text| !text.is_empty())
            .collect();
        if !said.is_empty() {
            lines.extend(["\n- ", &said.join(": ")]);
        }
    }
    let shown = || format!("[The user was shown that this was done:{lines}]");
    (!lines.is_empty()).then(|| Item::user(shown()))
}

fn cut(mut text: String, chars: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(chars) {
        text.truncate(end);
        text.push('…');
    }
    text
}
