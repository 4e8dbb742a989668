//! The upkeep of a store, of which a process can be cut off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use frontdesk_clock::Timestamp;
use frontdesk_identity::Scope;
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{
    Held, Idle, Lease, LogBatch, Maintenance, ProcessId, Result, TakenOver, TurnId, TurnKey,
    TurnRecord,
};

/// What one process has of the upkeep. Cut off, its calls never come back.
#[derive(Debug)]
pub(crate) struct Upkeep {
    store: Arc<MemoryStore>,
    is_cut: AtomicBool,
}

impl Upkeep {
    pub(crate) fn of(store: &Arc<MemoryStore>) -> Arc<Self> {
        Arc::new(Self {
            store: store.clone(),
            is_cut: AtomicBool::new(false),
        })
    }

    pub(crate) fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
    }

    async fn inner(&self) -> &MemoryStore {
        if self.is_cut.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        &self.store
    }
}

#[async_trait]
impl Maintenance for Upkeep {
    async fn append_logs(&self, batches: &[(Scope, LogBatch)]) -> Result<()> {
        self.inner().await.append_logs(batches).await
    }
    async fn running_turns(&self) -> Result<Vec<(Scope, TurnRecord)>> {
        self.inner().await.running_turns().await
    }
    async fn abandoned_turns(&self, limit: u32) -> Result<Vec<(Scope, TurnRecord)>> {
        self.inner().await.abandoned_turns(limit).await
    }
    async fn take_over(
        &self,
        scope: &Scope,
        turn: &TurnId,
        from: u32,
        lease: &Lease,
    ) -> Result<Option<TakenOver>> {
        let store = self.inner().await;
        store.take_over(scope, turn, from, lease).await
    }
    async fn renew_leases(&self, lease: &Lease, turns: &[(Scope, TurnKey)]) -> Result<Vec<Held>> {
        self.inner().await.renew_leases(lease, turns).await
    }
    async fn wanted_turns(&self, holder: &ProcessId) -> Result<Vec<Held>> {
        self.inner().await.wanted_turns(holder).await
    }
    async fn release_turn(&self, scope: &Scope, key: &TurnKey, holder: &ProcessId) -> Result<bool> {
        self.inner().await.release_turn(scope, key, holder).await
    }
    async fn release_all(&self) -> Result<()> {
        self.inner().await.release_all().await
    }
    async fn drop_logs(&self, ended_before: Timestamp) -> Result<u64> {
        self.inner().await.drop_logs(ended_before).await
    }
    async fn sweep(&self, now: Timestamp) -> Result<()> {
        self.inner().await.sweep(now).await
    }
    async fn delete_idle_threads(&self, idle: &Idle, limit: u32) -> Result<u64> {
        self.inner().await.delete_idle_threads(idle, limit).await
    }
    async fn index_older(&self, limit: u32) -> Result<u64> {
        self.inner().await.index_older(limit).await
    }
    async fn ping(&self) -> Result<()> {
        self.inner().await.ping().await
    }
}
