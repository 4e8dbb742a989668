//! Approvals for a whole thread: for which tool, in which thread, and never for what always asks.

use frontdesk_store::{ThreadPatch, Threads};
use serde_json::{Value, json};

use crate::asking::{CALL, Deleting, Scene};
use crate::desk::{add, create, plain, read_all};
use crate::model::{calls_with, says};

fn questions(items: &[Value]) -> usize {
    let questions = items.iter().filter(|item| item["type"] == "widget");
    questions.count()
}

#[tokio::test]
async fn an_approval_for_the_thread_holds_after_a_restart_and_in_no_other_thread() {
    let scene = Scene::asking(&[("delete_task", CALL)]).await;
    let events = scene.press("always").await;
    assert_eq!(scene.done(), ["deleted 1"]);
    assert!(!json!(events).to_string().contains("frontdesk.approved"));

    let scene = scene.restarted(Deleting::Well);
    let more = [
        calls_with(&[("delete_task", r#"{"id": 2}"#)]),
        says("Gone."),
    ];
    scene.model.answers.lock().unwrap().extend(more);
    scene.ask(add(&scene.thread, "Delete 2")).await;
    assert_eq!(scene.done(), ["deleted 1", "deleted 2"]);
    assert_eq!(questions(&scene.items().await), 1);

    let other = [calls_with(&[("delete_task", r#"{"id": 3}"#)])];
    scene.model.answers.lock().unwrap().extend(other);
    let events = scene.ask(create("Delete 3")).await;
    let asked =
        |event: &Value| event["type"] == "thread.item.done" && event["item"]["type"] == "widget";
    assert!(events.iter().any(asked), "{events:?}");
    assert_eq!(scene.done(), ["deleted 1", "deleted 2"]);
}

#[tokio::test]
async fn what_is_kept_is_bounded_and_what_is_not_readable_approves_nothing() {
    let scene = Scene::asking(&[("delete_task", CALL)]).await;
    let mut kept: Vec<Value> = (0..64)
        .map(|number| json!({"toolset": "other", "tool": format!("tool_{number}")}))
        .collect();
    kept[1] = json!("delete_task");
    let metadata = json!({"frontdesk.approved": kept, "own": 1});
    let patch = ThreadPatch {
        metadata: Some(serde_json::from_value(metadata).unwrap()),
        ..ThreadPatch::default()
    };
    let scope = plain().scope();
    scene
        .store
        .update_thread(&scope, &scene.thread, patch)
        .await
        .unwrap();
    scene.press("always").await;
    let thread = scene
        .store
        .thread(&scope, &scene.thread)
        .await
        .unwrap()
        .unwrap();
    let kept = thread.metadata["frontdesk.approved"].as_array().unwrap();
    assert_eq!(thread.metadata["own"], 1);
    assert_eq!(kept.len(), 64);
    assert_eq!(kept[0], json!({"toolset": "other", "tool": "tool_0"}));
    assert_eq!(
        kept[63],
        json!({"toolset": "taskflow", "tool": "delete_task"})
    );
}

#[tokio::test]
async fn only_what_destroys_is_approved_in_the_colour_of_danger() {
    let scene = Scene::always_asking(&[("show", "{}")]).await;
    assert_eq!(scene.lines().await[2..], ["[Approve]", "[Decline]"]);
    assert_eq!(scene.colour().await, Value::Null);
    let scene = Scene::always_asking(&[("show", "{}"), ("delete_task", CALL)]).await;
    assert_eq!(scene.colour().await, "danger");
}

#[tokio::test]
async fn a_tool_that_always_asks_cannot_be_approved_for_good() {
    let scene = Scene::always_asking(&[("delete_task", CALL)]).await;
    let lines = scene.lines().await;
    assert_eq!(lines[4..], ["[Approve]", "[Decline]"]);
    // Whatever a client sends.
    scene.press("always").await;
    assert_eq!(scene.done(), ["deleted 1"]);
    let scope = plain().scope();
    let thread = scene
        .store
        .thread(&scope, &scene.thread)
        .await
        .unwrap()
        .unwrap();
    let kept = thread.metadata.get("frontdesk.approved");
    assert!(kept.is_none_or(|kept| *kept == json!([])), "{kept:?}");

    let more = [calls_with(&[("delete_task", r#"{"id": 2}"#)])];
    scene.model.answers.lock().unwrap().extend(more);
    let (_, mut reader) = scene
        .desk
        .begin(add(&scene.thread, "Delete 2"), &plain())
        .await;
    read_all(&mut reader).await;
    assert_eq!(scene.done(), ["deleted 1"]);
    let items = scene.items().await;
    assert_eq!(questions(&items), 2, "{items:?}");
}
