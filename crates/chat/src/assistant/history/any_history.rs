//! Whatever is stored, the model reads something that every dialect takes: no call without its result, no result without
//! its call, the newest message, and no more than fits.

use std::collections::BTreeSet;

use frontdesk_model::{Item, Reasoning};
use frontdesk_protocol::{ThreadItem, Timestamp};
use frontdesk_store::{StoredItem, TurnId};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::HistoryLimits;
use super::super::step::StepData;
use super::{Past, Reading, budget, pairs};
use crate::turn::STOPPED_NOTE;

fn item(place: usize, shape: &Value) -> ThreadItem {
    let mut item = shape.clone();
    item["id"] = json!(format!("i_{place}"));
    item["thread_id"] = json!("thr");
    item["created_at"] = json!(Timestamp::UNIX_EPOCH);
    serde_json::from_value(item).unwrap()
}

fn thread_item() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("hi".to_owned()),
        Just("word ".repeat(400)),
        "[a-z ]{0,40}"
    ];
    let call = ("[ab]", prop_oneof![Just("pending"), Just("completed")]).prop_map(|(id, status)| {
        json!({"type": "client_tool_call", "status": status, "call_id": id, "name": "pick", "arguments": {}, "output": 1})
    });
    prop_oneof![
        text.clone()
            .prop_map(|text| json!({"type": "user_message", "attachments": [],
            "inference_options": {}, "content": [{"type": "input_text", "text": text}]})),
        text.prop_map(|text| json!({"type": "assistant_message",
            "content": [{"type": "output_text", "text": text, "annotations": []}]})),
        call,
        Just(json!({"type": "sdk_hidden_context", "content": STOPPED_NOTE})),
        (0..12_usize).prop_map(
            |until| json!({"type": "sdk_hidden_context", "content": "so far",
            "frontdesk_summary": {"until": format!("i_{until}")}})
        ),
        Just(json!({"type": "widget", "widget": {"type": "Card", "children": []}})),
    ]
}

fn model_item() -> impl Strategy<Value = Item> {
    prop_oneof![
        "[ab]".prop_map(|id| Item::function_call(id, "add", "{}")),
        ("[abc]", prop_oneof![Just(1_usize), Just(3_000)])
            .prop_map(|(id, length)| Item::function_call_output(id, "r".repeat(length))),
        Just(Item::Reasoning(Reasoning::default())),
        Just(Item::assistant("So it is.")),
    ]
}

fn past() -> impl Strategy<Value = Past> {
    let items = prop::collection::vec((thread_item(), 0..4_u8), 1..14);
    let steps = prop::collection::vec((prop::collection::vec(model_item(), 0..5), 0..4_u8), 0..6);
    (items, steps).prop_map(|(items, mut steps)| {
        let turn = |number: u8| TurnId::new(format!("turn_{number}"));
        let stored = |(place, (shape, of)): (usize, (Value, u8))| StoredItem {
            item: item(place, &shape),
            turn: (of > 0).then(|| turn(of)),
        };
        steps.sort_by_key(|(_, of)| *of);
        let step = |(items, of)| (turn(of), StepData::new(items, Vec::new()));
        Past {
            recent: items.into_iter().enumerate().map(stored).collect(),
            steps: steps.into_iter().map(step).collect(),
        }
    })
}

/// Each call has one result behind it, and each result a call before it; no id stands for two calls.
fn assert_paired(input: &[Item]) {
    let (mut called, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for item in input {
        match item {
            Item::FunctionCall(call) => assert!(called.insert(&call.call_id), "{input:?}"),
            Item::FunctionCallOutput(result) => {
                assert!(called.contains(&result.call_id), "{input:?}");
                assert!(answered.insert(&result.call_id), "{input:?}");
            }
            _ => {}
        }
    }
    assert_eq!(called, answered, "{input:?}");
}

proptest! {
    #[test]
    fn any_history_is_read_in_pairs_and_within_its_size(past in past(), tokens in 1..3_000_u32) {
        let limits = HistoryLimits { tokens, ..HistoryLimits::default() };
        let reading = Reading { limits, ..Reading::default() };
        let input = past.input(&reading);
        prop_assert_eq!(&input, &past.input(&reading));
        assert_paired(&input);
        let all = past.input(&Reading::default());
        assert_paired(&all);
        if budget::tokens(&input) > usize::try_from(tokens).unwrap() {
            // Then it is as short as it can be: a summary, the newest message, and what was done last.
            let others = pairs::blocks(input.clone());
            prop_assert!(others.len() <= 3, "{:?}", input);
        }
        let newest = past.newest_message().map(|message| Item::user(super::message::user_text(message)));
        let summed_up = past.exchanges(&[]).is_empty();
        if let (Some(newest), false) = (newest, summed_up) {
            let is_uncovered = all.contains(&newest);
            prop_assert!(!is_uncovered || input.contains(&newest), "{:?}", input);
        }
    }
}
