//! Two users of one process: no request kind, no route and no tool shows or changes what the other has.

use std::time::Duration;

use frontdesk_testkit::clients::{Client, create};
use frontdesk_testkit::issuer::Issuer;
use frontdesk_testkit::model_server::{ModelServer, Part, Response, Script, numbered_words};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::desk::{self, Desk, ask};
use super::tools::Tools;

const SECRET: &str = "buy milk";

/// A word of it.
const WORD: &str = "milk";

/// All that a user can see of a thread.
async fn everything(client: &Client, thread: &str) -> Vec<Value> {
    let mut all = vec![json!(desk::threads(client).await)];
    all.push(desk::thread(client, thread).await.0);
    all.extend(desk::items(client, thread).await);
    all
}

/// Every kind of request that names something, aimed at things of somebody else; `own` is the caller's thread.
fn requests(thread: &str, item: &str, own: &str) -> Vec<(&'static str, Value)> {
    let input = create("hello")["params"]["input"].clone();
    let action = json!({"type": "go", "payload": {}});
    let answers = json!({"status": "skipped", "answers": {}});
    vec![
        ("threads.get_by_id", json!({"thread_id": thread})),
        (
            "threads.add_user_message",
            json!({"thread_id": thread, "input": input}),
        ),
        (
            "threads.add_user_message",
            json!({"thread_id": own, "input": input, "replaces": item}),
        ),
        (
            "threads.add_client_tool_output",
            json!({"thread_id": thread, "result": {}}),
        ),
        (
            "threads.add_structured_input",
            json!({"thread_id": thread, "item_id": item, "input": answers}),
        ),
        (
            "threads.add_structured_input",
            json!({"thread_id": own, "item_id": item, "input": answers}),
        ),
        (
            "threads.retry_after_item",
            json!({"thread_id": thread, "item_id": item}),
        ),
        (
            "threads.retry_after_item",
            json!({"thread_id": own, "item_id": item}),
        ),
        (
            "threads.custom_action",
            json!({"thread_id": thread, "action": action}),
        ),
        (
            "threads.custom_action",
            json!({"thread_id": own, "item_id": item, "action": action}),
        ),
        (
            "threads.sync_custom_action",
            json!({"thread_id": thread, "action": action}),
        ),
        (
            "threads.sync_custom_action",
            json!({"thread_id": own, "item_id": item, "action": action}),
        ),
        ("threads.list", json!({"after": thread})),
        (
            "threads.update",
            json!({"thread_id": thread, "title": "mine"}),
        ),
        ("threads.delete", json!({"thread_id": thread})),
        ("items.list", json!({"thread_id": thread})),
        ("items.list", json!({"thread_id": own, "after": item})),
        (
            "items.feedback",
            json!({"thread_id": thread, "item_ids": [item], "kind": "positive"}),
        ),
        (
            "items.feedback",
            json!({"thread_id": own, "item_ids": [item], "kind": "positive"}),
        ),
        ("attachments.delete", json!({"attachment_id": item})),
    ]
}

#[tokio::test]
async fn check_02_two_users_never_meet() {
    let desk = Desk::demonstration().await;
    never_meet(&desk.client().as_user("a"), &desk.client().as_user("b")).await;
}

#[tokio::test]
async fn check_02_two_tenants_never_meet() {
    let issuer = Issuer::start().await.unwrap();
    let desk = Desk::open(&[
        ("FRONTDESK__AUTH__MODE", "jwt"),
        ("FRONTDESK__AUTH__ISSUER", issuer.url()),
        ("FRONTDESK__AUTH__AUDIENCE", "frontdesk"),
        ("FRONTDESK__AUTH__CLAIMS__TENANT", "org"),
    ])
    .await;
    let client = |user: &str, tenant: &str| {
        let claims = json!({"sub": user, "org": tenant, "aud": "frontdesk"});
        let token = issuer.token(claims).unwrap();
        let bearer = format!("Bearer {token}");
        desk.client().with_header("authorization", &bearer)
    };
    never_meet(&client("a", "acme"), &client("a", "other")).await;
    never_meet(&client("b", "acme"), &client("c", "acme")).await;
}

/// Whatever the second one asks for, nothing of the first one's is shown or changed.
async fn never_meet(ann: &Client, bob: &Client) {
    let hers = ann.create(&format!("Add a task: {SECRET}")).await.unwrap();
    let (thread, turn) = (
        hers.thread_id().unwrap(),
        desk::turn(&hers.headers).unwrap(),
    );
    let item = desk::items(ann, &thread).await[0]["id"].clone();
    let own = bob.create("What are my tasks?").await.unwrap();
    assert!(!own.assistant_text().unwrap().contains(SECRET));
    let own = own.thread_id().unwrap();
    let before = everything(ann, &thread).await;

    for (kind, params) in requests(&thread, item.as_str().unwrap(), &own) {
        let (status, body) = ask(bob, kind, params.clone()).await;
        let refused = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND];
        assert!(
            refused.contains(&status),
            "{kind} {params}: {status} {body}"
        );
        assert!(!body.to_string().contains(SECRET), "{kind}: {body}");
    }
    // The kinds that name nothing make something of the caller's own, or nothing.
    let (_, made) = ask(
        bob,
        "attachments.create",
        json!({"name": "a.txt", "size": 1, "mime_type": "text/plain"}),
    )
    .await;
    let (_, heard) = ask(
        bob,
        "input.transcribe",
        json!({"audio_base64": "AAAA", "mime_type": "audio/wav"}),
    )
    .await;
    assert!(!format!("{made}{heard}").contains(SECRET));
    assert_eq!(desk::threads(bob).await, [own.as_str()]);

    for (name, path) in [
        ("events", format!("/chatkit/turns/{turn}/events")),
        (
            "files",
            format!("/chatkit/files/{}", item.as_str().unwrap()),
        ),
    ] {
        let answer = bob.get(&path).await.unwrap();
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}: {answer:?}");
    }
    let found = bob.get(&format!("/chatkit/search?q={WORD}")).await.unwrap();
    assert_eq!(found.json().unwrap()["data"], json!([]), "{found:?}");
    let found = ann.get(&format!("/chatkit/search?q={WORD}")).await.unwrap();
    assert_ne!(found.json().unwrap()["data"], json!([]), "{found:?}");
    let stop = format!("/chatkit/turns/{turn}/stop");
    assert_eq!(
        bob.post_to(&stop).await.unwrap().status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(everything(ann, &thread).await, before);
    let events = ann.get(&format!("/chatkit/turns/{turn}/events")).await;
    assert_eq!(events.unwrap().events().unwrap(), hers.events().unwrap());
}

#[tokio::test]
async fn two_users_have_their_own_tasks() {
    let desk = Desk::demonstration().await;
    let (ann, bob) = (desk.client().as_user("a"), desk.client().as_user("b"));
    ann.create(&format!("Add a task: {SECRET}")).await.unwrap();
    let (hers, his) = (Tools::of(&desk, "a").await, Tools::of(&desk, "b").await);
    let number = hers.call("list_tasks", json!({})).await.unwrap()["tasks"][0]["id"].clone();

    let chat = bob.create("What are my tasks?").await.unwrap();
    let thread = chat.thread_id().unwrap();
    for words in [
        "Complete the first one",
        "Delete the first one",
        "Complete task 1",
    ] {
        let answer = bob.add(&thread, words).await.unwrap();
        let told = answer.assistant_text().unwrap();
        assert!(!told.contains(SECRET), "{words}: {told}");
    }
    assert_eq!(his.tasks().await, [""; 0]);
    for tool in [
        "get_task",
        "start_task",
        "complete_task",
        "reopen_task",
        "delete_task",
    ] {
        let refused = his.call(tool, json!({"id": number})).await.unwrap_err();
        assert!(!refused.contains(SECRET), "{tool}: {refused}");
    }
    let renamed = json!({"id": number, "title": "mine"});
    his.call("update_task", renamed).await.unwrap_err();
    assert_eq!(hers.tasks().await, [format!("{SECRET}: open")]);

    his.call("add_task", json!({"title": "his own"}))
        .await
        .unwrap();
    let told = ann.create("What are my tasks?").await.unwrap();
    let told = told.assistant_text().unwrap();
    assert!(told.contains(SECRET) && !told.contains("his own"), "{told}");
}

#[tokio::test]
async fn check_02_a_running_answer_is_its_users_alone() {
    let answer =
        Response::of([Part::Text(numbered_words(2_000))]).with_pause(Duration::from_millis(5));
    let model = ModelServer::start(Script::in_order([answer]))
        .await
        .unwrap();
    let desk = Desk::with_model(&model).await;
    let (ann, bob) = (desk.resuming().as_user("a"), desk.resuming().as_user("b"));
    let mut stream = ann.open(&create("Count")).await.unwrap();
    let turn = desk::turn(&stream.headers).unwrap();
    let seen = stream.until("thread.item.updated").await.unwrap();
    let thread = seen[0].data["thread"]["id"].as_str().unwrap().to_owned();
    let (events, stop) = (
        format!("/chatkit/turns/{turn}/events"),
        format!("/chatkit/turns/{turn}/stop"),
    );
    for other in [&bob, &desk.client()] {
        assert_eq!(
            other.get(&events).await.unwrap().status,
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            other.post_to(&stop).await.unwrap().status,
            StatusCode::NOT_FOUND
        );
        let (status, _) = ask(other, "threads.delete", json!({"thread_id": thread})).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    assert_eq!(
        desk::thread(&ann, &thread).await.1,
        Some(turn),
        "it still runs"
    );
    assert_eq!(ann.post_to(&stop).await.unwrap().status, StatusCode::OK);
    stream.rest().await.unwrap();
}
