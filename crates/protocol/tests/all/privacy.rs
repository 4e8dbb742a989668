//! What the application keeps for itself never leaves the server.

use std::borrow::Cow;

use frontdesk_protocol::{
    Attachment, Map, Page, SyncCustomActionResponse, Thread, ThreadEvent, ThreadId, ThreadItem,
    ThreadMetadata,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::recorded::{self, TIME, check};

fn message() -> ThreadItem {
    serde_json::from_value(json!({
        "type": "user_message", "id": "msg_1", "thread_id": "thr_a", "created_at": TIME,
        "content": [], "inference_options": {},
        "attachments": [
            {"type": "file", "id": "a", "name": "a", "mime_type": "x/y", "metadata": {"k": "secret"}},
            {"type": "image", "id": "b", "name": "b", "mime_type": "image/png",
             "preview_url": "https://files.example/b", "metadata": {"k": "secret"},
             "upload_descriptor": {"url": "https://files.example/u", "method": "PUT"}},
        ],
    }))
    .unwrap()
}

fn thread() -> ThreadMetadata {
    let mut thread = ThreadMetadata::new(ThreadId::new("thr_a"), TIME.parse().unwrap());
    thread.metadata.insert("k".to_owned(), json!("secret"));
    thread
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

#[test]
fn metadata_is_stored() {
    assert!(text(&message()).contains("secret"));
    assert!(text(&thread()).contains("secret"));
    let stored: ThreadMetadata = serde_json::from_str(&text(&thread())).unwrap();
    assert_eq!(stored, thread());
}

#[test]
fn metadata_is_never_on_the_wire() {
    let page = || Page::last(vec![message()]);
    let private_thread = || Thread {
        metadata: thread().metadata,
        items: page(),
        ..thread().to_wire(Page::default())
    };
    let events = [
        ThreadEvent::thread_created(private_thread()),
        ThreadEvent::thread_updated(private_thread()),
        ThreadEvent::item_added(message()),
        ThreadEvent::item_done(message()),
        ThreadEvent::item_replaced(message()),
    ];
    for event in events {
        let wire = String::from_utf8(event.to_wire()).unwrap();
        assert!(text(&event).contains("secret"));
        assert!(!wire.contains("secret"), "{wire}");
        check("event", &serde_json::from_str(&wire).unwrap());
    }
    let answer = SyncCustomActionResponse {
        updated_item: Some(message()),
        extra: Map::new(),
    };
    let answers = [
        text(&thread().to_wire(page())),
        text(&private_thread().to_wire()),
        text(&page().into_wire()),
        text(&message().to_wire()),
        text(&answer.into_wire()),
    ];
    for answer in answers {
        assert!(!answer.contains("secret"), "{answer}");
        assert!(
            answer.contains("msg_1") && !answer.contains("null"),
            "{answer}"
        );
    }
    let ThreadItem::UserMessage(message) = message() else {
        panic!("another kind of item");
    };
    for attachment in &message.attachments {
        let wire = serde_json::to_value(attachment.to_wire()).unwrap();
        assert!(wire.get("metadata").is_none());
        assert_eq!(wire["id"], attachment.id().as_str());
        check("attachment", &wire);
    }
}

#[test]
fn what_has_nothing_private_is_not_copied() {
    for line in recorded::items() {
        let item: ThreadItem = serde_json::from_value(line.output).unwrap();
        assert!(matches!(item.to_wire(), Cow::Borrowed(_)));
    }
    let attachment: Attachment =
        serde_json::from_value(json!({"type": "file", "id": "a", "name": "a", "mime_type": "x/y"}))
            .unwrap();
    assert!(matches!(attachment.to_wire(), Cow::Borrowed(_)));
}

#[test]
fn a_thread_is_sent_with_its_items() {
    let mut thread = thread();
    thread.title = Some("Groceries".to_owned());
    thread.extra.insert("later".to_owned(), Value::from(1));
    let page = Page {
        after: Some("msg_1".to_owned()),
        has_more: true,
        ..Page::last(Vec::new())
    };
    assert_eq!(
        serde_json::to_value(thread.to_wire(page)).unwrap(),
        json!({
            "id": "thr_a", "title": "Groceries", "created_at": TIME, "status": {"type": "active"},
            "metadata": {}, "later": 1,
            "items": {"data": [], "has_more": true, "after": "msg_1"},
        })
    );
}
