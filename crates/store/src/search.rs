//! Finding threads by their titles and messages.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemId, Page, ThreadId, ThreadMetadata};

use crate::Result;
use crate::words::Query;

/// What is looked for, and which part of the answer is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRequest {
    /// What is looked for.
    pub query: Query,
    /// The most rows; taken as 1 to [`MAX_PAGE`](crate::limit::MAX_PAGE).
    pub limit: u32,
    /// The thread after which the page begins; none for the first page.
    pub after: Option<ThreadId>,
}

/// A thread that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The thread.
    pub thread: ThreadMetadata,
    /// Its newest message that was found; none if the title was found alone.
    pub item: Option<ItemId>,
    /// The piece of the message, or of the title, that shows it: one line.
    pub snippet: String,
}

/// Finding threads. Hidden items aren't looked at, and what is deleted is found no more.
#[async_trait]
pub trait Search: Send + Sync {
    /// The owner's threads of which the title or a message is found, each once, the newest thread first; `None` if the
    /// cursor names no thread.
    async fn search(&self, scope: &Scope, request: &SearchRequest) -> Result<Option<Page<Found>>>;
}
