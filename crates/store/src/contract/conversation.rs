//! A conversation of one turn, for what a back end tries beside the suite. All its ids come of the thread's name.

use std::time::Duration;

use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, FileAttachment, Map, ThreadItem, Timestamp};

use super::sample;
use crate::{BeginTurn, LogBatch, Result, TurnEnd, TurnKey, TurnStatus, TurnWrite};

/// Whose it is: a user of the only tenant.
pub fn ann() -> Result<Scope> {
    sample::owner("default", "ann")
}

/// A second of 1970.
pub fn at(second: i64) -> Timestamp {
    sample::at(second)
}

/// An item of the thread.
pub fn item(thread: &str, id: &str) -> ThreadItem {
    sample::item(thread, id, 2, "hello")
}

/// The first turn of a new thread, with an item and an attachment.
pub fn begin(name: &str) -> BeginTurn {
    let attachment = Attachment::File(FileAttachment {
        id: sample::attachment_id(&format!("atc_{name}")),
        name: "notes.txt".to_owned(),
        mime_type: "text/plain".to_owned(),
        upload_descriptor: None,
        thread_id: None,
        metadata: None,
        extra: Map::new(),
    });
    BeginTurn {
        new_thread: Some(sample::thread(name, 1)),
        put: vec![item(name, &format!("msg_{name}"))],
        attachments: vec![attachment],
        lease: sample::lease("process_1", Duration::ZERO),
        ..sample::begin(name, &format!("turn_{name}"), 2)
    }
}

/// Its turn.
pub fn key(name: &str) -> TurnKey {
    sample::key(name, &format!("turn_{name}"))
}

/// The end of that turn, with an answer, a step and a log.
pub fn end(name: &str) -> Result<TurnWrite> {
    let turn = format!("turn_{name}");
    let log = LogBatch {
        events: bytes::Bytes::from_static(b"events"),
        ..sample::batch(&turn, 1, 2)
    };
    Ok(TurnWrite {
        put: vec![item(name, &format!("answer_{name}"))],
        steps: vec![sample::step(&turn, 1, "seen")?],
        log: vec![log],
        end: Some(TurnEnd {
            status: TurnStatus::Done,
            at: at(3),
            tokens: 30,
        }),
        ..TurnWrite::default()
    })
}
