//! Calls and their results within what the model reads again: each id stands for one call.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_model::Item;

/// What the model reads about a call that the page never answered.
pub(super) const UNANSWERED_PAGE: &str = "the page did not answer this call";

/// What the model reads about a call that was under way when the user stopped the answer.
pub(super) const STOPPED: &str = "the user stopped the answer before this call was finished; whether it had an effect is not known";

/// Gives later calls of the same id the name that they have, and earlier ones another: ids were unique when they were
/// made, but by then the model may no longer have read the earlier ones.
pub(super) fn unique_ids<'i>(items: impl DoubleEndedIterator<Item = &'i mut Item>) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    // New names of calls whose results have been met and that themselves are still to come.
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    for item in items.rev() {
        match item {
            Item::FunctionCallOutput(result) if taken.contains(&result.call_id) => {
                let name = renamed
                    .entry(result.call_id.clone())
                    .or_insert_with_key(|id| other_name(id, &taken));
                result.call_id.clone_from(name);
            }
            Item::FunctionCall(call) if taken.contains(&call.call_id) => {
                let name = renamed
                    .remove(&call.call_id)
                    .unwrap_or_else(|| other_name(&call.call_id, &taken));
                taken.insert(name.clone());
                call.call_id = name;
            }
            Item::FunctionCall(call) => {
                taken.insert(call.call_id.clone());
            }
            Item::FunctionCallOutput(_)
            | Item::Message(_)
            | Item::Reasoning(_)
            | Item::Other(_) => {}
        }
    }
}

fn other_name(id: &str, taken: &BTreeSet<String>) -> String {
    let names = (1_u64..).map(|number| format!("{id}_earlier_{number}"));
    let mut free = names.filter(|name| !taken.contains(name));
    free.next().unwrap_or_default()
}

/// Parts items into runs that mean something only together: thinking with what it led to, calls with their results.
pub(super) fn blocks(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut last_result: BTreeMap<String, usize> = BTreeMap::new();
    for (place, item) in items.iter().enumerate() {
        if let Item::FunctionCallOutput(result) = item {
            last_result.insert(result.call_id.clone(), place);
        }
    }
    let mut blocks: Vec<Vec<Item>> = Vec::new();
    // The place up to which the current block reaches.
    let mut reaches = 0;
    let mut is_open = false;
    for (place, item) in items.into_iter().enumerate() {
        if let Item::FunctionCall(call) = &item {
            let result = last_result.get(&call.call_id).copied();
            reaches = reaches.max(result.unwrap_or(place));
        }
        let thinks = matches!(item, Item::Reasoning(_));
        match blocks.last_mut() {
            Some(block) if is_open => block.push(item),
            _ => blocks.push(vec![item]),
        }
        is_open = thinks || place < reaches;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use frontdesk_model::Reasoning;

    use super::*;

    fn call(id: &str) -> Item {
        Item::function_call(id, "add", "{}")
    }

    fn result(id: &str) -> Item {
        Item::function_call_output(id, "done")
    }

    #[test]
    fn the_newest_call_keeps_its_id() {
        let mut items = vec![
            call("a"),
            result("a"),
            Item::user("again"),
            call("a"),
            call("a"),
            result("a"),
            call("b"),
        ];
        unique_ids(items.iter_mut());
        let expected = vec![
            call("a_earlier_2"),
            result("a_earlier_2"),
            Item::user("again"),
            call("a_earlier_1"),
            call("a"),
            result("a"),
            call("b"),
        ];
        assert_eq!(items, expected);
    }

    #[test]
    fn what_belongs_together_is_one_block() {
        let thought = || Item::Reasoning(Reasoning::default());
        let blocks = blocks(vec![
            Item::user("do"),
            thought(),
            call("a"),
            call("b"),
            result("a"),
            result("b"),
            thought(),
            thought(),
            Item::assistant("so"),
            call("c"),
            Item::assistant("end"),
        ]);
        let sizes: Vec<usize> = blocks.iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 5, 3, 1, 1]);
    }
}
