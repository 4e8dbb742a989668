//! A tool that destroys something asks its user first, across restarts, and nothing else counts as the answer.

use frontdesk_testkit::clients::{Answer, Client};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::desk::{self, Desk, ask, valid};
use super::tools::Tools;

/// A desk whose user asked to delete the one task there is; the thread, and the widget that asks.
async fn asked(desk: &Desk) -> (String, Value) {
    let client = desk.client();
    let added = client.create("Add a task: buy milk").await.unwrap();
    let thread = added.thread_id().unwrap();
    let answer = client.add(&thread, "delete task 1").await.unwrap();
    valid(&answer);
    assert_eq!(answer.assistant_text().unwrap(), "", "{answer:?}");
    let widget = widget(&client, &thread).await;
    let lines = lines(&widget["widget"]);
    assert_eq!(
        lines,
        [
            "Needs your approval · Delete a task",
            "taskflow",
            "Id: 1",
            "[Approve]",
            "[Decline]",
            "[Always for this thread]"
        ]
    );
    (thread, widget)
}

async fn widget(client: &Client, thread: &str) -> Value {
    let items = desk::items(client, thread).await;
    let mut widgets = items.into_iter().filter(|item| item["type"] == "widget");
    let widget = widgets.next().unwrap();
    assert_eq!(widgets.next(), None);
    widget
}

/// What the widget reads, with its buttons in brackets.
fn lines(component: &Value) -> Vec<String> {
    let text = |field: &str| component[field].as_str().map(str::to_owned);
    match (text("value"), text("label")) {
        (Some(value), _) => vec![value],
        (_, Some(label)) => vec![format!("[{label}]")],
        _ => {
            let children = component["children"].as_array().unwrap();
            children.iter().flat_map(lines).collect()
        }
    }
}

fn click(thread: &str, widget: &Value, payload: &Value) -> Value {
    json!({"type": "threads.custom_action", "params": {
        "thread_id": thread, "item_id": widget["id"],
        "action": {"type": "frontdesk.approval", "payload": payload},
    }})
}

async fn press(client: &Client, thread: &str, widget: &Value, decision: &str) -> Answer {
    let request = click(thread, widget, &json!({"decision": decision}));
    client.post(&request).await.unwrap()
}

#[tokio::test]
async fn an_approval_survives_a_restart_and_does_exactly_what_was_shown() {
    let mut desk = Desk::demonstration().await;
    let (thread, widget) = asked(&desk).await;
    let tools = Tools::of(&desk, "dev").await;
    assert_eq!(tools.tasks().await, ["buy milk: open"]);
    let title = json!({"title": "water the plants"});
    tools.call("add_task", title).await.unwrap();

    desk.terminate().await;
    assert!(desk.ended().await.success());
    desk.start().await;
    let (client, tools) = (desk.client(), Tools::of(&desk, "dev").await);
    assert_eq!(self::widget(&client, &thread).await, widget);

    // Somebody else finds nothing to answer.
    let eve = client.as_user("eve");
    let refused = press(&eve, &thread, &widget, "approve").await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(
        tools.tasks().await,
        ["buy milk: open", "water the plants: open"]
    );

    // What is done is what was asked about, whatever else the client sends.
    let forged = json!({"decision": "approve", "arguments": {"id": 2}, "id": 2});
    let answer = client
        .post(&click(&thread, &widget, &forged))
        .await
        .unwrap();
    valid(&answer);
    let told = answer.assistant_text().unwrap();
    assert_eq!(told, "Deleted task #1: buy milk.");
    assert_eq!(tools.tasks().await, ["water the plants: open"]);
    let decided = lines(&self::widget(&client, &thread).await["widget"]);
    assert_eq!(decided, ["Approved · Delete a task", "taskflow", "Id: 1"]);

    let again = press(&client, &thread, &widget, "approve").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let (status, listed) = ask(&client, "threads.list", json!({})).await;
    assert_eq!(status, StatusCode::OK, "{listed}");
    assert_eq!(tools.tasks().await, ["water the plants: open"]);
}

#[tokio::test]
async fn what_is_declined_or_left_stays_as_it_is() {
    let desk = Desk::demonstration().await;
    let (thread, widget) = asked(&desk).await;
    let (client, tools) = (desk.client(), Tools::of(&desk, "dev").await);
    let declined = press(&client, &thread, &widget, "decline").await;
    valid(&declined);
    let told = declined.assistant_text().unwrap();
    assert_eq!(told, "All right, I left it as it is.");
    assert_eq!(tools.tasks().await, ["buy milk: open"]);

    let again = client.add(&thread, "delete task 1").await.unwrap();
    let done = desk::done(valid(&again));
    let waiting = (*done.last().unwrap()).clone();
    assert_eq!(waiting["type"], "widget");
    let instead = client.add(&thread, "What are my tasks?").await.unwrap();
    let told = instead.assistant_text().unwrap();
    assert!(told.contains("buy milk"), "{told}");
    let late = press(&client, &thread, &waiting, "approve").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert_eq!(tools.tasks().await, ["buy milk: open"]);
}

#[tokio::test]
async fn the_configuration_says_which_tools_ask() {
    let desk = Desk::open(&[
        ("FRONTDESK__AGENT__ASSISTANT__ASK_BEFORE", "never"),
        ("FRONTDESK__AGENT__ASSISTANT__ALWAYS_ASK", "complete_task"),
    ])
    .await;
    let (client, tools) = (desk.client(), Tools::of(&desk, "dev").await);
    let added = client.create("Add a task: buy milk").await.unwrap();
    let thread = added.thread_id().unwrap();
    client.add(&thread, "Complete the first one").await.unwrap();
    assert_eq!(tools.tasks().await, ["buy milk: open"]);
    let title = &widget(&client, &thread).await["widget"]["children"][0]["value"];
    assert_eq!(title, "Needs your approval · Complete a task");
    client.add(&thread, "delete task 1").await.unwrap();
    assert!(tools.tasks().await.is_empty());

    let desk = Desk::open(&[("FRONTDESK__AGENT__ASSISTANT__NEVER_ASK", "delete_task")]).await;
    let (client, tools) = (desk.client(), Tools::of(&desk, "dev").await);
    let added = client.create("Add a task: buy milk").await.unwrap();
    let thread = added.thread_id().unwrap();
    client.add(&thread, "delete task 1").await.unwrap();
    assert!(tools.tasks().await.is_empty());
}
