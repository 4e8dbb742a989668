//! Items and steps in memory.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemId, Page, ThreadId, ThreadItem};

use super::MemoryStore;
use super::owner::page;
use crate::{Items, PageRequest, Result, Step, StoredItem, TurnId, limit};

#[async_trait]
impl Items for MemoryStore {
    async fn item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        item: &ItemId,
    ) -> Result<Option<ThreadItem>> {
        Ok(self.read(scope, |owner| {
            let found = &owner.items.get(item)?.item;
            (found.thread_id() == thread).then(|| found.clone())
        }))
    }

    async fn items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        request: &PageRequest,
    ) -> Result<Option<Page<ThreadItem>>> {
        Ok(self.read(scope, |owner| {
            let order = &owner.threads.get(thread)?.order;
            let rows = order.iter().map(|(_, id)| (id.as_str(), id)).collect();
            let Page {
                data,
                has_more,
                after,
                extra,
            } = page(rows, request)?;
            let stored = data.into_iter().filter_map(|id| owner.items.get(id));
            let data = stored.map(|stored| stored.item.clone()).collect();
            Some(Page {
                data,
                has_more,
                after,
                extra,
            })
        }))
    }

    async fn recent_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        limit: u32,
    ) -> Result<Vec<StoredItem>> {
        let limit = usize::try_from(limit::page_limit(limit)).unwrap_or(usize::MAX);
        Ok(self.read(scope, |owner| {
            let order = owner.threads.get(thread).map(|thread| &thread.order);
            let newest = order.into_iter().flatten().rev().take(limit);
            let mut items: Vec<_> = newest
                .filter_map(|(_, id)| owner.items.get(id).cloned())
                .collect();
            items.reverse();
            items
        }))
    }

    async fn steps(&self, scope: &Scope, thread: &ThreadId, turns: &[TurnId]) -> Result<Vec<Step>> {
        Ok(self.read(scope, |owner| {
            let turns = turns.iter().filter_map(|turn| owner.turns.get(turn));
            let here = turns.filter(|turn| turn.record.thread_id == *thread);
            here.flat_map(|turn| turn.steps.values().cloned()).collect()
        }))
    }

    async fn put_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: Vec<ThreadItem>,
    ) -> Result<bool> {
        self.write(scope, |owner| {
            if !owner.threads.contains_key(thread) {
                return Ok(false);
            }
            owner.check_items(thread, &items)?;
            owner.put_items(thread, items, None);
            Ok(true)
        })
    }
}
