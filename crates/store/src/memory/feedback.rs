//! What users think, in memory.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{FeedbackKind, ItemId, ThreadId, Timestamp};

use super::MemoryStore;
use crate::{Feedback, Feedbacks, ItemFeedback, Result, form, limit};

#[async_trait]
impl Feedback for MemoryStore {
    async fn give_feedback(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: &[ItemId],
        kind: FeedbackKind,
        at: Timestamp,
    ) -> Result<bool> {
        Ok(self.write(scope, |owner| {
            let is_here = |id: &ItemId| {
                let stored = owner.items.get(id);
                stored.is_some_and(|stored| stored.item.thread_id() == thread)
            };
            if !items.iter().all(is_here) {
                return false;
            }
            for item in items {
                let given = ItemFeedback {
                    thread: thread.clone(),
                    item: item.clone(),
                    kind,
                    at: form::whole_micros(at),
                };
                owner.feedback.insert(item.clone(), given);
            }
            true
        }))
    }

    async fn feedback(&self, scope: &Scope, thread: &ThreadId) -> Result<Vec<ItemFeedback>> {
        Ok(self.read(scope, |owner| {
            let given = owner.feedback.values();
            given
                .filter(|given| given.thread == *thread)
                .cloned()
                .collect()
        }))
    }
}

#[async_trait]
impl Feedbacks for MemoryStore {
    async fn all_feedback(
        &self,
        after: Option<&(Scope, ItemFeedback)>,
        limit: u32,
    ) -> Result<Vec<(Scope, ItemFeedback)>> {
        let limit = usize::try_from(limit::page_limit(limit)).unwrap_or(usize::MAX);
        let data = self.data();
        let owners = data.owners.iter();
        let mut all: Vec<(Scope, ItemFeedback)> = owners
            .flat_map(|(scope, owner)| {
                let given = owner.feedback.values();
                given.map(|given| (scope.clone(), given.clone()))
            })
            .collect();
        all.sort_by(|one, next| place(one).cmp(&place(next)));
        let rest = all
            .into_iter()
            .skip_while(|row| after.is_some_and(|after| place(row) <= place(after)));
        Ok(rest.take(limit).collect())
    }
}

fn place((scope, given): &(Scope, ItemFeedback)) -> (i64, &str, &str, &str) {
    let at = given.at.as_microsecond();
    (
        at,
        scope.tenant.as_str(),
        scope.user.as_str(),
        given.item.as_str(),
    )
}
