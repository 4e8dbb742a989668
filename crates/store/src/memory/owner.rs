//! What one owner has. Everything is checked before anything is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use frontdesk_protocol::{
    Attachment, AttachmentId, ItemId, Map, Page, ThreadId, ThreadItem, ThreadMetadata,
};
use tokio::time::Instant;

use crate::{
    Connection, Continuation, Held, ItemFeedback, Lease, LogBatch, ObjectName, PageRequest,
    ProcessId, Result, Step, StoreError, StoredFile, StoredItem, TurnId, TurnRecord, UtcDay, form,
    limit,
};

#[derive(Debug, Default, PartialEq)]
pub(super) struct Owner {
    pub(super) threads: BTreeMap<ThreadId, Thread>,
    pub(super) items: BTreeMap<ItemId, StoredItem>,
    pub(super) attachments: BTreeMap<AttachmentId, Attachment>,
    /// When attachments were first stored.
    pub(super) attached_at: BTreeMap<AttachmentId, Instant>,
    pub(super) files: BTreeMap<AttachmentId, StoredFile>,
    /// Objects that are removed at a time, unless an attachment has them by then.
    pub(super) leftovers: BTreeMap<ObjectName, Instant>,
    pub(super) turns: BTreeMap<TurnId, Turn>,
    pub(super) connections: BTreeMap<String, (Connection, Vec<u8>)>,
    pub(super) tokens: BTreeMap<UtcDay, u64>,
    pub(super) feedback: BTreeMap<ItemId, ItemFeedback>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Thread {
    pub(super) metadata: ThreadMetadata,
    pub(super) order: BTreeSet<(i64, ItemId)>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Turn {
    pub(super) record: TurnRecord,
    pub(super) hold: Hold,
    pub(super) continuation: Option<Continuation>,
    pub(super) steps: BTreeMap<u32, Step>,
    pub(super) log: BTreeMap<(u32, u64), LogBatch>,
}

/// Who runs a turn, and what others want of it.
#[derive(Debug, PartialEq)]
pub(super) struct Hold {
    pub(super) holder: ProcessId,
    pub(super) until: Instant,
    pub(super) is_stop_asked: bool,
    pub(super) read_until: Option<Instant>,
}

impl Hold {
    pub(super) fn of(lease: &Lease) -> Self {
        Self {
            holder: lease.holder.clone(),
            until: from_now(lease.length),
            is_stop_asked: false,
            read_until: None,
        }
    }

    pub(super) fn has_run_out(&self) -> bool {
        self.until <= Instant::now()
    }

    pub(super) fn held(&self, turn: &TurnId) -> Held {
        Held {
            turn: turn.clone(),
            is_stop_asked: self.is_stop_asked,
            is_read_elsewhere: self.read_until.is_some_and(|until| until > Instant::now()),
        }
    }
}

/// The time after this long; what is too long for the clock is a day.
pub(super) fn from_now(length: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(length).unwrap_or_else(|| now + LONGEST)
}

const LONGEST: Duration = Duration::from_hours(24);

impl Owner {
    pub(super) fn check_new_thread(&self, thread: &ThreadMetadata) -> Result<()> {
        form::thread_json(thread)?;
        if self.threads.contains_key(&thread.id) {
            return Err(form::taken("thread", thread.id.as_str()));
        }
        Ok(())
    }

    pub(super) fn add_thread(&mut self, mut metadata: ThreadMetadata) {
        metadata.created_at = form::whole_micros(metadata.created_at);
        let order = BTreeSet::new();
        self.threads
            .insert(metadata.id.clone(), Thread { metadata, order });
    }

    pub(super) fn check_items(&self, thread: &ThreadId, items: &[ThreadItem]) -> Result<()> {
        for item in items {
            form::item_json(thread, item)?;
            let there = self.items.get(item.id());
            if there.is_some_and(|there| there.item.thread_id() != thread) {
                return Err(form::taken("item", item.id().as_str()));
            }
        }
        Ok(())
    }

    /// Stores items that were checked.
    pub(super) fn put_items(
        &mut self,
        thread: &ThreadId,
        items: Vec<ThreadItem>,
        turn: Option<&TurnId>,
    ) {
        for mut item in items {
            let there = self.items.get(item.id());
            let time = there.map_or(item.created_at(), |there| there.item.created_at());
            let turn = there.map_or(turn.cloned(), |there| there.turn.clone());
            item.set_created_at(form::whole_micros(time));
            if let Some(thread) = self.threads.get_mut(thread) {
                thread
                    .order
                    .insert((item.created_at().as_microsecond(), item.id().clone()));
            }
            self.items
                .insert(item.id().clone(), StoredItem { item, turn });
        }
    }

    pub(super) fn remove_items(&mut self, thread: &ThreadId, ids: &[ItemId]) {
        let Some(order) = self.threads.get_mut(thread).map(|thread| &mut thread.order) else {
            return;
        };
        for id in ids {
            let key = self
                .items
                .get(id)
                .map(|there| (there.item.created_at().as_microsecond(), id.clone()));
            if key.is_some_and(|key| order.remove(&key)) {
                self.items.remove(id);
                self.feedback.remove(id);
            }
        }
    }

    pub(super) fn check_attachment(
        &self,
        attachment: &Attachment,
        thread: Option<&ThreadId>,
    ) -> Result<()> {
        let id = attachment.id();
        form::attachment_json(attachment)?;
        let there = self.attachments.get(id).and_then(Attachment::thread_id);
        if there.is_some() && there != thread {
            return Err(form::taken("attachment", id.as_str()));
        }
        Ok(())
    }

    pub(super) fn delete_thread(&mut self, thread: &ThreadId) -> bool {
        let Some(gone) = self.threads.remove(thread) else {
            return false;
        };
        for (_, item) in gone.order {
            self.items.remove(&item);
            self.feedback.remove(&item);
        }
        let here = self.attachments.values();
        let here = here.filter(|attachment| attachment.thread_id() == Some(thread));
        let here: Vec<_> = here.map(|attachment| attachment.id().clone()).collect();
        for attachment in &here {
            self.remove_attachment(attachment);
        }
        self.turns
            .retain(|_, turn| turn.record.thread_id != *thread);
        true
    }
}

/// A page of rows that lie in (time, id) order; `None` if the cursor isn't among them.
pub(super) fn page<T>(mut rows: Vec<(&str, T)>, request: &PageRequest) -> Option<Page<T>> {
    if form::newest_first(request.order) {
        rows.reverse();
    }
    let start = match &request.after {
        Some(after) => rows.iter().position(|(id, _)| *id == after.as_str())? + 1,
        None => 0,
    };
    let limit = usize::try_from(limit::page_limit(request.limit)).unwrap_or(usize::MAX);
    let more = rows.len() > start + limit;
    let mut last = None;
    let mut data = Vec::new();
    for (id, row) in rows.into_iter().skip(start).take(limit) {
        last = Some(id.to_owned());
        data.push(row);
    }
    Some(Page {
        data,
        has_more: more,
        after: last.filter(|_| more),
        extra: Map::new(),
    })
}

pub(super) fn same_step(there: Option<&Step>, step: &Step) -> Result<()> {
    match there {
        Some(there) if there != step => Err(StoreError::Conflict {
            what: format!("step {} of turn {}", step.number, step.turn),
        }),
        _ => Ok(()),
    }
}
