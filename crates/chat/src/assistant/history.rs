//! Stored items and steps ▸ what the model reads: in roles, in order, the current message exactly once.
//!
//! The same items, steps and limits give the same input, whatever happened in between.

#[cfg(test)]
mod any_history;
mod attached;
mod budget;
mod convert;
mod left;
mod message;
mod pairs;
mod summary;

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_agent::{AskedCall, pair_calls};
use frontdesk_model::Item;
use frontdesk_protocol::{ItemId, ThreadItem, UserMessageItem, WidgetItem};
use frontdesk_store::{Step, StoredItem, TurnId};

use super::HistoryLimits;
use super::approval::{self, Standing};
use super::page_note::PageNote;
use super::step::{Asks, StepData};
use crate::turn::STOPPED_NOTE;
use crate::{Place, Turn, TurnError};
use attached::Attached;
use convert::Exchange;
use summary::Summary;

pub(super) use left::{Left, load_left};
pub(super) use summary::Summariser;

/// What is stored of a thread, as far as the model reads it again.
#[derive(Debug, Default)]
pub(super) struct Past {
    recent: Vec<StoredItem>,
    steps: Vec<(TurnId, StepData)>,
    attached: Attached,
}

/// How the past is to be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// How much of it.
    pub(super) limits: HistoryLimits,
    /// What the model reads of the page with the newest message.
    pub(super) page: PageNote,
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
pub(super) async fn of_first(
    turn: &Turn,
    input: Option<&UserMessageItem>,
    reading: &Reading,
) -> Result<Option<Vec<Item>>, TurnError> {
    match (turn.place(), input) {
        (Place::First, Some(first)) => {
            let attached = attached::load(turn, [first].into_iter(), reading.limits.tokens);
            let mut exchange = Exchange::of(first, &attached.await?);
            reading.page.put(&mut exchange.items);
            Ok(Some(exchange.items))
        }
        _ => Ok(None),
    }
}

/// The newest items of the thread with the steps of their turns.
pub(super) async fn load(turn: &Turn, limits: HistoryLimits) -> Result<Past, TurnError> {
    let (recent, steps) = turn.recent_with_steps(limits.items).await?;
    load_with(turn, recent, steps, limits).await
}

/// These items with the steps of their turns.
async fn load_with(
    turn: &Turn,
    mut recent: Vec<StoredItem>,
    steps: Vec<Step>,
    limits: HistoryLimits,
) -> Result<Past, TurnError> {
    // What this turn began with comes last, whatever the clocks of other machines say.
    recent.sort_by_key(|stored| stored.turn.as_ref() == Some(turn.id()));
    // Those of this turn, where an earlier process has stored any, are no past.
    let past = steps.into_iter().filter(|step| step.turn != *turn.id());
    let readable = |step: Step| Some((step.turn.clone(), StepData::read(&step)?));
    let steps = past.filter_map(readable).collect();
    let newest_first = recent.iter().rev().filter_map(|stored| match &stored.item {
        ThreadItem::UserMessage(message) => Some(message),
        _ => None,
    });
    let attached = attached::load(turn, newest_first, limits.tokens).await?;
    Ok(Past {
        recent,
        steps,
        attached,
    })
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

    /// The agent that answered last, where a step says it.
    pub(super) fn agent(&self) -> Option<&str> {
        let turns = self.recent.iter().rev();
        let mut turns = turns.filter_map(|stored| stored.turn.as_ref());
        turns.find_map(|turn| {
            let mut steps = self.steps.iter().rev().filter(|(of, _)| of == turn);
            steps.find_map(|(_, step)| step.agent.as_deref())
        })
    }

    /// What the user said last: a message, or the answers to a form.
    pub(super) fn newest_said(&self) -> Option<ItemId> {
        let mut newest_first = self.recent.iter().rev();
        let said = newest_first.find(|stored| {
            matches!(
                stored.item,
                ThreadItem::UserMessage(_) | ThreadItem::StructuredInput(_)
            )
        });
        said.map(|stored| stored.item.id().clone())
    }

    /// The user's newest message.
    pub(super) fn newest_message(&self) -> Option<&UserMessageItem> {
        let mut newest_first = self.recent.iter().rev();
        newest_first.find_map(|stored| match &stored.item {
            ThreadItem::UserMessage(message) => Some(message),
            _ => None,
        })
    }

    /// What the model reads, where nothing is being decided.
    pub(super) fn input(&self, reading: &Reading) -> Vec<Item> {
        self.input_but(&[], reading)
    }

    /// What the model reads, but for the results of calls that are just being decided about.
    pub(super) fn input_but(&self, deciding: &[AskedCall], reading: &Reading) -> Vec<Item> {
        let mut exchanges = self.exchanges(deciding);
        budget::leave_out_images(&mut exchanges);
        let budget = usize::try_from(reading.limits.tokens).unwrap_or(usize::MAX);
        let summary = self.summary().map(Summary::item);
        let told = [summary.as_slice(), reading.page.items()].map(budget::tokens);
        let budget = budget.saturating_sub(told.into_iter().sum());
        budget::shorten_older(&mut exchanges, budget);
        let dropped = budget::overflow(&exchanges, budget);
        let mut kept = exchanges.split_off(dropped);
        if let Some(newest) = kept.last_mut() {
            budget::fit_newest(newest, budget);
            reading.page.put(&mut newest.items);
        }
        let kept = kept.into_iter().flat_map(|exchange| exchange.items);
        summary.into_iter().chain(kept).collect()
    }

    /// All that was loaded and isn't summed up, in exchanges, calls and results in pairs; but what is being decided
    /// about stays open.
    fn exchanges(&self, deciding: &[AskedCall]) -> Vec<Exchange> {
        let mut unanswered = self.unanswered();
        for asked in deciding {
            unanswered.remove(asked.call.call_id.as_str());
        }
        let until = self.summary().and_then(|summary| {
            let mut items = self.recent.iter();
            items.position(|stored| stored.item.id().as_str() == summary.until)
        });
        let rest = self.recent.get(until.map_or(0, |until| until + 1)..);
        let rest = rest.unwrap_or_default();
        let mut exchanges = convert::exchanges(rest, &self.steps, &unanswered, &self.attached);
        let is_open = |item: &Item| match item {
            Item::FunctionCall(call) => deciding
                .iter()
                .any(|asked| asked.call.call_id == call.call_id),
            _ => false,
        };
        for exchange in &mut exchanges {
            if !exchange.items.iter().any(is_open) {
                exchange.items = pair_calls(std::mem::take(&mut exchange.items));
            }
        }
        exchanges
    }

    /// The calls that have no result, as far as it is known why: the user didn't approve them, or stopped the answer.
    /// Of one that was approved it isn't known: it was made, or was about to be.
    fn unanswered(&self) -> BTreeMap<&str, &'static str> {
        let mut unanswered = BTreeMap::new();
        let stopped: BTreeSet<&TurnId> = self.recent.iter().filter_map(stopped_turn).collect();
        for (turn, step) in &self.steps {
            for item in &step.items {
                if let (Item::FunctionCall(call), true) = (item, stopped.contains(turn)) {
                    unanswered.insert(call.call_id.as_str(), pairs::STOPPED);
                }
            }
        }
        for question in self.questions() {
            for asked in &question.asks.calls {
                let call_id = asked.call.call_id.as_str();
                match approval::refusal(asked, question.standing) {
                    Some(text) => unanswered.insert(call_id, text),
                    // Whatever an earlier question about it came to.
                    None => unanswered.remove(call_id),
                };
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

/// The turn that the user stopped, where the item says that they did.
fn stopped_turn(stored: &StoredItem) -> Option<&TurnId> {
    match &stored.item {
        ThreadItem::SdkHiddenContext(note) if note.content == STOPPED_NOTE => stored.turn.as_ref(),
        _ => None,
    }
}
