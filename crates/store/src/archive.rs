//! Carrying what is stored to another store, and forgetting an owner; for the operator, never for a request.

use async_trait::async_trait;
use frontdesk_identity::{Scope, TenantId};
use frontdesk_protocol::{Attachment, AttachmentId, ItemId, ThreadId, ThreadMetadata, Timestamp};

use crate::{
    ApiKey, Entry, Forgotten, KeyId, Result, StoredFile, StoredItem, TurnId, TurnRecord, UtcDay,
};

/// The parts of an archive that nothing else reads, the way back, and the end of an owner.
///
/// Lists come in one order in every store, so that equal stores give equal archives. They go on behind `after`, a row
/// of an earlier answer, also where that row was deleted meanwhile; of a deleted thread there are no turns.
/// Limits are taken as 1 to [`MAX_PAGE`](crate::limit::MAX_PAGE).
#[async_trait]
pub trait Archive: Send + Sync {
    /// The first owner behind these names, by tenant and then user, who has a thread, an attachment, a connection or use.
    async fn owner_after(&self, tenant: &str, user: &str) -> Result<Option<Scope>>;

    /// The threads, by (time of making, id).
    async fn threads_of(
        &self,
        scope: &Scope,
        after: Option<(Timestamp, &ThreadId)>,
        limit: u32,
    ) -> Result<Vec<ThreadMetadata>>;

    /// The turns of a thread, by (time of making, id).
    async fn turns_of(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        after: Option<&TurnId>,
        limit: u32,
    ) -> Result<Vec<TurnRecord>>;

    /// The items of a thread with their turns, by (time of making, id).
    async fn stored_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        after: Option<(Timestamp, &ItemId)>,
        limit: u32,
    ) -> Result<Vec<StoredItem>>;

    /// The attachments with what is known of their bytes, by id.
    async fn attachments_of(
        &self,
        scope: &Scope,
        after: Option<&AttachmentId>,
        limit: u32,
    ) -> Result<Vec<(Attachment, Option<StoredFile>)>>;

    /// The days of which use is remembered, with the tokens.
    async fn days_used(&self, scope: &Scope) -> Result<Vec<(UtcDay, u64)>>;

    /// API keys of one tenant or of all, by (time of making, id).
    async fn keys_of(
        &self,
        tenant: Option<&TenantId>,
        after: Option<(Timestamp, &KeyId)>,
        limit: u32,
    ) -> Result<Vec<ApiKey>>;

    /// Stores what isn't there, and says of how many entries anything was stored. What is there already, under the same
    /// id, is left as it is; and what belongs to something that isn't there is left out.
    ///
    /// It is done a piece at a time. Where it fails in between, the rest is stored by calling it again.
    async fn restore(&self, entries: &[Entry]) -> Result<u64>;

    /// Deletes all that an owner has, their keys included. A turn that runs goes, too; what it still writes is refused.
    ///
    /// It is done a piece at a time. Where it fails in between, the rest is deleted by calling it again.
    async fn forget(&self, scope: &Scope) -> Result<Forgotten>;
}
