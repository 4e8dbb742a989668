//! The ids that tie a tool's result to its call: unique within what a model reads, and each call with its result.
//!
//! Providers repeat ids, between responses and even within one; ours never do.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_model::{FunctionCall, Item, Role};

/// What the model reads as the result of a call that was begun and never answered.
pub(crate) const INTERRUPTED: &str =
    "the call was interrupted; whether it had an effect is not known";

/// Makes the items fit to be read by a model: a call without result gets one that says so, right after the run of
/// calls it stands in; a result without call, or a second one for the same call, is left out.
/// Results that stand together come in the order of their calls, as they did when the model read them first.
pub fn pair_calls(items: Vec<Item>) -> Vec<Item> {
    pair_calls_but(&BTreeSet::new(), items)
}

/// The same; but these calls get their results later.
pub(crate) fn pair_calls_but(open: &BTreeSet<String>, items: Vec<Item>) -> Vec<Item> {
    let mut waiting = answered_ids(&items);
    let mut answered = BTreeSet::new();
    let mut called = BTreeSet::new();
    let mut paired = Vec::with_capacity(items.len());
    let mut missing: Vec<Item> = Vec::new();
    for item in items {
        if !matches!(item, Item::FunctionCall(_)) {
            paired.append(&mut missing);
        }
        match &item {
            Item::FunctionCall(call) => {
                called.insert(call.call_id.clone());
                if !waiting.remove(&call.call_id) && !open.contains(&call.call_id) {
                    missing.push(Item::function_call_output(&call.call_id, INTERRUPTED));
                }
                paired.push(item);
            }
            Item::FunctionCallOutput(result) => {
                if called.contains(&result.call_id) && answered.insert(result.call_id.clone()) {
                    paired.push(item);
                }
            }
            Item::Message(_) | Item::Reasoning(_) | Item::Other(_) => paired.push(item),
        }
    }
    paired.append(&mut missing);
    in_call_order(&mut paired);
    paired
}

/// Puts each run of results into the order of their calls.
fn in_call_order(items: &mut [Item]) {
    let mut order = BTreeMap::new();
    for item in &*items {
        if let Item::FunctionCall(call) = item {
            let next = order.len();
            order.entry(call.call_id.clone()).or_insert(next);
        }
    }
    for run in items.chunk_by_mut(|one, next| result_id(one).is_some() && result_id(next).is_some())
    {
        run.sort_by_key(|item| result_id(item).and_then(|id| order.get(id)));
    }
}

/// The calls after the user's newest message.
pub(crate) fn since_the_user(items: &[Item]) -> impl Iterator<Item = &FunctionCall> {
    let is_of_user =
        |item: &Item| matches!(item, Item::Message(message) if message.role == Role::User);
    let after = items.iter().rposition(is_of_user);
    let after = after.map_or(0, |position| position + 1);
    items.iter().skip(after).filter_map(|item| match item {
        Item::FunctionCall(call) => Some(call),
        _ => None,
    })
}

fn result_id(item: &Item) -> Option<&str> {
    match item {
        Item::FunctionCallOutput(result) => Some(&result.call_id),
        Item::FunctionCall(_) | Item::Message(_) | Item::Reasoning(_) | Item::Other(_) => None,
    }
}

/// The call ids that items use.
pub(crate) fn used_ids<'a>(items: impl Iterator<Item = &'a Item>) -> BTreeSet<String> {
    items
        .filter_map(|item| match item {
            Item::FunctionCall(call) => Some(call.call_id.clone()),
            Item::FunctionCallOutput(result) => Some(result.call_id.clone()),
            Item::Message(_) | Item::Reasoning(_) | Item::Other(_) => None,
        })
        .collect()
}

/// Takes an id that nobody has: the wanted one, else the wanted one with a number.
pub(crate) fn take_id(wanted: &str, used: &mut BTreeSet<String>) -> String {
    let wanted = if wanted.is_empty() { "call" } else { wanted };
    let mut id = wanted.to_owned();
    let mut number = 1_u64;
    while used.contains(&id) {
        number += 1;
        id = format!("{wanted}_{number}");
    }
    used.insert(id.clone());
    id
}

/// The calls that are answered somewhere behind them.
pub(crate) fn answered_ids(items: &[Item]) -> BTreeSet<String> {
    let mut called = BTreeSet::new();
    let mut answered = BTreeSet::new();
    for item in items {
        match item {
            Item::FunctionCall(call) => {
                called.insert(&call.call_id);
            }
            Item::FunctionCallOutput(result) if called.contains(&result.call_id) => {
                answered.insert(result.call_id.clone());
            }
            Item::FunctionCallOutput(_)
            | Item::Message(_)
            | Item::Reasoning(_)
            | Item::Other(_) => {}
        }
    }
    answered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_once() {
        let mut used = BTreeSet::from(["a".to_owned(), "a_2".to_owned()]);
        let taken: Vec<String> = ["a", "b", "a", "", ""]
            .iter()
            .map(|id| take_id(id, &mut used))
            .collect();
        assert_eq!(taken, ["a_3", "b", "a_4", "call", "call_2"]);
    }

    #[test]
    fn calls_and_results_come_in_pairs() {
        let call = |id| Item::function_call(id, "add", "{}");
        let result = |id| Item::function_call_output(id, "done");
        let interrupted = |id| Item::function_call_output(id, INTERRUPTED);
        let cases = [
            (vec![call("a"), result("a")], vec![call("a"), result("a")]),
            (
                vec![call("a"), call("b"), result("b")],
                vec![call("a"), call("b"), interrupted("a"), result("b")],
            ),
            (
                vec![call("a"), call("b"), result("b"), result("a")],
                vec![call("a"), call("b"), result("a"), result("b")],
            ),
            (
                vec![call("a"), Item::user("go on")],
                vec![call("a"), interrupted("a"), Item::user("go on")],
            ),
            (
                vec![result("a"), Item::user("hello")],
                vec![Item::user("hello")],
            ),
            (
                vec![result("a"), call("a")],
                vec![call("a"), interrupted("a")],
            ),
            (
                vec![call("a"), result("a"), result("a")],
                vec![call("a"), result("a")],
            ),
        ];
        for (items, expected) in cases {
            assert_eq!(pair_calls(items.clone()), expected, "{items:?}");
        }
    }
}
