//! Turns and their logs in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId, ItemId, ThreadId, ThreadItem, Timestamp};

use super::MemoryStore;
use super::owner::{Hold, Owner, Turn, from_now, same_step};
use super::threads::patched;
use crate::{
    After, Began, BeginTurn, Entered, EventId, LogBatch, Result, StoreError, StoredItem, Trim,
    TurnId, TurnKey, TurnRecord, TurnStatus, TurnWrite, Turns, UtcDay, Written, form, limit,
};

#[async_trait]
impl Turns for MemoryStore {
    async fn begin_turn(&self, scope: &Scope, begin: BeginTurn) -> Result<Began> {
        form::check_begin(&begin)?;
        self.write(scope, |owner| owner.begin_turn(begin))
    }

    async fn write_turn(&self, scope: &Scope, key: &TurnKey, write: TurnWrite) -> Result<Written> {
        self.write(scope, |owner| owner.write_turn(key, write))
    }

    async fn turn(&self, scope: &Scope, turn: &TurnId) -> Result<Option<TurnRecord>> {
        Ok(self.read(scope, |owner| Some(owner.turns.get(turn)?.record.clone())))
    }

    async fn running_turn(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<TurnId>> {
        Ok(self.read(scope, |owner| Some(owner.running_turn(thread)?.id.clone())))
    }

    async fn thread_with_running(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Result<Option<Entered>> {
        Ok(self.read(scope, |owner| {
            Some(Entered {
                thread: owner.threads.get(thread)?.metadata.clone(),
                running: owner.running_turn(thread).cloned(),
                newest: owner.newest(thread),
                last_turn: owner.last_turn(thread).map(|turn| turn.id.clone()),
            })
        }))
    }

    async fn last_turn(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<TurnRecord>> {
        Ok(self.read(scope, |owner| owner.last_turn(thread).cloned()))
    }

    async fn turn_of_key(&self, scope: &Scope, key: &[u8; 32]) -> Result<Option<TurnRecord>> {
        Ok(self.read(scope, |owner| owner.turn_of_key(key).cloned()))
    }

    async fn ask_to_stop(&self, scope: &Scope, turn: &TurnId) -> Result<bool> {
        Ok(self.write(scope, |owner| {
            let Some(turn) = owner.running(turn) else {
                return false;
            };
            turn.hold.is_stop_asked = true;
            true
        }))
    }

    async fn read_elsewhere(&self, scope: &Scope, turn: &TurnId, length: Duration) -> Result<bool> {
        Ok(self.write(scope, |owner| {
            let Some(turn) = owner.running(turn) else {
                return false;
            };
            turn.hold.read_until = turn.hold.read_until.max(Some(from_now(length)));
            true
        }))
    }

    async fn turn_log(
        &self,
        scope: &Scope,
        turn: &TurnId,
        after: Option<EventId>,
    ) -> Result<Vec<LogBatch>> {
        Ok(self.read(scope, |owner| {
            let log = owner.turns.get(turn).map(|turn| turn.log.values());
            let later = log
                .into_iter()
                .flatten()
                .filter(|batch| Some(batch.last()) > after);
            let mut page = Vec::new();
            for batch in later {
                page.push(batch.clone());
                if limit::is_full_log_page(&page) {
                    break;
                }
            }
            page
        }))
    }
}

impl Owner {
    fn running_turn(&self, thread: &ThreadId) -> Option<&TurnRecord> {
        let mut records = self.turns.values().map(|turn| &turn.record);
        records.find(|record| record.thread_id == *thread && record.status == TurnStatus::Running)
    }

    /// The newest of the thread's turns.
    fn last_turn(&self, thread: &ThreadId) -> Option<&TurnRecord> {
        let records = self.turns.values().map(|turn| &turn.record);
        let here = records.filter(|record| record.thread_id == *thread);
        here.max_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)))
    }

    /// Whether the thread's newest turn is another one than was seen.
    fn is_overtaken(&self, thread: &ThreadId, after: &After) -> bool {
        match after {
            After::Any => false,
            After::Seen(seen) => self.last_turn(thread).map(|turn| &turn.id) != seen.as_ref(),
        }
    }

    /// When the newest of the thread's items and turns was made.
    fn newest(&self, thread: &ThreadId) -> Option<Timestamp> {
        let records = self.turns.values().map(|turn| &turn.record);
        let here = records.filter(|record| record.thread_id == *thread);
        let turns = here.map(|record| record.created_at);
        let order = self.threads.get(thread).map(|thread| &thread.order);
        let item = order.and_then(|order| order.last());
        let item = item.and_then(|(time, _)| Timestamp::from_microsecond(*time).ok());
        turns.chain(item).max()
    }

    /// The turn that a request with this key began.
    fn turn_of_key(&self, key: &[u8; 32]) -> Option<&TurnRecord> {
        let mut records = self.turns.values().map(|turn| &turn.record);
        records.find(|record| record.request.and_then(|request| request.key) == Some(*key))
    }

    /// A turn that runs.
    pub(super) fn running(&mut self, turn: &TurnId) -> Option<&mut Turn> {
        let turn = self.turns.get_mut(turn)?;
        (turn.record.status == TurnStatus::Running).then_some(turn)
    }

    fn begin_turn(&mut self, begin: BeginTurn) -> Result<Began> {
        let key = begin.turn.request.and_then(|request| request.key);
        if let Some(there) = key.and_then(|key| self.turn_of_key(&key)) {
            return Ok(Began::Repeated(there.clone()));
        }
        if self.turns.contains_key(&begin.turn.id) {
            return Err(form::taken("turn", begin.turn.id.as_str()));
        }
        let thread = begin.turn.thread_id.clone();
        match &begin.new_thread {
            Some(new) => self.check_new_thread(new)?,
            None if !self.threads.contains_key(&thread) => return Ok(Began::NoThread),
            None => {}
        }
        if let Some(running) = self.running_turn(&thread) {
            return Ok(Began::Busy(running.clone()));
        }
        if begin.new_thread.is_none() && self.is_overtaken(&thread, &begin.after) {
            return Ok(Began::Overtaken);
        }
        let trim = match &begin.trim {
            Some(trim) => match self.trimmed(&thread, trim) {
                Some(trimmed) => Some(trimmed),
                None => return Ok(Began::NoItem),
            },
            None => None,
        };
        self.check_items(&thread, &begin.put)?;
        for attachment in &begin.attachments {
            self.check_attachment(attachment, Some(&thread))?;
        }
        if let Some(new) = begin.new_thread {
            self.add_thread(new);
        }
        let (since, removed) = trim.unwrap_or((i64::MAX, Vec::new()));
        self.forget_turns(&thread, since);
        let named = self.named_by(&removed);
        self.remove_items(&thread, &removed);
        self.remove_items(&thread, &begin.remove);
        self.put_items(&thread, begin.put, Some(&begin.turn.id));
        for mut attachment in begin.attachments {
            attachment.set_thread_id(Some(thread.clone()));
            self.put_attachment(attachment);
        }
        self.remove_unnamed(&thread, &named);
        let mut record = begin.turn;
        record.created_at = form::whole_micros(record.created_at);
        let turn = Turn {
            record,
            hold: Hold::of(&begin.lease),
            continuation: begin.continuation,
            steps: BTreeMap::new(),
            log: BTreeMap::new(),
        };
        self.turns.insert(turn.record.id.clone(), turn);
        Ok(Began::Started { removed })
    }

    /// The time of the item that the trim names and what the trim removes; `None` if the item isn't there.
    fn trimmed(&self, thread: &ThreadId, trim: &Trim) -> Option<(i64, Vec<ItemId>)> {
        let order = &self.threads.get(thread)?.order;
        let time = self
            .items
            .get(trim.item())?
            .item
            .created_at()
            .as_microsecond();
        let position = (time, trim.item().clone());
        if !order.contains(&position) {
            return None;
        }
        let stays = |item: &ItemId| match trim {
            Trim::After(kept) => item == kept,
            Trim::From(_) => false,
        };
        let removed = order.range(position..).map(|(_, item)| item);
        Some((time, removed.filter(|item| !stays(item)).cloned().collect()))
    }

    /// The attachments that these items name.
    fn named_by(&self, items: &[ItemId]) -> BTreeSet<AttachmentId> {
        let items = items.iter().filter_map(|id| self.items.get(id));
        let named = items.flat_map(|stored| attachments_of(&stored.item));
        named.map(|attachment| attachment.id().clone()).collect()
    }

    /// Removes those of these attachments that belong to the thread and that none of its items names any more.
    fn remove_unnamed(&mut self, thread: &ThreadId, candidates: &BTreeSet<AttachmentId>) {
        for id in candidates {
            let names = |stored: &StoredItem| {
                let mut named = attachments_of(&stored.item).iter();
                stored.item.thread_id() == thread && named.any(|named| named.id() == id)
            };
            let there = self.attachments.get(id).and_then(Attachment::thread_id);
            if there == Some(thread) && !self.items.values().any(names) {
                self.remove_attachment(id);
            }
        }
    }

    fn forget_turns(&mut self, thread: &ThreadId, since: i64) {
        for turn in self.turns.values_mut() {
            let later = turn.record.created_at.as_microsecond() >= since;
            if later && turn.record.thread_id == *thread {
                turn.steps.clear();
                turn.log.clear();
            }
        }
    }

    fn write_turn(&mut self, key: &TurnKey, write: TurnWrite) -> Result<Written> {
        form::check_write(key, &write)?;
        let Some(turn) = self.turns.get(&key.turn).filter(|turn| {
            let record = &turn.record;
            record.status == TurnStatus::Running
                && record.attempt == key.attempt
                && record.thread_id == key.thread
        }) else {
            return Ok(Written::Gone);
        };
        self.check_items(&key.thread, &write.put)?;
        for step in &write.steps {
            same_step(turn.steps.get(&step.number), step)?;
        }
        let thread = self.threads.get(&key.thread).map(|thread| &thread.metadata);
        let thread = match (thread, write.thread) {
            (Some(thread), Some(patch)) => Some(patched(thread, patch)?),
            _ => None,
        };
        self.remove_items(&key.thread, &write.remove);
        self.put_items(&key.thread, write.put, Some(&key.turn));
        if let (Some(there), Some(changed)) = (self.threads.get_mut(&key.thread), thread) {
            there.metadata = changed;
        }
        let Some(turn) = self.turns.get_mut(&key.turn) else {
            return Err(StoreError::Failed {
                detail: format!("turn {} vanished", key.turn),
            });
        };
        for step in write.steps {
            turn.steps.entry(step.number).or_insert(step);
        }
        for batch in write.log {
            put_batch(&mut turn.log, batch);
        }
        if let Some(end) = write.end {
            turn.record.status = end.status;
            turn.record.ended_at = Some(form::whole_micros(end.at));
            turn.continuation = None;
            self.count(UtcDay::of(end.at), end.tokens);
        }
        Ok(Written::Stored)
    }
}

fn attachments_of(item: &ThreadItem) -> &[Attachment] {
    match item {
        ThreadItem::UserMessage(message) => &message.attachments,
        _ => &[],
    }
}

/// Stores a batch of a log, unless as much is there.
pub(super) fn put_batch(log: &mut BTreeMap<(u32, u64), LogBatch>, batch: LogBatch) {
    let key = (batch.attempt, batch.first_seq);
    let is_more = log
        .get(&key)
        .is_none_or(|stored| stored.last_seq < batch.last_seq);
    if is_more {
        log.insert(key, batch);
    }
}
