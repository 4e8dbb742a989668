//! Too much of anything is refused, and changes nothing.

use frontdesk_chat::Limits;
use serde_json::{Value, json};

use crate::desk::{Desk, answering, create, event, input, kinds, plain, read_all, thread_of};

#[tokio::test]
async fn too_much_is_refused_and_nothing_is_stored() {
    let desk = Desk::new(answering());
    let cx = plain();
    let mut many_attachments = input("hi");
    many_attachments["attachments"] = json!(vec!["atc_1"; 33]);
    let mut many_parts = input("hi");
    many_parts["content"] = json!(vec![json!({"type": "input_text", "text": "x"}); 300]);
    let mut unknown_attachment = input("hi");
    unknown_attachment["attachments"] = json!(["atc_nowhere"]);
    let cases: [(Value, u16); 6] = [
        (create(&"x".repeat(200_000)), 422),
        (
            json!({"type": "threads.create", "params": {"input": many_attachments}}),
            422,
        ),
        (
            json!({"type": "threads.create", "params": {"input": many_parts}}),
            422,
        ),
        (
            json!({"type": "threads.create", "params": {"input": unknown_attachment}}),
            404,
        ),
        (
            json!({"type": "threads.list", "params": {"limit": -1}}),
            400,
        ),
        (
            json!({"type": "threads.list", "params": {"after": "thr_nowhere"}}),
            400,
        ),
    ];
    for (request, status) in cases {
        let shown: String = request.to_string().chars().take(120).collect();
        assert_eq!(desk.refused(request, &cx).await, status, "{shown}");
    }
    let threads = desk
        .json(json!({"type": "threads.list", "params": {}}), &cx)
        .await;
    assert_eq!(threads, json!({"data": [], "has_more": false}));
}

#[tokio::test]
async fn what_this_installation_does_not_do_is_said() {
    let desk = Desk::new(answering());
    let cx = plain();
    let (_, mut reader) = desk.begin(create("hi"), &cx).await;
    let thread = thread_of(&read_all(&mut reader).await);
    let create = json!({"type": "attachments.create", "params": {"name": "a", "size": 1, "mime_type": "x/y"}});
    let transcribe = json!({"type": "input.transcribe", "params": {"audio_base64": "AAAA", "mime_type": "audio/webm"}});
    let noise = json!({"type": "input.transcribe", "params": {"audio_base64": "?", "mime_type": "audio/webm"}});
    let sync = json!({"type": "threads.sync_custom_action", "params": {"thread_id": thread, "action": {"type": "x"}}});
    for request in [create, transcribe, noise, sync] {
        assert_eq!(desk.refused(request, &cx).await, 400);
    }
    let action = json!({"type": "threads.custom_action", "params": {"thread_id": thread, "action": {"type": "x"}}});
    let (_, mut reader) = desk.begin(action, &cx).await;
    let frames = read_all(&mut reader).await;
    assert_eq!(kinds(&frames), ["stream_options", "error"]);
    assert_eq!(event(&frames[1])["code"], "custom");
}

#[tokio::test]
async fn a_locked_thread_takes_no_message_and_no_retry() {
    let desk = Desk::new(crate::desk::Answering::with(|turn, _| {
        Box::pin(async move {
            turn.thread_mut().status = frontdesk_protocol::ThreadStatus::locked(None);
            Ok(())
        })
    }));
    let cx = plain();
    let (_, mut reader) = desk.begin(create("hi"), &cx).await;
    let frames = read_all(&mut reader).await;
    let thread = thread_of(&frames);
    let message = event(&frames[1])["item"]["id"].clone();
    assert_eq!(
        desk.refused(crate::desk::add(&thread, "again"), &cx).await,
        409
    );
    let retry = json!({"type": "threads.retry_after_item", "params": {"thread_id": thread, "item_id": message}});
    assert_eq!(desk.refused(retry, &cx).await, 409);
    assert_eq!(desk.items(&thread, &cx).await.len(), 1);
}

#[tokio::test]
async fn a_user_has_only_so_many_answers_running() {
    let desk = Desk::limited(
        crate::desk::hanging(),
        Limits {
            turns_at_once: Some(2),
            turns: 3,
            ..Limits::default()
        },
    );
    let cx = crate::desk::resuming();
    let (first, _reader) = desk.begin(create("hi"), &cx).await;
    desk.begin(create("hi"), &cx).await;
    assert_eq!(desk.refused(create("hi"), &cx).await, 429);
    let threads = json!({"type": "threads.list", "params": {}});
    let threads = desk.json(threads, &cx).await;
    assert_eq!(threads["data"].as_array().unwrap().len(), 2);
    let other = crate::desk::context("default", "other", frontdesk_chat::Client::Resuming);
    desk.begin(create("hi"), &other).await;
    assert_eq!(desk.refused(create("hi"), &other).await, 503);
    desk.service.stop(&cx, &first).await.unwrap();
    desk.begin(create("hi"), &cx).await;
}
