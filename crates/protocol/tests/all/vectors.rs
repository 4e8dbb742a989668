//! Every recorded line reads, and writes what the reference wrote.

use frontdesk_protocol::{Attachment, Request, Thread, ThreadEvent, ThreadId, ThreadItem};
use serde_json::Value;

use crate::recorded::{self, check};

#[test]
fn events_are_written_as_recorded_and_valid() {
    for line in recorded::events() {
        let event: ThreadEvent = serde_json::from_value(line.input.clone()).unwrap();
        let written: Value = serde_json::from_slice(&event.to_wire()).unwrap();
        assert_eq!(written, line.output);
        assert_eq!(event.kind(), line.output["type"]);
        assert!(!matches!(event, ThreadEvent::Other(_)), "{}", line.input);
        if let ThreadEvent::ItemUpdated(event) = &event {
            assert_eq!(event.update.kind(), line.output["update"]["type"]);
        }
        check("event", &written);
    }
}

#[test]
fn items_are_written_as_recorded_and_valid() {
    for line in recorded::items() {
        let item: ThreadItem = serde_json::from_value(line.input.clone()).unwrap();
        let written = serde_json::to_value(item.to_wire()).unwrap();
        assert_eq!(written, line.output);
        assert_eq!(item.kind(), line.output["type"]);
        assert_eq!(item.id().as_str(), line.output["id"]);
        assert_eq!(item.thread_id().as_str(), line.output["thread_id"]);
        assert_eq!(item.created_at().to_string(), recorded::TIME);
        assert!(!matches!(item, ThreadItem::Other(_)), "{}", line.input);
        check("item", &written);
    }
}

#[test]
fn requests_are_read_as_recorded() {
    for line in recorded::requests() {
        let request = Request::parse(line.input.to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(&request).unwrap(), line.output);
        assert_eq!(request.operation.kind(), line.output["type"]);
        let thread = line.output["params"]["thread_id"].as_str();
        let named = request.operation.thread_id().map(ThreadId::as_str);
        assert_eq!(named, thread);
        check("request", &line.input);
    }
}

#[test]
fn what_is_stored_reads_as_the_same() {
    for line in recorded::items() {
        let item: ThreadItem = serde_json::from_value(line.input).unwrap();
        let stored = serde_json::to_string(&item).unwrap();
        assert_eq!(serde_json::from_str::<ThreadItem>(&stored).unwrap(), item);
    }
    for line in recorded::events() {
        let event: ThreadEvent = serde_json::from_value(line.input).unwrap();
        let stored = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<ThreadEvent>(&stored).unwrap(), event);
    }
}

#[test]
fn parts_are_valid_on_their_own() {
    let (mut threads, mut attachments) = (0, 0);
    for line in recorded::events() {
        match serde_json::from_value(line.input).unwrap() {
            ThreadEvent::ThreadCreated(event) => threads += thread(&event.thread),
            ThreadEvent::ThreadUpdated(event) => threads += thread(&event.thread),
            ThreadEvent::ItemDone(event) => {
                if let ThreadItem::UserMessage(message) = event.item {
                    attachments += message.attachments.iter().map(attachment).sum::<usize>();
                }
            }
            _ => {}
        }
    }
    assert_eq!((threads, attachments), (3, 2));
}

fn thread(thread: &Thread) -> usize {
    check("thread", &serde_json::to_value(thread.to_wire()).unwrap());
    1
}

fn attachment(attachment: &Attachment) -> usize {
    check("attachment", &serde_json::to_value(attachment).unwrap());
    1
}

#[test]
fn no_field_is_written_twice() {
    for line in recorded::events() {
        let event: ThreadEvent = serde_json::from_value(line.input).unwrap();
        once(&event.to_wire());
    }
    for line in recorded::items() {
        let item: ThreadItem = serde_json::from_value(line.input).unwrap();
        once(&serde_json::to_vec(&item).unwrap());
    }
    for line in recorded::requests() {
        let request = Request::parse(line.input.to_string().as_bytes()).unwrap();
        once(&serde_json::to_vec(&request).unwrap());
    }
}

/// A value keeps a field once, so it is shorter than a text that has one twice.
fn once(json: &[u8]) {
    let value: Value = serde_json::from_slice(json).unwrap();
    let text = String::from_utf8_lossy(json);
    assert_eq!(value.to_string().len(), json.len(), "{text}");
}
