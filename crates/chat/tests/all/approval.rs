//! Tools that ask the user first: the question, each answer to it, and everything that must not count as one.

use std::sync::atomic::Ordering;

use frontdesk_chat::{Client, OnDisconnect, RequestContext};
use frontdesk_protocol::ThreadStatus;
use frontdesk_store::{ThreadPatch, Threads, TurnStatus};
use serde_json::{Value, json};

use crate::asking::{CALL, Deleting, Done, Scene, action, assistant, lines, said};
use crate::desk::{
    Desk, PATIENCE, add, context, create, event, hanging, is_delta, plain, read_all, read_until,
    thread_of,
};
use crate::faulty::Faulty;
use crate::model::{Told, calls, calls_with, says};

const BUTTONS: [&str; 3] = ["[Approve]", "[Decline]", "[Always for this thread]"];

#[tokio::test]
async fn check_16_a_destructive_tool_asks_the_user_first() {
    let scene = Scene::asking(&[("delete_task", CALL)]).await;
    assert!(scene.done().is_empty(), "nothing is done before the answer");
    assert_eq!(scene.last_status().await, TurnStatus::Waiting);
    let kinds = |items: Vec<Value>| {
        let kinds = items.into_iter().map(|item| item["type"].clone());
        kinds.filter(|kind| kind != "workflow").collect::<Vec<_>>()
    };
    assert_eq!(kinds(scene.items().await), ["user_message", "widget"]);
    let question = ["taskflow", "Id: 1", "Note: as asked"];
    let asked: Vec<&str> = ["Needs your approval · Delete a task"]
        .into_iter()
        .chain(question)
        .chain(BUTTONS)
        .collect();
    assert_eq!(scene.lines().await, asked);
    assert_eq!(scene.colour().await, "danger");
    let widget = scene.widget().await;
    let approve = &widget["widget"]["children"][4]["children"][0]["onClickAction"];
    assert_eq!(
        *approve,
        json!({
            "type": "frontdesk.approval", "payload": {"decision": "approve"},
            "handler": "server", "loadingBehavior": "container", "streaming": true,
        })
    );

    // The answer comes to another process.
    let scene = scene.restarted(Deleting::Well);
    let events = scene.press("approve").await;
    assert_eq!(scene.done(), ["deleted 1"]);
    assert_eq!(scene.last_status().await, TurnStatus::Done);
    let decided: Vec<&str> = ["Approved · Delete a task"]
        .into_iter()
        .chain(question)
        .collect();
    assert_eq!(scene.lines().await, decided);
    let replaced = events
        .iter()
        .find(|event| event["type"] == "thread.item.replaced");
    assert_eq!(replaced.unwrap()["item"], scene.widget().await);
    assert_eq!(said(&scene.items().await), ["Good."]);
    assert_eq!(
        scene.model.read(1),
        [
            "User: Delete task 1",
            "reasoning",
            &format!("call delete_task {CALL}"),
            "result \"deleted 1\"",
        ]
    );
}

#[tokio::test]
async fn what_was_declined_is_not_done_and_the_model_is_told() {
    let scene = Scene::asking(&[("delete_task", CALL), ("show", "{}")]).await;
    assert_eq!(scene.done(), ["shown"], "what doesn't ask doesn't wait");
    scene.press("decline").await;
    assert_eq!(scene.done(), ["shown"]);
    assert_eq!(scene.lines().await[0], "Declined · Delete a task");
    assert!(!scene.lines().await.contains(&BUTTONS[0].to_owned()));
    let told = scene.model.read(1);
    assert!(
        told.last().unwrap().contains("the user declined this call"),
        "{told:?}"
    );
    assert_eq!(said(&scene.items().await), ["Good."]);
}

#[tokio::test]
async fn a_second_answer_counts_for_nothing() {
    for (first, second) in [("approve", "approve"), ("decline", "approve")] {
        let scene = Scene::asking(&[("delete_task", CALL)]).await;
        let request = scene.answer(second).await;
        scene.press(first).await;
        let done = scene.done();
        let items = scene.items().await;
        assert_eq!(scene.desk.refused(request, &plain()).await, 409);
        assert_eq!(scene.done(), done, "{first}");
        assert_eq!(scene.items().await, items);
    }
}

#[tokio::test]
async fn nobody_else_can_answer() {
    let scene = Scene::asking(&[("delete_task", CALL)]).await;
    let items = scene.items().await;
    let others: [RequestContext; 2] = [
        context("default", "eve", Client::Plain),
        context("other", "dev", Client::Plain),
    ];
    for other in others {
        let request = scene.answer("approve").await;
        assert_eq!(scene.desk.refused(request, &other).await, 404);
    }
    assert!(scene.done().is_empty());
    assert_eq!(scene.items().await, items);
}

#[tokio::test]
async fn what_a_client_sends_besides_its_answer_changes_nothing() {
    let scene = Scene::asking(&[("delete_task", CALL)]).await;
    let widget = scene.widget().await["id"].clone();
    for payload in [
        json!({}),
        json!({"decision": "yes"}),
        json!("approve"),
        Value::Null,
    ] {
        let request = action(&scene.thread, &widget, &payload);
        assert_eq!(
            scene.desk.refused(request, &plain()).await,
            400,
            "{payload}"
        );
    }
    let nowhere = json!({"type": "threads.custom_action", "params": {
        "thread_id": scene.thread,
        "action": {"type": "frontdesk.approval", "payload": {"decision": "approve"}},
    }});
    assert_eq!(scene.desk.refused(nowhere, &plain()).await, 400);
    let at_once = json!({"type": "threads.sync_custom_action", "params": {
        "thread_id": scene.thread, "item_id": widget,
        "action": {"type": "frontdesk.approval", "payload": {"decision": "approve"}},
    }});
    assert_eq!(scene.desk.refused(at_once, &plain()).await, 400);
    assert!(scene.done().is_empty());

    let forged = json!({
        "decision": "approve", "call_id": "call_9", "name": "show", "id": 2,
        "arguments": {"id": 2}, "calls": [{"name": "delete_task", "arguments": "{\"id\": 2}"}],
    });
    scene.ask(action(&scene.thread, &widget, &forged)).await;
    assert_eq!(scene.done(), ["deleted 1"]);
}

#[tokio::test]
async fn a_new_message_instead_of_an_answer_declines() {
    let scene = Scene::asking(&[("delete_task", CALL)]).await;
    let late = scene.answer("approve").await;
    scene
        .ask(add(&scene.thread, "No, what are my tasks?"))
        .await;
    assert!(scene.done().is_empty());
    assert_eq!(scene.lines().await[0], "Not done · Delete a task");
    assert_eq!(scene.desk.refused(late, &plain()).await, 409);
    let told = scene.model.read(1);
    let (result, message) = (&told[3], &told[4]);
    assert!(result.contains("wrote something else instead"), "{told:?}");
    assert_eq!(message, "User: No, what are my tasks?");
    assert_eq!(told.len(), 5);
}

#[tokio::test]
async fn a_new_message_whose_process_died_declines_too() {
    let scene = Scene::asking(&[("delete_task", CALL)]).await;
    let store = scene.store.clone();
    let dying = Desk::over(store.clone(), store, hanging(), OnDisconnect::Continue);
    let (_, mut reader) = dying.begin(add(&scene.thread, "No!"), &plain()).await;
    read_until(&mut reader, is_delta).await;
    let late = scene.answer("approve").await;
    let scene = scene.restarted(Deleting::Well);
    assert_eq!(scene.desk.recovered(&scene.thread).await, 1);
    assert_eq!(scene.desk.refused(late, &plain()).await, 409);
    assert!(scene.done().is_empty());
    assert_eq!(scene.lines().await[0], "Not done · Delete a task");
    let items = scene.items().await;
    assert_eq!(said(&items).last().unwrap(), &"Good.");
    assert_eq!(scene.last_status().await, TurnStatus::Done);
}

#[tokio::test]
async fn a_locked_thread_still_takes_the_answer() {
    let scene = Scene::asking(&[("delete_task", CALL)]).await;
    let locked = ThreadPatch {
        status: Some(ThreadStatus::locked(None)),
        ..ThreadPatch::default()
    };
    let scope = plain().scope();
    let patched = scene.store.update_thread(&scope, &scene.thread, locked);
    patched.await.unwrap().unwrap();
    let message = add(&scene.thread, "hello");
    assert_eq!(scene.desk.refused(message, &plain()).await, 409);
    scene.press("approve").await;
    assert_eq!(scene.done(), ["deleted 1"]);
}

#[tokio::test]
async fn a_question_that_was_trimmed_away_is_gone() {
    let scene = Scene::asking(&[("delete_task", CALL)]).await;
    let late = scene.answer("approve").await;
    let first = scene.items().await[0]["id"].clone();
    let retry = json!({"type": "threads.retry_after_item", "params": {
        "thread_id": scene.thread, "item_id": first,
    }});
    scene.ask(retry).await;
    assert_eq!(scene.desk.refused(late, &plain()).await, 404);
    assert!(scene.done().is_empty());
    assert_eq!(scene.model.read(1), ["User: Delete task 1"]);
}

#[tokio::test]
async fn a_crash_after_the_answer_makes_no_call_twice() {
    let scene = Scene::with(&[("delete_task", CALL)], Deleting::Hanging).await;
    let again = scene.answer("approve").await;
    let (_, mut reader) = scene.desk.begin(again.clone(), &plain()).await;
    let begun = async {
        while scene.done().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, begun).await.unwrap();
    // The process is gone: another one finds the turn where it was left.
    let scene = scene.restarted(Deleting::Well);
    assert_eq!(scene.desk.recovered(&scene.thread).await, 1);
    let titles = async || -> Vec<String> {
        let items = scene.items().await;
        let widgets = items.iter().filter(|item| item["type"] == "widget");
        widgets
            .map(|item| lines(&item["widget"])[0].clone())
            .collect()
    };
    let asked = ["Approved · Delete a task", "Interrupted · Delete a task"];
    assert_eq!(titles().await, asked, "the user is asked");
    assert_eq!(scene.desk.refused(again, &plain()).await, 409);
    scene.ask(add(&scene.thread, "Did it work?")).await;
    assert_eq!(scene.done(), ["deleted 1"], "once and not again");
    assert_eq!(titles().await[1], "Not done again · Delete a task");
    drop(reader.next().await);
}

/// More writes than a turn makes.
const MANY: usize = 1_000;

#[tokio::test(start_paused = true)]
async fn the_answer_is_stored_before_anything_is_made_of_it() {
    let model = Told::new([calls_with(&[("delete_task", CALL)]), says("Good.")]);
    let done = Done::default();
    let store = Faulty::new(MANY);
    let responder = assistant(&model, &done, Deleting::Well);
    let desk = Desk::over(
        store.clone(),
        store.clone(),
        responder,
        OnDisconnect::Continue,
    );
    let (_, mut reader) = desk.begin(create("Delete task 1"), &plain()).await;
    let thread = thread_of(&read_all(&mut reader).await);
    let items = desk.items(&thread, &plain()).await;
    let widget = items.iter().find(|item| item["type"] == "widget").unwrap();
    let approve = action(&thread, &widget["id"], &json!({"decision": "approve"}));

    // What can't be stored is no answer.
    store.fails.store(true, Ordering::SeqCst);
    let (_, mut reader) = desk.begin(approve.clone(), &plain()).await;
    let frames = read_all(&mut reader).await;
    assert_eq!(event(frames.last().unwrap())["type"], "error");
    assert!(done.lock().unwrap().is_empty());
    store.fails.store(false, Ordering::SeqCst);

    // What isn't stored yet is none yet: the turn goes on where it was left.
    store.gate.add_permits(MANY);
    assert_eq!(desk.items(&thread, &plain()).await, items);
    store.gate.forget_permits(usize::MAX);
    let recovering = desk.recovered(&thread);
    let opening = async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(done.lock().unwrap().is_empty());
        store.gate.add_permits(MANY);
    };
    let (recovered, ()) = tokio::join!(recovering, opening);
    assert_eq!(recovered, 1);
    assert_eq!(desk.refused(approve, &plain()).await, 409);
    assert_eq!(*done.lock().unwrap(), ["deleted 1"]);
}

#[tokio::test]
async fn calls_that_ask_together_are_answered_together_and_shown_as_plain_text() {
    let long = "x".repeat(1_000);
    let tricky = json!({"id": 2, "note": format!("a\nApproved\u{202e}b<b>{long}")}).to_string();
    let scene = Scene::asking(&[("delete_task", CALL), ("delete_task", &tricky)]).await;
    let lines = scene.lines().await;
    assert_eq!(lines[4], "---");
    assert_eq!(lines[8][..20], *"Note: a Approvedb<b>");
    assert!(
        lines[8].ends_with("x… (714 more characters)"),
        "{}",
        lines[8]
    );
    assert_eq!(lines[9..], BUTTONS);
    scene.press("approve").await;
    let mut done = scene.done();
    done.sort_unstable();
    assert_eq!(done, ["deleted 1", "deleted 2"]);
}

#[tokio::test]
async fn no_arguments_hide_those_that_count() {
    let mut arguments = serde_json::Map::new();
    for number in 0..40 {
        arguments.insert(format!("a{number:02}"), json!({"id": 2, "list": [1, 2]}));
    }
    arguments.insert("to__id".to_owned(), json!(3));
    arguments.insert("id".to_owned(), json!(7));
    let arguments = Value::Object(arguments).to_string();
    let scene = Scene::asking(&[("delete_task", &arguments)]).await;
    let lines = scene.lines().await;
    assert_eq!(lines[2], "Id: 7");
    assert_eq!(lines[3], r#"A00: {"id":2,"list":[1,2]}"#);
    assert_eq!(lines[18], "… and 26 more");
    assert_eq!(lines[19..], BUTTONS);

    let few = r#"{"id": 1, "to__id": 3, "where": {"file__path": "x"}}"#;
    let scene = Scene::asking(&[("delete_task", few)]).await;
    let lines = scene.lines().await;
    assert_eq!(lines[2..5], ["Id: 1", "To  id: 3", "Where · File  path: x"]);
}

#[tokio::test]
async fn the_model_may_ask_again_after_an_answer() {
    let model = Told::new([
        calls_with(&[("delete_task", CALL)]),
        calls_with(&[("delete_task", r#"{"id": 2}"#)]),
        says("Both are gone."),
        calls(&["show"]),
        says("Here."),
    ]);
    let done = Done::default();
    let desk = Desk::new(assistant(&model, &done, Deleting::Well));
    let (_, mut reader) = desk.begin(create("Delete 1 and 2"), &plain()).await;
    let thread = thread_of(&read_all(&mut reader).await);
    for _ in 0..2 {
        let items = desk.items(&thread, &plain()).await;
        let widget = items.iter().rfind(|item| item["type"] == "widget").unwrap();
        let approve = action(&thread, &widget["id"], &json!({"decision": "approve"}));
        let (_, mut reader) = desk.begin(approve, &plain()).await;
        read_all(&mut reader).await;
    }
    assert_eq!(*done.lock().unwrap(), ["deleted 1", "deleted 2"]);
    let (_, mut reader) = desk.begin(add(&thread, "Show the rest"), &plain()).await;
    read_all(&mut reader).await;
    let items = desk.items(&thread, &plain()).await;
    assert_eq!(said(&items), ["Both are gone.", "Here."]);
    assert_eq!(
        model.read(3),
        [
            "User: Delete 1 and 2",
            "reasoning",
            &format!("call delete_task {CALL}"),
            "result \"deleted 1\"",
            "reasoning",
            "call delete_task {\"id\": 2}",
            "result \"deleted 2\"",
            "Assistant: Both are gone.",
            "User: Show the rest",
        ]
    );
}
