//! Stored items and steps ▸ what the model reads: in roles, in order, the current message exactly once.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_model::Item;
use frontdesk_protocol::{
    ClientToolCallItem, ClientToolCallStatus, ItemId, StructuredInput, StructuredInputAnswer,
    StructuredInputItem, StructuredInputStatus, ThreadItem, UserContent, UserMessageItem,
};
use frontdesk_store::{Step, StoredItem, TurnId};
use serde_json::Value;

use super::HISTORY_ITEMS;
use super::step::StepData;
use crate::{Place, Turn, TurnError};

/// Bytes of a widget's JSON that the model reads.
const WIDGET_BYTES: usize = 4_096;

/// The newest items of the thread with the steps of their turns. A thread's first message is all there is.
pub(super) async fn load(
    turn: &Turn,
    input: Option<&UserMessageItem>,
) -> Result<Vec<Item>, TurnError> {
    if let (Place::First, Some(first)) = (turn.place(), input) {
        return Ok(vec![Item::user(user_text(first))]);
    }
    let recent = turn.recent_items(HISTORY_ITEMS).await?;
    let mut turns: Vec<TurnId> = Vec::new();
    for id in recent.iter().filter_map(|stored| stored.turn.as_ref()) {
        // This turn has no steps yet.
        if id != turn.id() && !turns.contains(id) {
            turns.push(id.clone());
        }
    }
    let steps = if turns.is_empty() {
        Vec::new()
    } else {
        turn.steps(&turns).await?
    };
    Ok(convert(&recent, &steps))
}

/// Items and steps as the model's input. Calls and results are paired by the agent.
pub(super) fn convert(recent: &[StoredItem], steps: &[Step]) -> Vec<Item> {
    let mut by_turn: BTreeMap<&TurnId, Vec<StepData>> = BTreeMap::new();
    for step in steps {
        if let Some(data) = StepData::read(step) {
            by_turn.entry(&step.turn).or_default().push(data);
        }
    }
    let covered: BTreeSet<ItemId> = by_turn
        .values()
        .flatten()
        .flat_map(|step| step.covers.iter().cloned())
        .collect();
    let with_steps: BTreeSet<&TurnId> = by_turn.keys().copied().collect();
    let mut input = Vec::new();
    for stored in recent {
        let steps = stored.turn.as_ref().and_then(|turn| by_turn.remove(turn));
        let steps = steps.into_iter().flatten().flat_map(|step| step.items);
        if matches!(stored.item, ThreadItem::UserMessage(_)) {
            input.extend(of_item(&stored.item));
            input.extend(steps);
        } else {
            input.extend(steps);
            let retold = stored
                .turn
                .as_ref()
                .is_some_and(|turn| with_steps.contains(turn))
                && matches!(stored.item, ThreadItem::Workflow(_) | ThreadItem::Task(_));
            if !retold && !covered.contains(stored.item.id()) {
                input.extend(of_item(&stored.item));
            }
        }
    }
    input
}

fn of_item(item: &ThreadItem) -> Vec<Item> {
    match item {
        ThreadItem::UserMessage(message) => vec![Item::user(user_text(message))],
        ThreadItem::AssistantMessage(message) => {
            let text: String = message
                .content
                .iter()
                .map(|part| part.text.as_str())
                .collect();
            if text.trim().is_empty() {
                Vec::new()
            } else {
                vec![Item::assistant(text)]
            }
        }
        ThreadItem::ClientToolCall(call) => client_call(call),
        ThreadItem::StructuredInput(input) => structured_input(input),
        ThreadItem::Widget(widget) => {
            let json = serde_json::to_string(&widget.widget).unwrap_or_default();
            let json: String = json.chars().take(WIDGET_BYTES).collect();
            vec![Item::developer(format!(
                "The user was shown this widget: {json}"
            ))]
        }
        ThreadItem::GeneratedImage(_) => vec![Item::developer("The user was shown an image.")],
        ThreadItem::HiddenContext(hidden) => hidden_text(&hidden.content),
        ThreadItem::SdkHiddenContext(hidden) => vec![Item::developer(hidden.content.clone())],
        ThreadItem::Workflow(_)
        | ThreadItem::Task(_)
        | ThreadItem::EndOfTurn(_)
        | ThreadItem::Other(_) => Vec::new(),
    }
}

fn user_text(message: &UserMessageItem) -> String {
    let mut text = String::new();
    if let Some(quoted) = &message.quoted_text {
        for line in quoted.lines() {
            text.push_str("> ");
            text.push_str(line);
            text.push('\n');
        }
        text.push('\n');
    }
    for part in &message.content {
        match part {
            UserContent::Text(part) => text.push_str(&part.text),
            UserContent::Tag(tag) => {
                text.push('@');
                text.push_str(&tag.text);
            }
        }
    }
    for attachment in &message.attachments {
        text.extend([
            "\n[attached: ",
            attachment.name(),
            " (",
            attachment.mime_type(),
            ")]",
        ]);
    }
    text
}

fn client_call(call: &ClientToolCallItem) -> Vec<Item> {
    if call.status != ClientToolCallStatus::Completed {
        return Vec::new();
    }
    let arguments = Value::Object(call.arguments.clone()).to_string();
    let output = call.output.clone().unwrap_or(Value::Null).to_string();
    vec![
        Item::function_call(call.call_id.as_str(), call.name.as_str(), arguments),
        Item::function_call_output(call.call_id.as_str(), output),
    ]
}

fn structured_input(input: &StructuredInputItem) -> Vec<Item> {
    if input.status == StructuredInputStatus::Pending {
        return Vec::new();
    }
    let mut text = String::from("The user was asked:");
    for asked in &input.inputs {
        let (question, answer) = match asked {
            StructuredInput::MultipleChoice(choice) => (&choice.question, &choice.answer),
            StructuredInput::Freeform(freeform) => (&freeform.question, &freeform.answer),
            StructuredInput::Other(_) => continue,
        };
        text.extend(["\n- ", question, " — ", &answer_text(answer.as_ref())]);
    }
    vec![Item::user(text)]
}

fn answer_text(answer: Option<&StructuredInputAnswer>) -> String {
    match answer.filter(|answer| !answer.skipped) {
        Some(answer) => answer.values.join(", "),
        None => "(skipped)".to_owned(),
    }
}

fn hidden_text(content: &Value) -> Vec<Item> {
    match content {
        Value::String(text) => vec![Item::developer(text.clone())],
        other => vec![Item::developer(other.to_string())],
    }
}
