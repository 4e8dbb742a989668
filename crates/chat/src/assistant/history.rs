//! Stored items and steps ▸ what the model reads: in roles, in order, the current message exactly once.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_agent::AskedCall;
use frontdesk_model::Item;
use frontdesk_protocol::{
    ClientToolCallItem, ClientToolCallStatus, ItemId, StructuredInput, StructuredInputAnswer,
    StructuredInputItem, StructuredInputStatus, ThreadItem, UserContent, UserMessageItem,
    WidgetItem,
};
use frontdesk_store::{Step, StoredItem, TurnId};
use serde_json::Value;

use super::HISTORY_ITEMS;
use super::approval::{self, Standing};
use super::step::{Asks, StepData};
use crate::{Place, Turn, TurnError};

/// Bytes of a widget's JSON that the model reads.
const WIDGET_BYTES: usize = 4_096;

/// What is stored of a thread, as far as the model reads it again.
#[derive(Default)]
pub(super) struct Past {
    recent: Vec<StoredItem>,
    steps: Vec<(TurnId, StepData)>,
}

/// A question to the user, as it is stored.
pub(super) struct Question<'p> {
    pub(super) widget: &'p WidgetItem,
    pub(super) asks: &'p Asks,
    pub(super) standing: Standing,
    /// Whether the user wrote something since.
    pub(super) is_overtaken: bool,
}

/// What a turn begins with. A thread's first message is all there is.
pub(super) fn of_first(turn: &Turn, input: Option<&UserMessageItem>) -> Option<Vec<Item>> {
    match (turn.place(), input) {
        (Place::First, Some(first)) => Some(vec![Item::user(user_text(first))]),
        _ => None,
    }
}

/// The newest items of the thread with the steps of their turns.
pub(super) async fn load(turn: &Turn) -> Result<Past, TurnError> {
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
    let readable = |step: Step| Some((step.turn.clone(), StepData::read(&step)?));
    let steps = steps.into_iter().filter_map(readable).collect();
    Ok(Past { recent, steps })
}

impl Past {
    /// The questions that were asked, in order.
    pub(super) fn questions(&self) -> impl Iterator<Item = Question<'_>> {
        self.steps.iter().filter_map(|(_, step)| {
            let asks = step.asks.as_ref()?;
            let place = |stored: &StoredItem| *stored.item.id() == asks.widget;
            let place = self.recent.iter().position(place)?;
            let mut later = self.recent.iter().skip(place);
            let ThreadItem::Widget(widget) = &later.next()?.item else {
                return None;
            };
            Some(Question {
                widget,
                asks,
                standing: Standing::of(widget)?,
                is_overtaken: later.any(|stored| matches!(stored.item, ThreadItem::UserMessage(_))),
            })
        })
    }

    /// The question of this widget.
    pub(super) fn question(&self, widget: &ItemId) -> Option<Question<'_>> {
        self.questions()
            .find(|question| question.widget.id == *widget)
    }

    /// What the model reads, where nothing is being decided.
    pub(super) fn input(&self) -> Vec<Item> {
        self.input_but(&[])
    }

    /// What the model reads, but for the results of calls that are just being decided about.
    pub(super) fn input_but(&self, deciding: &[AskedCall]) -> Vec<Item> {
        let mut unanswered = self.unanswered();
        for asked in deciding {
            unanswered.remove(asked.call.call_id.as_str());
        }
        convert(&self.recent, &self.steps, &unanswered)
    }

    /// The calls that were not made because the user didn't approve them, with what the model reads about each.
    /// Of one that was approved it isn't known: it was made, or was about to be.
    fn unanswered(&self) -> BTreeMap<&str, &'static str> {
        let mut unanswered = BTreeMap::new();
        for question in self.questions() {
            let text = match question.standing {
                Standing::Pending | Standing::PutAside => approval::PUT_ASIDE,
                Standing::Declined => approval::DECLINED,
                Standing::Approved => continue,
            };
            for asked in &question.asks.calls {
                unanswered.insert(asked.call.call_id.as_str(), text);
            }
        }
        for item in self.steps.iter().flat_map(|(_, step)| &step.items) {
            if let Item::FunctionCallOutput(result) = item {
                unanswered.remove(result.call_id.as_str());
            }
        }
        unanswered
    }
}

/// Items and steps as the model's input. Calls and results are paired by the agent.
fn convert(
    recent: &[StoredItem],
    steps: &[(TurnId, StepData)],
    unanswered: &BTreeMap<&str, &'static str>,
) -> Vec<Item> {
    let mut by_turn: BTreeMap<&TurnId, Vec<&StepData>> = BTreeMap::new();
    for (turn, step) in steps {
        by_turn.entry(turn).or_default().push(step);
    }
    let covered: BTreeSet<&ItemId> = steps.iter().flat_map(|(_, step)| &step.covers).collect();
    let with_steps: BTreeSet<&TurnId> = by_turn.keys().copied().collect();
    let mut input = Vec::new();
    for stored in recent {
        let steps = stored.turn.as_ref().and_then(|turn| by_turn.remove(turn));
        let steps = steps.into_iter().flatten();
        let steps = steps.flat_map(|step| read_again(step, unanswered));
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

fn read_again(step: &StepData, unanswered: &BTreeMap<&str, &'static str>) -> Vec<Item> {
    let mut items = step.items.clone();
    for asked in step.asks.iter().flat_map(|asks| &asks.calls) {
        if let Some(text) = unanswered.get(asked.call.call_id.as_str()) {
            items.push(Item::function_call_output(&asked.call.call_id, *text));
        }
    }
    items
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
