//! Threads, without their items.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Page, ThreadId, ThreadMetadata};

use crate::{PageRequest, Result, ThreadPatch};

/// The threads of an owner, ordered by (time of making, id).
#[async_trait]
pub trait Threads: Send + Sync {
    /// A thread.
    async fn thread(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<ThreadMetadata>>;

    /// A page of threads; `None` if the cursor names no thread.
    async fn threads(
        &self,
        scope: &Scope,
        request: &PageRequest,
    ) -> Result<Option<Page<ThreadMetadata>>>;

    /// Changes a thread and gives it back; `None` if there is no such thread.
    async fn update_thread(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        patch: ThreadPatch,
    ) -> Result<Option<ThreadMetadata>>;

    /// Deletes a thread with its items, steps, turns, logs and attachments. `false` if there is no such thread.
    async fn delete_thread(&self, scope: &Scope, thread: &ThreadId) -> Result<bool>;

    /// Stores a new thread: for seeding and import. An id the owner has already is a conflict.
    async fn create_thread(&self, scope: &Scope, thread: ThreadMetadata) -> Result<()>;
}
