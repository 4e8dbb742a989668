//! What is found by a secret, before it is known who calls; never for a request of a signed-in user.

use async_trait::async_trait;
use frontdesk_identity::TenantId;
use frontdesk_protocol::{Page, Timestamp};

use crate::{ApiKey, CameBack, KeyId, PageRequest, Result};

/// API keys, and the way back from authorization servers, across owners.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Stores a new key. An id that is there already is a conflict.
    async fn create_key(&self, key: ApiKey) -> Result<()>;

    /// A key, whether it is still good or not.
    async fn key(&self, id: &KeyId) -> Result<Option<ApiKey>>;

    /// A page of keys, ordered by (time of making, id), of one tenant or of all; `None` if the cursor names none of them.
    async fn keys(
        &self,
        tenant: Option<&TenantId>,
        request: &PageRequest,
    ) -> Result<Option<Page<ApiKey>>>;

    /// Revokes a key. One that was revoked before keeps its time. `false` if there is no such key.
    async fn revoke_key(&self, id: &KeyId, at: Timestamp) -> Result<bool>;

    /// Who had set out with this state: once, and not after it has expired.
    async fn take_connecting(
        &self,
        state_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<CameBack>>;
}
