//! Finding the caller's threads.

use frontdesk_protocol::{ItemId, Page, Thread, ThreadId};
use frontdesk_store::words::Query;
use frontdesk_store::{Found, SearchRequest};
use serde::Serialize;

use super::Service;
use super::items::page_limit;
use super::messages::at_most;
use crate::{ChatError, RequestContext};

/// The longest query, in characters.
const MAX_QUERY_CHARS: usize = 1_000;

/// A thread that was found, as it is sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundThread {
    /// The thread, without its items.
    pub thread: Thread,
    /// Its newest message that was found; none if the title was found alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_id: Option<ItemId>,
    /// The piece of the message, or of the title, that shows it.
    pub snippet: String,
}

impl Service {
    /// The caller's threads of which the title or a message has all words of the query, or longer ones that begin so; the
    /// newest thread first.
    ///
    /// # Errors
    /// There is no word in the query, or `after` names no thread.
    pub async fn search(
        &self,
        cx: &RequestContext,
        query: &str,
        limit: Option<i64>,
        after: Option<&str>,
    ) -> Result<Page<FoundThread>, ChatError> {
        at_most("q", "characters", query.chars().count(), MAX_QUERY_CHARS)?;
        let bad = |field: &str, message: &str| ChatError::BadRequest {
            field: field.to_owned(),
            message: message.to_owned(),
        };
        let query = Query::parse(query).ok_or_else(|| bad("q", "has no word to look for"))?;
        let limit = page_limit(limit, self.options().limits.page);
        let request = SearchRequest {
            query,
            limit: limit.map_err(|_| bad("limit", "must not be negative"))?,
            after: after.filter(|after| !after.is_empty()).map(ThreadId::new),
        };
        let found = self.store().search(&cx.scope(), &request).await?;
        let found = found.ok_or_else(|| bad("after", "names none of your threads"))?;
        Ok(found.map(sent))
    }
}

fn sent(found: Found) -> FoundThread {
    FoundThread {
        thread: found.thread.to_wire(Page::default()),
        item_id: found.item,
        snippet: found.snippet,
    }
}
