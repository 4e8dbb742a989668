//! A history as the turns that chat-like dialects are written in.
//!
//! Calls and results stand in pairs: a call that has no result stays out, and so does a result without its call.
//! Items that only another provider could read stay out, too.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value};

use crate::answer::DIALECT;
use crate::{FunctionCall, FunctionCallOutput, Item, Message, Reasoning, Role};

/// A turn of the conversation.
#[derive(Debug)]
pub(crate) enum Turn<'a> {
    /// What the operator says.
    Operator(&'a Message),
    /// What the person says.
    User(&'a Message),
    /// What the model said and did, without an interruption. The results follow at once.
    Assistant(Vec<Said<'a>>),
}

/// A part of a turn of the model's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said<'a> {
    Text(&'a Message),
    Thought(&'a Reasoning),
    Call(&'a FunctionCall, &'a FunctionCallOutput),
    /// Something of this dialect's own.
    Own(&'a Map<String, Value>),
}

/// The turns of a history. Thoughts of another dialect than this one, and such that led to nothing, stay out.
pub(crate) fn turns<'a>(items: &'a [Item], dialect: &str) -> Vec<Turn<'a>> {
    let results = results(items);
    let mut turns = Vec::new();
    let mut said = Vec::new();
    for (place, item) in items.iter().enumerate() {
        match item {
            Item::Message(message) => match message.role {
                Role::Assistant => said.push(Said::Text(message)),
                Role::User => {
                    end_turn(&mut turns, &mut said);
                    turns.push(Turn::User(message));
                }
                Role::System | Role::Developer => {
                    end_turn(&mut turns, &mut said);
                    turns.push(Turn::Operator(message));
                }
            },
            Item::FunctionCall(call) => {
                let result = results.get(&place).and_then(|place| items.get(*place));
                if let Some(Item::FunctionCallOutput(result)) = result {
                    said.push(Said::Call(call, result));
                }
            }
            // One that stands alone, or answers a call of an earlier turn, interrupts nothing.
            Item::FunctionCallOutput(_) => {
                if said.iter().any(|said| matches!(said, Said::Call(..))) {
                    end_turn(&mut turns, &mut said);
                }
            }
            Item::Reasoning(reasoning) => {
                if reasoning.extra.get(DIALECT).and_then(Value::as_str) == Some(dialect) {
                    said.push(Said::Thought(reasoning));
                }
            }
            Item::Other(fields) => {
                if fields.get(DIALECT).and_then(Value::as_str) == Some(dialect) {
                    said.push(Said::Own(fields));
                }
            }
        }
    }
    end_turn(&mut turns, &mut said);
    turns
}

/// The results that stand behind their calls: the place of each, by the place of its call.
pub(crate) fn results(items: &[Item]) -> BTreeMap<usize, usize> {
    let mut open: BTreeMap<&str, VecDeque<usize>> = BTreeMap::new();
    let mut results = BTreeMap::new();
    for (place, item) in items.iter().enumerate() {
        match item {
            Item::FunctionCall(call) => open.entry(&call.call_id).or_default().push_back(place),
            Item::FunctionCallOutput(result) => {
                let call = open.get_mut(result.call_id.as_str());
                if let Some(call) = call.and_then(VecDeque::pop_front) {
                    results.insert(call, place);
                }
            }
            Item::Message(_) | Item::Reasoning(_) | Item::Other(_) => {}
        }
    }
    results
}

fn end_turn<'a>(turns: &mut Vec<Turn<'a>>, said: &mut Vec<Said<'a>>) {
    while matches!(said.last(), Some(Said::Thought(_))) {
        said.pop();
    }
    if !said.is_empty() {
        turns.push(Turn::Assistant(std::mem::take(said)));
    }
}
