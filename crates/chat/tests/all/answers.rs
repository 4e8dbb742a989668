//! Answers to a question that come together, break off or come late: what was asked about is done once or not at all.

use frontdesk_chat::OnDisconnect;
use frontdesk_model::{Error, ErrorKind};
use frontdesk_store::TurnStatus;
use serde_json::json;

use crate::asking::{CALL, Deleting, Done, Scene, action, assistant};
use crate::desk::{Desk, PATIENCE, add, create, event, plain, read_all, thread_of};
use crate::faulty::Faulty;
use crate::model::{Told, calls_with, says};

/// More writes than a turn makes.
const MANY: usize = 1_000;

#[tokio::test]
async fn of_two_answers_at_once_one_counts() {
    // The same answer twice is one, and both see what comes of it.
    for (one, two, expected) in [
        ("approve", "approve", vec![]),
        ("approve", "decline", vec![409]),
    ] {
        let scene = Scene::asking(&[("delete_task", CALL)]).await;
        let (one, two) = (scene.answer(one).await, scene.answer(two).await);
        let cx = plain();
        let (one, two) = tokio::join!(scene.desk.ask(one, &cx), scene.desk.ask(two, &cx));
        let mut refused = Vec::new();
        for reply in [one, two] {
            match reply {
                Ok(frontdesk_chat::Reply::Stream { mut reader, .. }) => {
                    read_all(&mut reader).await;
                }
                Ok(_) => panic!("no stream"),
                Err(error) => refused.push(error.status()),
            }
        }
        assert_eq!(refused, expected);
        let approved = scene.lines().await[0].starts_with("Approved");
        assert_eq!(scene.done().len(), usize::from(approved));
    }
}

#[tokio::test]
async fn a_stopped_call_is_not_made_again() {
    let scene = Scene::with(&[("delete_task", CALL)], Deleting::Hanging).await;
    let again = scene.answer("approve").await;
    let (turn, mut reader) = scene.desk.begin(again.clone(), &plain()).await;
    let begun = async {
        while scene.done().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, begun).await.unwrap();
    scene.desk.service.stop(&plain(), &turn).await.unwrap();
    read_all(&mut reader).await;
    assert_eq!(scene.last_status().await, TurnStatus::Stopped);
    assert_eq!(scene.lines().await[0], "Approved · Delete a task");
    assert_eq!(scene.desk.refused(again, &plain()).await, 409);
    scene.ask(add(&scene.thread, "Did it work?")).await;
    assert_eq!(scene.done(), ["deleted 1"]);
    let told = scene.model.read(1).join("\n");
    assert!(told.contains("is not known"), "{told}");
}

/// Trying again forgets everything since the message: also that the user has approved, and what was done.
#[tokio::test]
async fn nobody_is_offered_to_forget_what_was_done() {
    for (decision, allow_retry) in [("approve", false), ("decline", true)] {
        let broken = vec![Err(Error::new(ErrorKind::Overloaded, "busy"))];
        let model = Told::new([calls_with(&[("delete_task", CALL)]), broken, says("Good.")]);
        let done = Done::default();
        let desk = Desk::new(assistant(&model, &done, Deleting::Well));
        let (_, mut reader) = desk.begin(create("Delete task 1"), &plain()).await;
        let thread = thread_of(&read_all(&mut reader).await);
        let items = desk.items(&thread, &plain()).await;
        let widget = items.iter().find(|item| item["type"] == "widget").unwrap();
        let answer = action(&thread, &widget["id"], &json!({"decision": decision}));
        let (_, mut reader) = desk.begin(answer, &plain()).await;
        let frames = read_all(&mut reader).await;
        let last = event(frames.last().unwrap());
        assert_eq!(
            last,
            json!({"type": "error", "code": "stream.error", "allow_retry": allow_retry})
        );
        let (_, mut reader) = desk.begin(add(&thread, "Is it gone?"), &plain()).await;
        read_all(&mut reader).await;
        let told = model.read(2).join("\n");
        assert_eq!(told.contains("deleted 1"), !allow_retry, "{told}");
        assert_eq!(done.lock().unwrap().len(), usize::from(!allow_retry));
    }
}

#[tokio::test]
async fn the_question_of_a_message_that_was_edited_is_gone() {
    let scene = Scene::asking(&[("delete_task", CALL)]).await;
    let late = scene.answer("approve").await;
    let mut edited = add(&scene.thread, "Keep task 1");
    edited["params"]["replaces"] = scene.items().await[0]["id"].clone();
    scene.ask(edited).await;
    assert_eq!(scene.desk.refused(late, &plain()).await, 404);
    assert!(scene.done().is_empty());
    assert_eq!(scene.model.read(1), ["User: Keep task 1"]);
}

/// The process that took the answer is taken for dead before it has stored it, and comes back.
#[tokio::test]
async fn an_answer_that_was_not_stored_in_time_is_carried_out_by_one_process() {
    let model = Told::new([calls_with(&[("delete_task", CALL)]), says("Good.")]);
    let done = Done::default();
    let store = Faulty::new(MANY);
    let desk = || {
        let responder = assistant(&model, &done, Deleting::Well);
        Desk::over(
            store.clone(),
            store.clone(),
            responder,
            OnDisconnect::Continue,
        )
    };
    let first = desk();
    let (_, mut reader) = first.begin(create("Delete task 1"), &plain()).await;
    let thread = thread_of(&read_all(&mut reader).await);
    let items = first.items(&thread, &plain()).await;
    let widget = items.iter().find(|item| item["type"] == "widget").unwrap();
    let approve = action(&thread, &widget["id"], &json!({"decision": "approve"}));

    store.gate.forget_permits(usize::MAX);
    let (_, mut slow) = first.begin(approve.clone(), &plain()).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let second = desk();
    let recovering = second.recovered(&thread);
    let opening = async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        store.gate.add_permits(MANY);
    };
    let (recovered, ()) = tokio::join!(recovering, opening);
    assert_eq!(recovered, 1);
    read_all(&mut slow).await;
    assert_eq!(*done.lock().unwrap(), ["deleted 1"]);
    assert_eq!(second.refused(approve, &plain()).await, 409);
}
