//! The form in which every back end keeps records, and the checks it makes before it stores them.

use frontdesk_protocol::{Attachment, Order, ThreadId, ThreadItem, ThreadMetadata, Timestamp};
use serde::Serialize;

use crate::limit::{
    self, MAX_ITEM_BYTES, MAX_LOG_BATCH_BYTES, MAX_NAME_BYTES, MAX_RECORD_BYTES, MAX_SEALED_BYTES,
    MAX_STEP_BYTES, MAX_TURN_TOKENS, USAGE_DAYS,
};
use crate::{
    ApiKey, BeginTurn, Entry, LogBatch, Result, Step, StoreError, ThreadPatch, TurnKey, TurnStatus,
    TurnWrite, UtcDay,
};

/// A time in whole microseconds, as every store keeps it.
pub fn whole_micros(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// Whether an order has the newest first.
pub fn newest_first(order: Order) -> bool {
    match order {
        Order::Asc => false,
        Order::Desc => true,
    }
}

/// The conflict of an id that is taken.
pub fn taken(kind: &str, id: &str) -> StoreError {
    StoreError::Conflict {
        what: format!("{kind} {id}"),
    }
}

/// An item of this thread as JSON. One that names another thread is a conflict.
pub fn item_json(thread: &ThreadId, item: &ThreadItem) -> Result<String> {
    if item.thread_id() != thread {
        return Err(taken("item", item.id().as_str()));
    }
    json("item", item.id().as_str(), item, MAX_ITEM_BYTES)
}

/// A thread as JSON.
pub fn thread_json(thread: &ThreadMetadata) -> Result<String> {
    json("thread", thread.id.as_str(), thread, MAX_RECORD_BYTES)
}

/// An attachment as JSON.
pub fn attachment_json(attachment: &Attachment) -> Result<String> {
    json(
        "attachment",
        attachment.id().as_str(),
        attachment,
        MAX_RECORD_BYTES,
    )
}

/// Checks what is to be stored of a connection.
pub fn check_sealed(server: &str, sealed: &[u8]) -> Result<()> {
    limit::check("name of a server", "", server.len(), MAX_NAME_BYTES)?;
    limit::check("connection", server, sealed.len(), MAX_SEALED_BYTES)
}

/// Checks a key by itself.
pub fn check_key(key: &ApiKey) -> Result<()> {
    limit::check("id of a key", "", key.id.as_str().len(), MAX_NAME_BYTES)?;
    limit::check(
        "label of key",
        key.id.as_str(),
        key.label.len(),
        MAX_NAME_BYTES,
    )
}

/// Checks the entries of an archive, each by itself.
pub fn check_entries(entries: &[Entry]) -> Result<()> {
    for entry in entries {
        match entry {
            Entry::Thread(_, thread) => thread_json(thread).map(drop)?,
            Entry::Item(_, stored) => {
                item_json(stored.item.thread_id(), &stored.item).map(drop)?;
            }
            Entry::Attachment(_, attachment, _) => attachment_json(attachment).map(drop)?,
            Entry::Turn(_, turn) if turn.status == TurnStatus::Running => {
                return Err(defect(format!("turn {} still runs", turn.id)));
            }
            Entry::Step(_, step) => check_step(step)?,
            Entry::Connection(_, connection) => {
                check_sealed(&connection.server, &connection.sealed)?;
            }
            Entry::Key(key) => check_key(key)?,
            Entry::Turn(..) | Entry::Feedback(..) | Entry::Usage(..) => {}
        }
    }
    Ok(())
}

fn check_step(step: &Step) -> Result<()> {
    let id = format!("{} of {}", step.number, step.turn);
    limit::check("step", &id, step.data.get().len(), MAX_STEP_BYTES)
}

/// The tokens of a turn that count.
pub fn counted_tokens(tokens: u64) -> u64 {
    tokens.min(MAX_TURN_TOKENS)
}

/// The last day whose use is forgotten.
pub fn forgotten_day(now: Timestamp) -> UtcDay {
    UtcDay::of(now).before(USAGE_DAYS)
}

/// Checks a change of a thread by itself.
pub fn check_patch(thread: &ThreadId, patch: &ThreadPatch) -> Result<()> {
    let changed = (&patch.title, &patch.metadata, &patch.allowed_image_domains);
    json("thread", thread.as_str(), &changed, MAX_RECORD_BYTES).map(drop)
}

/// Checks the beginning of a turn by itself.
pub fn check_begin(begin: &BeginTurn) -> Result<()> {
    let turn = &begin.turn;
    if turn.status != TurnStatus::Running || turn.ended_at.is_some() || turn.attempt == 0 {
        return Err(defect(format!("turn {} doesn't begin as running", turn.id)));
    }
    if let Some(continuation) = &begin.continuation {
        let bytes = continuation.data.get().len();
        limit::check(
            "continuation of turn",
            turn.id.as_str(),
            bytes,
            MAX_RECORD_BYTES,
        )?;
    }
    match &begin.new_thread {
        Some(new) if new.id != turn.thread_id => Err(taken("thread", new.id.as_str())),
        _ => Ok(()),
    }
}

/// Checks a running turn's write by itself.
pub fn check_write(key: &TurnKey, write: &TurnWrite) -> Result<()> {
    for step in &write.steps {
        if step.turn != key.turn {
            let id = format!("{} of {}", step.number, step.turn);
            return Err(taken("step", &id));
        }
        check_step(step)?;
    }
    for batch in &write.log {
        if (&batch.turn, batch.attempt) != (&key.turn, key.attempt) {
            return Err(taken("log of turn", batch.turn.as_str()));
        }
        check_batch(batch)?;
    }
    match &write.end {
        Some(end) if end.status == TurnStatus::Running => {
            Err(defect(format!("turn {} ends as running", key.turn)))
        }
        _ => Ok(()),
    }
}

/// Checks a batch of a log by itself.
pub fn check_batch(batch: &LogBatch) -> Result<()> {
    let fits = batch.first_seq <= batch.last_seq && i64::try_from(batch.last_seq).is_ok();
    if !fits {
        return Err(defect(format!(
            "log batch of turn {} ends before it begins",
            batch.turn
        )));
    }
    limit::check(
        "log batch of turn",
        batch.turn.as_str(),
        batch.events.len(),
        MAX_LOG_BATCH_BYTES,
    )
}

fn json<T: Serialize>(kind: &str, id: &str, record: &T, limit: usize) -> Result<String> {
    let text = serde_json::to_string(record)
        .map_err(|error| defect(format!("{kind} {id} is no JSON: {error}")))?;
    limit::check(kind, id, text.len(), limit)?;
    Ok(text)
}

fn defect(detail: String) -> StoreError {
    StoreError::Failed { detail }
}
