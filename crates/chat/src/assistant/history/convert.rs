//! Items and steps ▸ exchanges: what the user said, and all that followed until they spoke again, as the model reads it.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_model::Item;
use frontdesk_protocol::{
    ClientToolCallItem, ClientToolCallStatus, ItemId, ThreadItem, UserMessageItem,
};
use frontdesk_store::{StoredItem, TurnId};
use serde_json::Value;

use super::super::step::StepData;
use super::attached::Attached;
use super::message;
use super::pairs::{UNANSWERED_PAGE, unique_ids};

/// An exchange. The first of a thread's exchanges may begin without a message of the user.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exchange {
    /// What the model reads of it, in order.
    pub(super) items: Vec<Item>,
    /// The last item of the thread that belongs to it.
    pub(super) last: ItemId,
    /// How many items of the thread belong to it.
    pub(super) count: usize,
    /// Whether it begins with a message of the user, which is then its first item.
    pub(super) opening: Opening,
}

/// How an exchange begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// With a message of the user.
    Message,
    /// In the middle: what came before wasn't loaded, or nobody said anything.
    Middle,
}

impl Exchange {
    /// The exchange that this message begins.
    pub(super) fn of(message: &UserMessageItem, attached: &Attached) -> Self {
        let mut item = Item::user(message::user_text(message));
        attached.add(message, &mut item);
        Self {
            items: vec![item],
            last: message.id.clone(),
            count: 1,
            opening: Opening::Message,
        }
    }

    fn begun_by(item: &ThreadItem, reading: &Reading<'_>) -> Self {
        match item {
            ThreadItem::UserMessage(message) => match reading.read_as.get(&message.id) {
                Some(text) => Self {
                    items: vec![Item::user(*text)],
                    ..Self::of(message, reading.attached)
                },
                None => Self::of(message, reading.attached),
            },
            other => Self {
                items: Vec::new(),
                last: other.id().clone(),
                count: 1,
                opening: Opening::Middle,
            },
        }
    }
}

/// The exchanges of these items, in order. Call ids are unique in all of them.
pub(super) fn exchanges(
    recent: &[StoredItem],
    steps: &[(TurnId, StepData)],
    unanswered: &BTreeMap<&str, &'static str>,
    attached: &Attached,
) -> Vec<Exchange> {
    let mut reading = Reading::new(steps, unanswered, attached);
    let mut exchanges: Vec<Exchange> = Vec::new();
    for stored in recent {
        match (exchanges.last_mut(), &stored.item) {
            (Some(current), item) if !matches!(item, ThreadItem::UserMessage(_)) => {
                current.last = item.id().clone();
                current.count += 1;
                reading.read(stored, &mut current.items);
            }
            (_, item) => {
                let mut begun = Exchange::begun_by(item, &reading);
                reading.read(stored, &mut begun.items);
                exchanges.push(begun);
            }
        }
    }
    unique_ids(
        exchanges
            .iter_mut()
            .flat_map(|exchange| &mut exchange.items),
    );
    exchanges
}

/// Steps that are still to be read, and what of the items they make unnecessary.
struct Reading<'p> {
    by_turn: BTreeMap<&'p TurnId, Vec<&'p StepData>>,
    with_steps: BTreeSet<&'p TurnId>,
    covered: BTreeSet<&'p ItemId>,
    /// What a guardrail put in place of what the user said.
    read_as: BTreeMap<&'p ItemId, &'p str>,
    unanswered: &'p BTreeMap<&'p str, &'static str>,
    attached: &'p Attached,
}

impl<'p> Reading<'p> {
    fn new(
        steps: &'p [(TurnId, StepData)],
        unanswered: &'p BTreeMap<&'p str, &'static str>,
        attached: &'p Attached,
    ) -> Self {
        let mut by_turn: BTreeMap<&TurnId, Vec<&StepData>> = BTreeMap::new();
        for (turn, step) in steps {
            by_turn.entry(turn).or_default().push(step);
        }
        let read_as = steps.iter().filter_map(|(_, step)| step.read_as.as_ref());
        Self {
            // Of several steps the last one counts.
            read_as: read_as
                .map(|read| (&read.item, read.text.as_deref()))
                .collect::<BTreeMap<_, _>>()
                .into_iter()
                .filter_map(|(item, text)| Some((item, text?)))
                .collect(),
            with_steps: by_turn.keys().copied().collect(),
            by_turn,
            covered: steps.iter().flat_map(|(_, step)| &step.covers).collect(),
            unanswered,
            attached,
        }
    }

    /// Adds what the model reads of an item that isn't the user's, and before it the steps of its turn.
    fn read(&mut self, stored: &StoredItem, items: &mut Vec<Item>) {
        let turn = stored.turn.as_ref();
        if let Some(steps) = turn.and_then(|turn| self.by_turn.remove(turn)) {
            self.read_steps(&steps, items);
        }
        let is_retold = turn.is_some_and(|turn| self.with_steps.contains(turn))
            && matches!(stored.item, ThreadItem::Workflow(_) | ThreadItem::Task(_));
        if is_retold || self.covered.contains(stored.item.id()) {
            return;
        }
        match &stored.item {
            // It begins the exchange.
            ThreadItem::UserMessage(_) => {}
            ThreadItem::ClientToolCall(call) => client_call(call, items),
            item if self.read_as.contains_key(item.id()) => {
                let text = self.read_as.get(item.id()).copied();
                items.extend(text.map(Item::user));
            }
            item => items.extend(message::of_item(item)),
        }
    }

    /// The model's own items, and then what is known about calls that got no result.
    fn read_steps(&self, steps: &[&StepData], items: &mut Vec<Item>) {
        let begun = items.len();
        for step in steps {
            items.extend(step.items.iter().cloned());
        }
        let calls = items.iter().skip(begun).filter_map(|item| match item {
            Item::FunctionCall(call) => Some(call.call_id.as_str()),
            _ => None,
        });
        let results: Vec<Item> = calls
            .filter_map(|id| {
                let text = self.unanswered.get(id)?;
                Some(Item::function_call_output(id, *text))
            })
            .collect();
        items.extend(results);
    }
}

/// A call that the page answers: the call itself, unless a step has it, and what the page answered.
fn client_call(call: &ClientToolCallItem, items: &mut Vec<Item>) {
    let id = call.call_id.as_str();
    let is_called = |item: &Item| matches!(item, Item::FunctionCall(known) if known.call_id == id);
    let is_answered =
        |item: &Item| matches!(item, Item::FunctionCallOutput(known) if known.call_id == id);
    let last_call = items.iter().rposition(is_called);
    let answered_since = last_call
        .and_then(|place| items.get(place..))
        .is_some_and(|later| later.iter().any(is_answered));
    let is_in_step = last_call.is_some() && !answered_since;
    let output = match (&call.status, &call.output) {
        (ClientToolCallStatus::Completed, output) => {
            output.clone().unwrap_or(Value::Null).to_string()
        }
        // Without a step nobody knows of the call.
        _ if !is_in_step => return,
        _ => UNANSWERED_PAGE.to_owned(),
    };
    if !is_in_step {
        let arguments = Value::Object(call.arguments.clone()).to_string();
        items.push(Item::function_call(id, call.name.as_str(), arguments));
    }
    items.push(Item::function_call_output(id, output));
}
