//! API keys in memory, and the way back from authorization servers.

use async_trait::async_trait;
use frontdesk_identity::TenantId;
use frontdesk_protocol::{Page, Timestamp};

use super::MemoryStore;
use super::owner::page;
use crate::{ApiKey, CameBack, KeyId, Keys, PageRequest, Result, form};

#[async_trait]
impl Keys for MemoryStore {
    async fn create_key(&self, mut key: ApiKey) -> Result<()> {
        form::check_key(&key)?;
        key.created_at = form::whole_micros(key.created_at);
        key.expires_at = key.expires_at.map(form::whole_micros);
        key.revoked_at = key.revoked_at.map(form::whole_micros);
        let mut data = self.data();
        if data.keys.contains_key(&key.id) {
            return Err(form::taken("key", key.id.as_str()));
        }
        data.keys.insert(key.id.clone(), key);
        Ok(())
    }

    async fn key(&self, id: &KeyId) -> Result<Option<ApiKey>> {
        Ok(self.data().keys.get(id).cloned())
    }

    async fn keys(
        &self,
        tenant: Option<&TenantId>,
        request: &PageRequest,
    ) -> Result<Option<Page<ApiKey>>> {
        let data = self.data();
        let here = |key: &&ApiKey| tenant.is_none_or(|tenant| key.tenant == *tenant);
        let mut rows: Vec<&ApiKey> = data.keys.values().filter(here).collect();
        rows.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        let rows = rows.into_iter().map(|key| (key.id.as_str(), key.clone()));
        Ok(page(rows.collect(), request))
    }

    async fn revoke_key(&self, id: &KeyId, at: Timestamp) -> Result<bool> {
        let mut data = self.data();
        let Some(key) = data.keys.get_mut(id) else {
            return Ok(false);
        };
        key.revoked_at = key.revoked_at.or(Some(form::whole_micros(at)));
        Ok(true)
    }

    async fn take_connecting(
        &self,
        state_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<CameBack>> {
        let taken = self.data().connecting.remove(state_hash);
        let in_time = taken.filter(|(_, way)| way.expires_at > now);
        Ok(in_time.map(|(scope, way)| CameBack {
            scope,
            server: way.server,
            sealed: way.sealed,
        }))
    }
}
