//! What isn't there: a made-up id, what was deleted, and what another user has are told alike, and without internals.

use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use super::client::{Visitor, answer, events, message};
use super::site::Site;

/// Things by their ids.
struct Things {
    thread: String,
    item: String,
    turn: String,
    file: String,
}

/// Something that a caller asks for, and what is told of it where it isn't there.
enum Asked {
    Kind(&'static str, Value),
    Path(&'static str, String),
}

async fn make(visitor: &Visitor<'_>) -> Things {
    let part = Part::text("a text").file_name("a.txt");
    let form = Form::new().part("file", part.mime_str("text/plain").unwrap());
    let sent = visitor.post("/chatkit/files").multipart(form).send().await;
    let (_, file) = answer(sent.unwrap()).await;
    let mut input = message("hello");
    input["attachments"] = json!([file["id"]]);
    let made = visitor.call("threads.create", json!({ "input": input }));
    let made = made.await;
    let turn = made.headers()["frontdesk-turn"]
        .to_str()
        .unwrap()
        .to_owned();
    let seen = events(made).await;
    let id = |event: usize, thing: &str| seen[event].data[thing]["id"].as_str().unwrap().to_owned();
    Things {
        thread: id(0, "thread"),
        item: id(1, "item"),
        turn,
        file: file["id"].as_str().unwrap().to_owned(),
    }
}

/// All that names a thing, and what is told where there is none. `own` is a thread of the caller's.
fn requests(things: &Things, own: &str) -> Vec<(Asked, &'static str)> {
    let Things {
        thread,
        item,
        turn,
        file,
    } = things;
    let by_id = json!({ "thread_id": thread });
    let input = message("hello");
    let action = json!({ "type": "go", "payload": {} });
    let answers = json!({ "status": "skipped", "answers": {} });
    let mut asked = vec![
        (
            Asked::Kind("threads.get_by_id", by_id.clone()),
            "not found: thread",
        ),
        (
            Asked::Kind("threads.delete", by_id.clone()),
            "not found: thread",
        ),
        (Asked::Kind("items.list", by_id), "not found: thread"),
        (
            Asked::Kind(
                "threads.update",
                json!({ "thread_id": thread, "title": "mine" }),
            ),
            "not found: thread",
        ),
        (
            Asked::Kind(
                "threads.add_user_message",
                json!({ "thread_id": thread, "input": input }),
            ),
            "not found: thread",
        ),
        (
            Asked::Kind(
                "threads.add_client_tool_output",
                json!({ "thread_id": thread, "result": {} }),
            ),
            "not found: thread",
        ),
        (
            Asked::Kind("attachments.delete", json!({ "attachment_id": file })),
            "not found: attachment",
        ),
        (
            Asked::Path("GET", format!("/chatkit/turns/{turn}/events")),
            "not found: turn",
        ),
        (
            Asked::Path("GET", format!("/chatkit/turns/{turn}/events?after=1-1")),
            "not found: turn",
        ),
        (
            Asked::Path("POST", format!("/chatkit/turns/{turn}/stop")),
            "not found: turn",
        ),
        (
            Asked::Path("GET", format!("/chatkit/files/{file}")),
            "there is nothing here",
        ),
        (
            Asked::Path("POST", format!("/chatkit/files/{file}")),
            "there is nothing here",
        ),
    ];
    for (place, told) in [
        (thread.as_str(), "not found: thread"),
        (own, "not found: item"),
    ] {
        let of_item = |more: Value| {
            let mut params = json!({ "thread_id": place, "item_id": item });
            params
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            params
        };
        let feedback = json!({ "thread_id": place, "item_ids": [item], "kind": "positive" });
        for (kind, params) in [
            ("threads.retry_after_item", of_item(json!({}))),
            (
                "threads.custom_action",
                of_item(json!({ "action": action })),
            ),
            (
                "threads.sync_custom_action",
                of_item(json!({ "action": action })),
            ),
            (
                "threads.add_structured_input",
                of_item(json!({ "input": answers })),
            ),
            ("items.feedback", feedback),
        ] {
            asked.push((Asked::Kind(kind, params), told));
        }
    }
    asked
}

async fn ask(visitor: &Visitor<'_>, asked: &Asked) -> Response {
    let sent = |request: RequestBuilder| async move { request.send().await.unwrap() };
    match asked {
        Asked::Kind(kind, params) => visitor.call(kind, params.clone()).await,
        Asked::Path("GET", path) => sent(visitor.get(path)).await,
        Asked::Path(_, path) => sent(visitor.post(path).body("bytes")).await,
    }
}

#[tokio::test]
async fn check_12_what_is_not_there_is_told_alike_and_without_internals() {
    let site = Site::configured(&[]).await;
    let (ann, bob) = (Visitor::named(&site, "ann"), Visitor::named(&site, "bob"));
    let own = make(&ann).await.thread;
    let deleted = make(&ann).await;
    let delete = json!({ "thread_id": deleted.thread });
    let (status, _) = ann.ask("threads.delete", delete).await;
    assert!(status.is_success());
    let made_up = |text: &str| Things {
        thread: format!("thr_{text}"),
        item: format!("msg_{text}"),
        turn: format!("turn_{text}"),
        file: format!("atc_{text}"),
    };
    for (case, things) in [
        ("made up", made_up("none")),
        ("like a path or a statement", made_up("..'%22;--")),
        ("deleted", deleted),
        ("another's", make(&bob).await),
    ] {
        let (mut told, mut expected) = (Vec::new(), Vec::new());
        for (number, (asked, message)) in requests(&things, &own).iter().enumerate() {
            let response = ask(&ann, asked).await;
            let request_id = response.headers()["x-request-id"]
                .to_str()
                .unwrap()
                .to_owned();
            let (status, body) = answer(response).await;
            let error =
                json!({ "code": "not_found", "message": message, "request_id": request_id });
            told.push((number, status.as_u16(), body));
            expected.push((number, 404, json!({ "error": error })));
        }
        assert_eq!(told, expected, "{case}");
    }
}
