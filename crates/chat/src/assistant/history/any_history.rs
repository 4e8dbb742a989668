//! Whatever is stored, the model reads something that every dialect takes: no call without its result, no result without
//! its call, the newest message, and no more than fits.

use std::collections::BTreeSet;

use frontdesk_agent::{AskedCall, Because, ToolCall};
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
            ..Past::default()
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

fn asked(id: &str) -> AskedCall {
    AskedCall {
        call: ToolCall {
            call_id: id.to_owned(),
            name: "add".to_owned(),
            arguments: "{}".to_owned(),
        },
        toolset: "tasks".to_owned(),
        tool: "add".to_owned(),
        title: None,
        known: BTreeSet::new(),
        destructive: false,
        because: Because::Marked,
    }
}

/// Else there would be a result without its call.
#[test]
fn calls_that_are_being_decided_about_stay_however_little_fits() {
    let said = json!({"type": "user_message", "attachments": [], "inference_options": {},
        "content": [{"type": "input_text", "text": "word ".repeat(400)}]});
    let note = json!({"type": "sdk_hidden_context", "content": "approved"});
    let turn = TurnId::new("turn_1");
    let [open_a, open_b] = ["a", "b"].map(|id| Item::function_call(id, "add", "{}"));
    let items = vec![
        Item::function_call("c", "add", "{}"),
        Item::function_call_output("c", "done"),
        Item::Reasoning(Reasoning::default()),
        open_a.clone(),
        open_b.clone(),
    ];
    let stored = |(place, shape): (usize, &Value)| StoredItem {
        item: item(place, shape),
        turn: Some(turn.clone()),
    };
    let past = Past {
        recent: [said, note].iter().enumerate().map(stored).collect(),
        steps: vec![(turn.clone(), StepData::new(items, Vec::new()))],
        ..Past::default()
    };
    let limits = HistoryLimits {
        tokens: 10,
        ..HistoryLimits::default()
    };
    let reading = Reading {
        limits,
        ..Reading::default()
    };
    let input = past.input_but(&[asked("a"), asked("b")], &reading);
    let expected = [
        Item::user("word ".repeat(400)),
        Item::Reasoning(Reasoning::default()),
        open_a,
        open_b,
        Item::developer("approved"),
    ];
    assert_eq!(input, expected);
}

/// Else one day the provider refuses the thread.
#[test]
fn of_many_large_images_the_newest_are_read_again() {
    let url = format!("data:image/png;base64,{}", "A".repeat(5 << 20));
    let image = json!({"type": "generated_image", "image": {"id": "i", "url": url}});
    let said = json!({"type": "user_message", "attachments": [], "inference_options": {},
        "content": [{"type": "input_text", "text": "And now?"}]});
    let shapes = [&image, &image, &image, &image, &image, &said];
    let stored = |(place, shape): (usize, &Value)| StoredItem {
        item: item(place, shape),
        turn: None,
    };
    let past = Past {
        recent: shapes.into_iter().enumerate().map(stored).collect(),
        steps: Vec::new(),
        ..Past::default()
    };
    let input = past.input(&Reading::default());
    let parts = input.iter().map(|item| match item {
        Item::Message(message) => message.content.len(),
        _ => 0,
    });
    assert_eq!(parts.collect::<Vec<_>>(), [1, 1, 2, 2, 2, 1]);
}
