//! Records to try a store with. Times are seconds since 1970.

use std::time::Duration;

use bytes::Bytes;
use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{
    Attachment, AttachmentId, FileAttachment, ItemId, Map, Order, SdkHiddenContextItem, ThreadId,
    ThreadItem, ThreadMetadata, Timestamp,
};
use serde_json::value::RawValue;

use super::StoreUnderTest;
use crate::{
    After, BeginTurn, Lease, LogBatch, PageRequest, ProcessId, Result, Step, StoreError, TurnEnd,
    TurnId, TurnKey, TurnRecord, TurnStatus, TurnWrite,
};

pub(super) fn owner(tenant: &str, user: &str) -> Result<Scope> {
    let invalid = |error| StoreError::Failed {
        detail: format!("{error}"),
    };
    Ok(Scope {
        tenant: TenantId::new(tenant).map_err(invalid)?,
        user: UserId::new(user).map_err(invalid)?,
    })
}

pub(super) fn ann() -> Result<Scope> {
    owner("acme", "ann")
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(super) fn thread_id(id: &str) -> ThreadId {
    ThreadId::new(id)
}

pub(super) fn item_id(id: &str) -> ItemId {
    ItemId::new(id)
}

pub(super) fn turn_id(id: &str) -> TurnId {
    TurnId::new(id)
}

pub(super) fn attachment_id(id: &str) -> AttachmentId {
    AttachmentId::new(id)
}

pub(super) fn thread(id: &str, second: i64) -> ThreadMetadata {
    ThreadMetadata::new(thread_id(id), at(second))
}

pub(super) fn item(thread: &str, id: &str, second: i64, content: &str) -> ThreadItem {
    ThreadItem::SdkHiddenContext(SdkHiddenContextItem {
        id: item_id(id),
        thread_id: thread_id(thread),
        created_at: at(second),
        content: content.to_owned(),
        extra: Map::new(),
    })
}

pub(super) fn attachment(id: &str, thread: Option<&str>) -> Attachment {
    let mut metadata = Map::new();
    metadata.insert("path".to_owned(), id.into());
    Attachment::File(FileAttachment {
        id: attachment_id(id),
        name: "notes.txt".to_owned(),
        mime_type: "text/plain".to_owned(),
        upload_descriptor: None,
        thread_id: thread.map(thread_id),
        metadata: Some(metadata),
        extra: Map::new(),
    })
}

pub(super) fn turn(thread: &str, id: &str, second: i64) -> TurnRecord {
    TurnRecord {
        id: turn_id(id),
        thread_id: thread_id(thread),
        status: TurnStatus::Running,
        attempt: 1,
        created_at: at(second),
        ended_at: None,
        request: None,
    }
}

/// The beginning of a turn in a thread that is there.
pub(super) fn begin(thread: &str, id: &str, second: i64) -> BeginTurn {
    BeginTurn {
        turn: turn(thread, id, second),
        new_thread: None,
        after: After::Any,
        trim: None,
        put: Vec::new(),
        remove: Vec::new(),
        attachments: Vec::new(),
        lease: lease("process_1", Duration::ZERO),
        continuation: None,
    }
}

pub(super) fn lease(holder: &str, length: Duration) -> Lease {
    Lease {
        holder: ProcessId::new(holder),
        length,
    }
}

/// Takes a turn over as another process, with a lease that runs out at once.
pub(super) async fn take_over(
    subject: &StoreUnderTest,
    scope: &Scope,
    turn: &str,
    from: u32,
) -> Result<bool> {
    let lease = lease("process_2", Duration::ZERO);
    let (maintenance, turn) = (&subject.maintenance, turn_id(turn));
    let taken = maintenance.take_over(scope, &turn, from, &lease).await?;
    Ok(taken.is_some())
}

/// The batch with its owner.
pub(super) fn owned(scope: &Scope, batches: &[LogBatch]) -> Vec<(Scope, LogBatch)> {
    let owned = |batch: &LogBatch| (scope.clone(), batch.clone());
    batches.iter().map(owned).collect()
}

pub(super) fn key(thread: &str, turn: &str) -> TurnKey {
    TurnKey {
        thread: thread_id(thread),
        turn: turn_id(turn),
        attempt: 1,
    }
}

pub(super) fn step(turn: &str, number: u32, text: &str) -> Result<Step> {
    let data = serde_json::value::to_raw_value(text).map_err(|error| StoreError::Failed {
        detail: format!("{error}"),
    })?;
    Ok(Step {
        turn: turn_id(turn),
        number,
        version: 1,
        data,
    })
}

pub(super) fn raw(json: &str) -> Result<Box<RawValue>> {
    RawValue::from_string(json.to_owned()).map_err(|error| StoreError::Failed {
        detail: format!("{error}"),
    })
}

pub(super) fn batch(turn: &str, first_seq: u64, last_seq: u64) -> LogBatch {
    let events = Bytes::from(format!("{turn}: {first_seq} to {last_seq}"));
    LogBatch {
        turn: turn_id(turn),
        attempt: 1,
        first_seq,
        last_seq,
        events,
    }
}

pub(super) fn end(status: TurnStatus, second: i64) -> TurnWrite {
    TurnWrite {
        end: Some(TurnEnd {
            status,
            at: at(second),
            tokens: 0,
        }),
        ..TurnWrite::default()
    }
}

pub(super) fn page(limit: u32, order: Order, after: Option<&str>) -> PageRequest {
    PageRequest {
        limit,
        order,
        after: after.map(str::to_owned),
    }
}
