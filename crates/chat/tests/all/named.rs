//! Requests that name items: which client call an output is for, and what users think of items.

use frontdesk_protocol::{FeedbackKind, ThreadId, ThreadItem};
use frontdesk_store::ItemFeedback;
use serde_json::{Value, json};

use crate::desk::{Desk, add, answering, context, create, plain, read_all, thread_of};

async fn with_items(items: Value) -> (Desk, ThreadId) {
    let desk = Desk::new(answering());
    let (_, mut reader) = desk.begin(create("hi"), &plain()).await;
    let thread = thread_of(&read_all(&mut reader).await);
    let items = items.as_array().unwrap().iter().map(|item| {
        let mut item = item.clone();
        item["thread_id"] = json!(thread);
        item["created_at"] = json!("2030-01-01T00:00:00Z");
        serde_json::from_value::<ThreadItem>(item).unwrap()
    });
    let items = items.collect();
    assert!(
        desk.store
            .put_items(&plain().scope(), &thread, items)
            .await
            .unwrap()
    );
    (desk, thread)
}

fn call(id: &str, call_id: &str, status: &str) -> Value {
    json!({"type": "client_tool_call", "id": id, "status": status, "call_id": call_id, "name": "pick", "arguments": {}})
}

#[tokio::test]
async fn an_output_goes_to_the_call_that_it_names_else_to_the_last_that_is_pending() {
    let pending = "pending";
    for (named, expected) in [
        (json!({}), Ok(("tc_3", vec!["tc_0", "tc_3"]))),
        (
            json!({"call_id": "c_2"}),
            Ok(("tc_2", vec!["tc_0", "tc_1", "tc_2", "tc_3"])),
        ),
        (
            json!({"item_id": "tc_1"}),
            Ok(("tc_1", vec!["tc_0", "tc_1", "tc_2", "tc_3"])),
        ),
        (
            json!({"item_id": "tc_1", "call_id": "c_1"}),
            Ok(("tc_1", vec!["tc_0", "tc_1", "tc_2", "tc_3"])),
        ),
        (json!({"item_id": "tc_1", "call_id": "c_2"}), Err(404)),
        (json!({"call_id": "c_9"}), Err(404)),
        (json!({"call_id": "c_0"}), Err(409)),
    ] {
        let (desk, thread) = with_items(json!([
            call("tc_0", "c_0", "completed"),
            call("tc_1", "c_1", pending),
            call("tc_2", "c_2", pending),
            call("tc_3", "c_3", pending),
            {"type": "sdk_hidden_context", "id": "z", "content": "stored after it"},
        ]))
        .await;
        let mut output = json!({"type": "threads.add_client_tool_output", "params": {"thread_id": thread, "result": 7}});
        output["params"]
            .as_object_mut()
            .unwrap()
            .extend(named.as_object().unwrap().clone());
        let (answered, left) = match expected {
            Ok(expected) => expected,
            Err(status) => {
                assert_eq!(desk.refused(output, &plain()).await, status, "{named}");
                continue;
            }
        };
        let (_, mut reader) = desk.begin(output, &plain()).await;
        read_all(&mut reader).await;
        let items = desk.items(&thread, &plain()).await;
        let calls: Vec<&Value> = items
            .iter()
            .filter(|item| item["type"] == "client_tool_call")
            .collect();
        let ids: Vec<&str> = calls
            .iter()
            .map(|call| call["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, left, "{named}");
        let with_output: Vec<&&Value> = calls.iter().filter(|call| call["output"] == 7).collect();
        assert_eq!(with_output.len(), 1);
        assert_eq!(
            (&with_output[0]["id"], &with_output[0]["status"]),
            (&json!(answered), &json!("completed"))
        );
    }
}

#[tokio::test]
async fn feedback_is_stored_with_thread_item_and_user() {
    let (desk, thread) = with_items(json!([])).await;
    let (_, mut reader) = desk.begin(add(&thread, "more"), &plain()).await;
    read_all(&mut reader).await;
    let items = desk.items(&thread, &plain()).await;
    let ids: Vec<Value> = items.iter().map(|item| item["id"].clone()).collect();
    let give = |ids: &[Value], kind: &str| json!({"type": "items.feedback", "params": {"thread_id": thread, "item_ids": ids, "kind": kind}});
    desk.json(give(&ids[1..], "positive"), &plain()).await;
    desk.json(give(&ids[3..], "negative"), &plain()).await;
    let unknown = [ids[1].clone(), json!("msg_unknown")];
    assert_eq!(
        desk.refused(give(&unknown, "negative"), &plain()).await,
        404
    );
    let other = context("default", "eve", frontdesk_chat::Client::Plain);
    assert_eq!(
        desk.refused(give(&ids[1..2], "negative"), &other).await,
        404
    );
    let scope = plain().scope();
    let given: Vec<ItemFeedback> = desk.store.feedback(&scope, &thread).await.unwrap();
    let mut kinds: Vec<(Value, FeedbackKind)> = given
        .iter()
        .map(|given| (json!(given.item), given.kind))
        .collect();
    kinds.sort_by_key(|(id, _)| ids.iter().position(|known| known == id));
    let expected = [
        FeedbackKind::Positive,
        FeedbackKind::Positive,
        FeedbackKind::Negative,
    ];
    assert_eq!(
        kinds,
        ids[1..].iter().cloned().zip(expected).collect::<Vec<_>>()
    );
}
