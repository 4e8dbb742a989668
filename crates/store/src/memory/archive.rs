//! Archives of a store in memory.

use std::ops::Bound;

use async_trait::async_trait;
use frontdesk_identity::{Scope, TenantId};
use frontdesk_protocol::{Attachment, AttachmentId, ItemId, ThreadId, ThreadMetadata, Timestamp};
use tokio::time::Instant;

use super::owner::{Hold, Owner, Turn};
use super::{Data, MemoryStore};
use crate::{
    ApiKey, Archive, Connection, Entry, Forgotten, KeyId, Lease, ProcessId, Result,
    SealedConnection, StoredFile, StoredItem, TurnId, TurnRecord, TurnStatus, UtcDay, form, limit,
};

#[async_trait]
impl Archive for MemoryStore {
    async fn owner_after(&self, tenant: &str, user: &str) -> Result<Option<Scope>> {
        let data = self.data();
        let mut owners = data.owners.iter();
        let next = owners.find(|(scope, owner)| {
            (scope.tenant.as_str(), scope.user.as_str()) > (tenant, user) && owner.has_something()
        });
        Ok(next.map(|(scope, _)| scope.clone()))
    }

    async fn threads_of(
        &self,
        scope: &Scope,
        after: Option<(Timestamp, &ThreadId)>,
        limit: u32,
    ) -> Result<Vec<ThreadMetadata>> {
        Ok(self.read(scope, |owner| {
            let threads = owner.threads.values().map(|thread| &thread.metadata);
            let mut threads: Vec<_> = threads
                .filter(|row| after.is_none_or(|after| (row.created_at, &row.id) > after))
                .collect();
            threads.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
            threads.into_iter().take(most(limit)).cloned().collect()
        }))
    }

    async fn turns_of(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        after: Option<&TurnId>,
        limit: u32,
    ) -> Result<Vec<TurnRecord>> {
        Ok(self.read(scope, |owner| {
            let records = owner.turns.values().map(|turn| &turn.record);
            let mut here: Vec<_> = records
                .filter(|record| record.thread_id == *thread)
                .collect();
            here.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
            rest(
                here,
                limit,
                |record| after == Some(&record.id),
                after.is_some(),
            )
        }))
    }

    async fn stored_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        after: Option<(Timestamp, &ItemId)>,
        limit: u32,
    ) -> Result<Vec<StoredItem>> {
        Ok(self.read(scope, |owner| {
            let order = owner.threads.get(thread).map(|thread| &thread.order);
            let ids = order.into_iter().flatten();
            let after = after.map(|(time, id)| (time.as_microsecond(), id));
            let ids = ids.filter(|(time, id)| after.is_none_or(|after| (*time, id) > after));
            let items = ids.filter_map(|(_, id)| owner.items.get(id));
            items.take(most(limit)).cloned().collect()
        }))
    }

    async fn attachments_of(
        &self,
        scope: &Scope,
        after: Option<&AttachmentId>,
        limit: u32,
    ) -> Result<Vec<(Attachment, Option<StoredFile>)>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(self.read(scope, |owner| {
            let range = owner
                .attachments
                .range::<AttachmentId, _>((from, Bound::Unbounded));
            let with_file =
                range.map(|(id, attachment)| (attachment.clone(), owner.files.get(id).cloned()));
            with_file.take(most(limit)).collect()
        }))
    }

    async fn days_used(&self, scope: &Scope) -> Result<Vec<(UtcDay, u64)>> {
        Ok(self.read(scope, |owner| {
            let days = owner.tokens.iter();
            days.map(|(day, tokens)| (*day, *tokens)).collect()
        }))
    }

    async fn keys_of(
        &self,
        tenant: Option<&TenantId>,
        after: Option<(Timestamp, &KeyId)>,
        limit: u32,
    ) -> Result<Vec<ApiKey>> {
        let data = self.data();
        let here = data.keys.values().filter(|key| {
            tenant.is_none_or(|tenant| key.tenant == *tenant)
                && after.is_none_or(|after| (key.created_at, &key.id) > after)
        });
        let mut keys: Vec<&ApiKey> = here.collect();
        keys.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(keys.into_iter().take(most(limit)).cloned().collect())
    }

    async fn restore(&self, entries: &[Entry]) -> Result<u64> {
        form::check_entries(entries)?;
        let mut data = self.data();
        let mut stored = 0;
        for entry in entries {
            stored += u64::from(data.restore(entry));
        }
        Ok(stored)
    }

    async fn forget(&self, scope: &Scope) -> Result<Forgotten> {
        Ok(self.data().forget(scope))
    }
}

/// What comes behind a row, where there is one to come behind.
fn rest<T: Clone>(
    rows: Vec<&T>,
    limit: u32,
    is_cursor: impl Fn(&T) -> bool,
    has_cursor: bool,
) -> Vec<T> {
    let start = match rows.iter().position(|row| is_cursor(row)) {
        Some(place) => place + 1,
        None if has_cursor => rows.len(),
        None => 0,
    };
    let rest = rows.into_iter().skip(start);
    rest.take(most(limit)).cloned().collect()
}

fn most(limit: u32) -> usize {
    usize::try_from(limit::page_limit(limit)).unwrap_or(usize::MAX)
}

impl Data {
    fn restore(&mut self, entry: &Entry) -> bool {
        match entry {
            Entry::Key(key) => {
                let is_new = !self.keys.contains_key(&key.id);
                if is_new {
                    self.keys.insert(key.id.clone(), key.clone());
                }
                is_new
            }
            Entry::Turn(scope, turn) => {
                let mut owners = self.owners.values();
                let is_new = owners.all(|owner| !owner.turns.contains_key(&turn.id));
                is_new && self.change(scope, |owner| owner.restore_turn(turn))
            }
            Entry::Thread(scope, thread) => self.change(scope, |owner| {
                let is_new = !owner.threads.contains_key(&thread.id);
                if is_new {
                    owner.add_thread(thread.clone());
                }
                is_new
            }),
            Entry::Step(scope, step) => self.change(scope, |owner| {
                let turn = owner.turns.get_mut(&step.turn);
                let turn = turn.filter(|turn| !turn.steps.contains_key(&step.number));
                turn.is_some_and(|turn| turn.steps.insert(step.number, step.clone()).is_none())
            }),
            Entry::Item(scope, stored) => self.change(scope, |owner| owner.restore_item(stored)),
            Entry::Feedback(scope, given) => self.change(scope, |owner| {
                let item = owner.items.get(&given.item);
                let is_here = item.is_some_and(|item| *item.item.thread_id() == given.thread);
                let is_new = is_here && !owner.feedback.contains_key(&given.item);
                if is_new {
                    owner.feedback.insert(given.item.clone(), given.clone());
                }
                is_new
            }),
            Entry::Attachment(scope, attachment, file) => self.change(scope, |owner| {
                owner.restore_attachment(attachment, file.as_ref())
            }),
            Entry::Connection(scope, connection) => {
                self.change(scope, |owner| owner.restore_connection(connection))
            }
            Entry::Usage(scope, day, tokens) => self.change(scope, |owner| {
                let is_new = !owner.tokens.contains_key(day);
                if is_new {
                    owner.tokens.insert(*day, *tokens);
                }
                is_new
            }),
        }
    }

    fn forget(&mut self, scope: &Scope) -> Forgotten {
        let is_theirs = |owner: &Scope| owner == scope;
        let before = self.connecting.len() + self.keys.len();
        self.connecting.retain(|_, (owner, _)| !is_theirs(owner));
        let connecting = before - self.connecting.len() - self.keys.len();
        let before = self.keys.len();
        self.keys
            .retain(|_, key| key.tenant != scope.tenant || key.user.as_ref() != Some(&scope.user));
        let keys = count(before - self.keys.len());
        self.change(scope, |owner| {
            let forgotten = Forgotten {
                threads: count(owner.threads.len()),
                items: count(owner.items.len()),
                turns: count(owner.turns.len()),
                feedback: count(owner.feedback.len()),
                attachments: count(owner.attachments.len()),
                connections: count(owner.connections.len() + connecting),
                days: count(owner.tokens.len()),
                keys,
            };
            let now = Instant::now();
            let files = std::mem::take(&mut owner.files).into_values();
            let mut leftovers = std::mem::take(&mut owner.leftovers);
            leftovers.extend(files.map(|file| (file.object, now)));
            *owner = Owner {
                leftovers,
                ..Owner::default()
            };
            forgotten
        })
    }
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

impl Owner {
    fn has_something(&self) -> bool {
        !(self.threads.is_empty()
            && self.attachments.is_empty()
            && self.connections.is_empty()
            && self.tokens.is_empty())
    }

    fn restore_turn(&mut self, turn: &TurnRecord) -> bool {
        let key = turn.request.and_then(|request| request.key);
        let mut there = self.turns.values().map(|turn| turn.record.request);
        let is_repeated = there.any(|there| key.is_some() && there.and_then(|one| one.key) == key);
        if is_repeated || !self.threads.contains_key(&turn.thread_id) {
            return false;
        }
        let nobody = Lease {
            holder: ProcessId::new(""),
            length: std::time::Duration::ZERO,
        };
        let mut record = turn.clone();
        record.created_at = form::whole_micros(record.created_at);
        record.ended_at = record.ended_at.map(form::whole_micros);
        debug_assert_ne!(record.status, TurnStatus::Running);
        let turn = Turn {
            record,
            hold: Hold::of(&nobody),
            continuation: None,
            steps: std::collections::BTreeMap::new(),
            log: std::collections::BTreeMap::new(),
        };
        self.turns.insert(turn.record.id.clone(), turn);
        true
    }

    fn restore_item(&mut self, stored: &StoredItem) -> bool {
        let thread = stored.item.thread_id();
        if !self.threads.contains_key(thread) || self.items.contains_key(stored.item.id()) {
            return false;
        }
        self.put_items(thread, vec![stored.item.clone()], stored.turn.as_ref());
        true
    }

    fn restore_attachment(&mut self, attachment: &Attachment, file: Option<&StoredFile>) -> bool {
        let id = attachment.id().clone();
        let thread = attachment.thread_id();
        let is_lost = thread.is_some_and(|thread| !self.threads.contains_key(thread));
        if is_lost || self.attachments.contains_key(&id) {
            return false;
        }
        self.put_attachment(attachment.clone());
        if let Some(file) = file {
            let mut used = self.files.values().map(|file| &file.object);
            if !used.any(|used| *used == file.object) {
                self.leftovers.remove(&file.object);
                self.files.insert(id, file.clone());
            }
        }
        true
    }

    fn restore_connection(&mut self, sealed: &SealedConnection) -> bool {
        if self.connections.contains_key(&sealed.server) {
            return false;
        }
        let connection = Connection {
            server: sealed.server.clone(),
            created_at: form::whole_micros(sealed.created_at),
            updated_at: form::whole_micros(sealed.updated_at),
        };
        let entry = (connection, sealed.sealed.clone());
        self.connections.insert(sealed.server.clone(), entry);
        true
    }
}
