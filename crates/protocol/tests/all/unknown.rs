//! What a newer client or server adds is kept.

use frontdesk_protocol::{
    ItemUpdate, Request, Source, StructuredInput, Task, ThreadEvent, ThreadItem, ThreadStatus,
    WorkflowSummary,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::recorded::{self, TIME};

/// Adds a field to every object; where every field has a meaning or is taken out, it stays as it is.
fn with_unknown_fields(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(with_unknown_fields),
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                match name.as_str() {
                    "metadata" => {}
                    "answers" => value
                        .as_object_mut()
                        .unwrap()
                        .values_mut()
                        .for_each(with_unknown_fields),
                    _ => with_unknown_fields(value),
                }
            }
            map.insert(
                "x_future".to_owned(),
                json!({"type": "new", "a": [1.5, null]}),
            );
        }
        _ => {}
    }
}

#[test]
fn unknown_fields_are_kept_at_every_level() {
    for mut line in recorded::events() {
        with_unknown_fields(&mut line.output);
        let event: ThreadEvent = serde_json::from_value(line.output.clone()).unwrap();
        let written: Value = serde_json::from_slice(&event.to_wire()).unwrap();
        assert_eq!(written, line.output);
    }
    for mut line in recorded::items() {
        with_unknown_fields(&mut line.output);
        let item: ThreadItem = serde_json::from_value(line.output.clone()).unwrap();
        assert_eq!(serde_json::to_value(item.to_wire()).unwrap(), line.output);
    }
    for mut line in recorded::requests() {
        // A `null` answer of a tool is left out on writing, so it has to be there for reading.
        with_unknown_fields(&mut line.output);
        let mut input = line.output.clone();
        if line.output["type"] == "threads.add_client_tool_output" {
            let params = input["params"].as_object_mut().unwrap();
            params.entry("result").or_insert(Value::Null);
        }
        let request = Request::parse(input.to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(&request).unwrap(), line.output);
    }
}

fn same<T: DeserializeOwned + Serialize>(value: &Value) -> T {
    let read: T = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&read).unwrap(), value);
    read
}

#[test]
fn unknown_kinds_are_kept() {
    let new = json!({"type": "new.kind", "a": {"b": [null, 1]}, "c": null});
    assert!(matches!(same(&new), ThreadEvent::Other(_)));
    assert!(matches!(same(&new), ItemUpdate::Other(_)));
    assert!(matches!(same(&new), Task::Other(_)));
    assert!(matches!(same(&new), Source::Other(_)));
    assert!(matches!(same(&new), StructuredInput::Other(_)));
    assert!(matches!(same(&new), ThreadStatus::Other(_)));
    assert!(matches!(
        same(&json!({"steps": 3})),
        WorkflowSummary::Other(_)
    ));
    let event: ThreadEvent = same(&new);
    assert_eq!(event.kind(), "new.kind");
    assert_eq!(
        serde_json::from_slice::<Value>(&event.to_wire()).unwrap(),
        new
    );
}

#[test]
fn an_unknown_item_is_kept_with_its_name_and_time() {
    let new = json!({
        "type": "new.kind", "id": "n_1", "thread_id": "thr_a", "created_at": TIME, "a": [null],
    });
    let item: ThreadItem = same(&new);
    assert!(matches!(item, ThreadItem::Other(_)));
    assert_eq!((item.kind(), item.id().as_str()), ("new.kind", "n_1"));
    assert!(!item.is_hidden());
    serde_json::from_value::<ThreadItem>(json!({"type": "new.kind", "id": "n_1"})).unwrap_err();
}

#[test]
fn unknown_words_are_kept() {
    same::<ThreadEvent>(&json!({"type": "notice", "level": "panic", "message": "m"}));
    same::<ThreadEvent>(&json!({"type": "error", "code": "rate", "allow_retry": true}));
    same::<Task>(&json!({"type": "image", "status_indicator": "halted"}));
    same::<ThreadStatus>(&json!({"type": "locked", "until": "tomorrow"}));
    same::<ThreadItem>(&json!({
        "type": "client_tool_call", "id": "a", "thread_id": "t", "created_at": TIME,
        "status": "running", "call_id": "c", "name": "n", "arguments": {},
    }));
    same::<ThreadItem>(&json!({
        "type": "workflow", "id": "a", "thread_id": "t", "created_at": TIME,
        "workflow": {"type": "planning", "tasks": [], "expanded": false},
    }));
    same::<ThreadItem>(&json!({
        "type": "structured_input", "id": "a", "thread_id": "t", "created_at": TIME,
        "status": "expired", "inputs": [],
    }));
}

#[test]
fn a_known_kind_that_is_wrong_is_not_taken_for_an_unknown_one() {
    let cases = [
        (
            json!({"type": "thread.item.removed"}),
            "at `item_id`: this field is missing",
        ),
        (
            json!({"type": "thread.item.done", "item": {"type": "end_of_turn"}}),
            "at `item.id`: this field is missing",
        ),
        (
            json!({"type": "thread.item.updated", "item_id": "a", "update":
                {"type": "workflow.task.added", "task_index": 0, "task": {"type": "thought"}}}),
            "at `update.task.content`: this field is missing",
        ),
        (
            json!({"type": "thread.item.updated", "item_id": "a", "update":
                {"type": "assistant_message.content_part.done", "content_index": 0,
                 "content": {"type": "input_text", "text": ""}}}),
            "at `update.content.type`: unknown type `input_text`, expected output_text",
        ),
        (json!({"type": 1}), "at `type`: not a string"),
        (json!({}), "missing field `type`"),
        (json!([]), "invalid type: sequence, expected a map"),
    ];
    for (value, message) in cases {
        let error = serde_json::from_value::<ThreadEvent>(value).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn fields_that_are_null_are_left_out() {
    let event: ThreadEvent = serde_json::from_value(json!({
        "type": "error", "message": null,
    }))
    .unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&event.to_wire()).unwrap(),
        json!({"type": "error", "code": "custom", "allow_retry": false})
    );
    let item: ThreadItem = serde_json::from_value(json!({
        "type": "client_tool_call", "id": "a", "thread_id": "t", "created_at": TIME,
        "call_id": "c", "name": "n", "arguments": {"x": null}, "output": null,
    }))
    .unwrap();
    assert_eq!(
        serde_json::to_value(&item).unwrap(),
        json!({
            "type": "client_tool_call", "id": "a", "thread_id": "t", "created_at": TIME,
            "status": "pending", "call_id": "c", "name": "n", "arguments": {"x": null},
        })
    );
}
