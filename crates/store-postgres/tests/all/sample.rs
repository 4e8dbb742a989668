//! Records to try the store with.

use std::time::Duration;

use bytes::Bytes;
use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{
    Attachment, ItemId, Map, SdkHiddenContextItem, ThreadId, ThreadItem, ThreadMetadata, Timestamp,
};
use frontdesk_store::{
    BeginTurn, Lease, LogBatch, ProcessId, Result, Step, StoreError, TurnEnd, TurnId, TurnKey,
    TurnRecord, TurnStatus, TurnWrite,
};
use serde_json::json;

pub(super) fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Failed {
        detail: error.to_string(),
    }
}

pub(super) fn ann() -> Result<Scope> {
    Ok(Scope {
        tenant: TenantId::single(),
        user: UserId::new("ann").map_err(failed)?,
    })
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}

pub(super) fn item(thread: &str, id: &str) -> ThreadItem {
    ThreadItem::SdkHiddenContext(SdkHiddenContextItem {
        id: ItemId::new(id),
        thread_id: ThreadId::new(thread),
        created_at: at(2),
        content: "hello".to_owned(),
        extra: Map::new(),
    })
}

/// The first turn of a new thread, with an item and an attachment.
pub(super) fn begin(name: &str) -> Result<BeginTurn> {
    let file = json!({
        "type": "file",
        "id": format!("atc_{name}"),
        "name": "notes.txt",
        "mime_type": "text/plain",
    });
    let attachment: Attachment = serde_json::from_value(file).map_err(failed)?;
    Ok(BeginTurn {
        turn: TurnRecord {
            id: TurnId::new(format!("turn_{name}")),
            thread_id: ThreadId::new(name),
            status: TurnStatus::Running,
            attempt: 1,
            created_at: at(2),
            ended_at: None,
            request: None,
        },
        new_thread: Some(ThreadMetadata::new(ThreadId::new(name), at(1))),
        trim: None,
        put: vec![item(name, &format!("msg_{name}"))],
        remove: Vec::new(),
        attachments: vec![attachment],
        lease: Lease {
            holder: ProcessId::new("process_1"),
            length: Duration::ZERO,
        },
        continuation: None,
    })
}

pub(super) fn key(name: &str) -> TurnKey {
    TurnKey {
        thread: ThreadId::new(name),
        turn: TurnId::new(format!("turn_{name}")),
        attempt: 1,
    }
}

/// The end of that turn, with an answer, a step and a log.
pub(super) fn end(name: &str) -> Result<TurnWrite> {
    let turn = key(name).turn;
    let data = serde_json::value::to_raw_value("seen").map_err(failed)?;
    Ok(TurnWrite {
        put: vec![item(name, &format!("answer_{name}"))],
        steps: vec![Step {
            turn: turn.clone(),
            number: 1,
            version: 1,
            data,
        }],
        log: vec![LogBatch {
            turn,
            attempt: 1,
            first_seq: 1,
            last_seq: 2,
            events: Bytes::from_static(b"events"),
        }],
        end: Some(TurnEnd {
            status: TurnStatus::Done,
            at: at(3),
            tokens: 30,
        }),
        ..TurnWrite::default()
    })
}
