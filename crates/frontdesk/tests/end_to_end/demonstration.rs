//! No file and no key: a conversation that manages tasks.

use frontdesk_testkit::clients::Event;
use serde_json::json;

use super::desk::{self, Desk, done, valid};
use super::tools::Tools;

#[tokio::test]
async fn an_answer_streams_valid_events() {
    let desk = Desk::demonstration().await;
    let (client, tools) = (desk.client(), Tools::of(&desk, "dev").await);

    let added = client.create("Add a task: buy milk").await.unwrap();
    let events = valid(&added);
    let kinds: Vec<_> = events.iter().take(3).map(Event::kind).collect();
    assert_eq!(
        kinds,
        ["thread.created", "thread.item.done", "stream_options"]
    );
    assert_eq!(events[1].data["item"]["type"], "user_message");
    assert_eq!(
        desk::text(&events[1].data["item"]),
        "Add a task: buy milk",
        "{events:?}"
    );
    let numbers: Vec<_> = events
        .iter()
        .map(|event| event.id.clone().unwrap())
        .collect();
    let expected: Vec<_> = (1..=events.len())
        .map(|number| format!("1-{number}"))
        .collect();
    assert_eq!(numbers, expected);
    assert!(
        done(events).iter().any(|item| item["type"] == "workflow"),
        "{events:?}"
    );
    assert!(desk::is_message(done(events).last().unwrap()), "{events:?}");
    assert!(added.assistant_text().unwrap().contains("buy milk"));
    assert_eq!(tools.tasks().await, ["buy milk: open"]);

    // What the assistant tells comes from the tool server, not from the conversation.
    let title = json!({"title": "water the plants"});
    tools.call("add_task", title).await.unwrap();
    let thread = added.thread_id().unwrap();
    let listed = client.add(&thread, "What are my tasks?").await.unwrap();
    valid(&listed);
    let told = listed.assistant_text().unwrap();
    for task in ["buy milk", "water the plants"] {
        assert!(told.contains(task), "{told}");
    }
    let completed = client.add(&thread, "Complete the first one").await.unwrap();
    valid(&completed);
    let told = completed.assistant_text().unwrap();
    assert!(told.contains("buy milk"), "{told}");
    assert_eq!(
        tools.tasks().await,
        ["buy milk: done", "water the plants: open"]
    );

    // What was shown as done is what is stored.
    let shown: Vec<_> = [&added, &listed, &completed]
        .into_iter()
        .flat_map(|answer| done(answer.events().unwrap()))
        .cloned()
        .collect();
    assert_eq!(desk::items(&client, &thread).await, shown);
}
