//! Items and steps in memory.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemId, Page, ThreadId, ThreadItem};

use super::MemoryStore;
use super::owner::{Owner, page};
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
        Ok(self.read(scope, |owner| owner.recent_items(thread, limit)))
    }

    async fn items_of_turn(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        turn: &TurnId,
    ) -> Result<Vec<ThreadItem>> {
        Ok(self.read(scope, |owner| owner.items_of_turn(thread, turn)))
    }

    async fn recent_with_steps(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        limit: u32,
    ) -> Result<(Vec<StoredItem>, Vec<Step>)> {
        Ok(self.read(scope, |owner| {
            let items = owner.recent_items(thread, limit);
            let mut turns: Vec<TurnId> = Vec::new();
            for turn in items.iter().filter_map(|stored| stored.turn.as_ref()) {
                if !turns.contains(turn) {
                    turns.push(turn.clone());
                }
            }
            let steps = owner.steps(thread, &turns);
            (items, steps)
        }))
    }

    async fn steps(&self, scope: &Scope, thread: &ThreadId, turns: &[TurnId]) -> Result<Vec<Step>> {
        Ok(self.read(scope, |owner| owner.steps(thread, turns)))
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

impl Owner {
    fn recent_items(&self, thread: &ThreadId, limit: u32) -> Vec<StoredItem> {
        let limit = usize::try_from(limit::page_limit(limit)).unwrap_or(usize::MAX);
        let order = self.threads.get(thread).map(|thread| &thread.order);
        let newest = order.into_iter().flatten().rev().take(limit);
        let mut items: Vec<_> = newest
            .filter_map(|(_, id)| self.items.get(id).cloned())
            .collect();
        items.reverse();
        items
    }

    fn items_of_turn(&self, thread: &ThreadId, turn: &TurnId) -> Vec<ThreadItem> {
        let most = usize::try_from(limit::MAX_PAGE).unwrap_or(usize::MAX);
        let order = self.threads.get(thread).map(|thread| &thread.order);
        let newest = order.into_iter().flatten().rev();
        let stored = newest.filter_map(|(_, id)| self.items.get(id));
        let of_turn = stored.filter(|stored| stored.turn.as_ref() == Some(turn));
        let mut items: Vec<_> = of_turn
            .take(most)
            .map(|stored| stored.item.clone())
            .collect();
        items.reverse();
        items
    }

    fn steps(&self, thread: &ThreadId, turns: &[TurnId]) -> Vec<Step> {
        let turns = turns.iter().filter_map(|turn| self.turns.get(turn));
        let here = turns.filter(|turn| turn.record.thread_id == *thread);
        here.flat_map(|turn| turn.steps.values().cloned()).collect()
    }
}
