//! Finding threads in memory, by looking at all of an owner's.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Order, Page, ThreadId};

use super::MemoryStore;
use super::owner::{Owner, Thread, page};
use crate::words::{Query, text_of};
use crate::{Found, PageRequest, Result, Search, SearchRequest};

#[async_trait]
impl Search for MemoryStore {
    async fn search(&self, scope: &Scope, request: &SearchRequest) -> Result<Option<Page<Found>>> {
        let data = self.data();
        let nothing = Owner::default();
        let owner = data.owners.get(scope).unwrap_or(&nothing);
        let mut threads: Vec<&Thread> = owner.threads.values().collect();
        threads.sort_by_key(|thread| (thread.metadata.created_at, &thread.metadata.id));
        let is_cursor = |thread: &Thread| request.after.as_ref() == Some(&thread.metadata.id);
        // The cursor is a place, whether it is found itself or not.
        let rows = threads.into_iter().filter_map(|thread| {
            let found = find(owner, thread, &request.query);
            (found.is_some() || is_cursor(thread)).then(|| (thread.metadata.id.as_str(), found))
        });
        let page_request = PageRequest {
            limit: request.limit,
            order: Order::Desc,
            after: request.after.as_ref().map(ThreadId::to_string),
        };
        let found = page(rows.collect(), &page_request);
        Ok(found.map(|page| Page {
            data: page.data.into_iter().flatten().collect(),
            has_more: page.has_more,
            after: page.after,
            extra: page.extra,
        }))
    }
}

fn find(owner: &Owner, thread: &Thread, query: &Query) -> Option<Found> {
    let newest_first = thread.order.iter().rev();
    let mut items = newest_first.filter_map(|(_, id)| owner.items.get(id));
    let found = items.find_map(|stored| {
        let text = text_of(&stored.item);
        let found = query.finds(&text);
        found.then(|| (Some(stored.item.id().clone()), query.snippet(&text)))
    });
    let title = || {
        let title = thread.metadata.title.as_deref()?;
        query.finds(title).then(|| (None, query.snippet(title)))
    };
    let (item, snippet) = found.or_else(title)?;
    Some(Found {
        thread: thread.metadata.clone(),
        item,
        snippet,
    })
}
