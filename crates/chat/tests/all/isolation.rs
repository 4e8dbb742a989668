//! Another user and another tenant find nothing and change nothing, by any request kind.

use frontdesk_chat::Client;
use serde_json::{Value, json};

use crate::desk::{
    Desk, context, create, event, hanging, input, is_delta, plain, read_until, resuming, thread_of,
};

fn requests(thread: &str, item: &str) -> Vec<Value> {
    let params = |more: Value| {
        let mut params = json!({"thread_id": thread});
        params
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        params
    };
    vec![
        json!({"type": "threads.get_by_id", "params": params(json!({}))}),
        json!({"type": "threads.update", "params": params(json!({"title": "mine"}))}),
        json!({"type": "threads.delete", "params": params(json!({}))}),
        json!({"type": "threads.add_user_message", "params": params(json!({"input": input("hi")}))}),
        json!({"type": "threads.retry_after_item", "params": params(json!({"item_id": item}))}),
        json!({"type": "threads.add_client_tool_output", "params": params(json!({"result": 1}))}),
        json!({"type": "threads.add_structured_input", "params": params(json!({"item_id": item, "input": {}}))}),
        json!({"type": "threads.custom_action", "params": params(json!({"action": {"type": "x"}}))}),
        json!({"type": "threads.sync_custom_action", "params": params(json!({"action": {"type": "x"}}))}),
        json!({"type": "items.list", "params": params(json!({}))}),
        json!({"type": "items.feedback", "params": params(json!({"item_ids": [item], "kind": "positive"}))}),
    ]
}

#[tokio::test]
async fn other_users_and_tenants_find_nothing_and_change_nothing() {
    let desk = Desk::new(hanging());
    let (turn, mut reader) = desk.begin(create("secret"), &resuming()).await;
    let frames = read_until(&mut reader, is_delta).await;
    let thread = thread_of(&frames);
    let item = event(&frames[1])["item"]["id"].as_str().unwrap().to_owned();
    let get = json!({"type": "threads.get_by_id", "params": {"thread_id": thread}});
    let before = desk.json(get.clone(), &plain()).await;
    for other in [
        context("default", "other", Client::Resuming),
        context("elsewhere", "dev", Client::Resuming),
    ] {
        for request in requests(thread.as_str(), &item) {
            assert_eq!(
                desk.refused(request.clone(), &other).await,
                404,
                "{request}"
            );
        }
        let list = json!({"type": "threads.list", "params": {}});
        assert_eq!(desk.json(list, &other).await["data"], json!([]));
        let after = json!({"type": "threads.list", "params": {"after": thread}});
        assert_eq!(desk.refused(after, &other).await, 400);
        assert_eq!(
            desk.service.stop(&other, &turn).await.unwrap_err().status(),
            404
        );
        let events = desk.service.events(&other, &turn, None).await;
        assert_eq!(events.err().unwrap().status(), 404);
    }
    assert_eq!(desk.json(get, &plain()).await, before);
    desk.service.stop(&resuming(), &turn).await.unwrap();
}
