//! Threads in memory.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Page, ThreadId, ThreadMetadata};

use super::MemoryStore;
use super::owner::{Owner, page};
use crate::{PageRequest, Result, ThreadPatch, Threads, form};

#[async_trait]
impl Threads for MemoryStore {
    async fn thread(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<ThreadMetadata>> {
        Ok(self.read(scope, |owner| {
            Some(owner.threads.get(thread)?.metadata.clone())
        }))
    }

    async fn threads(
        &self,
        scope: &Scope,
        request: &PageRequest,
    ) -> Result<Option<Page<ThreadMetadata>>> {
        let read = |owner: &Owner| {
            let mut rows: Vec<_> = owner
                .threads
                .values()
                .map(|thread| &thread.metadata)
                .collect();
            rows.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
            page(
                rows.into_iter()
                    .map(|row| (row.id.as_str(), row.clone()))
                    .collect(),
                request,
            )
        };
        Ok(read(
            self.data().owners.get(scope).unwrap_or(&Owner::default()),
        ))
    }

    async fn update_thread(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        patch: ThreadPatch,
    ) -> Result<Option<ThreadMetadata>> {
        self.write(scope, |owner| {
            let Some(thread) = owner.threads.get_mut(thread) else {
                return Ok(None);
            };
            let changed = patched(&thread.metadata, patch)?;
            thread.metadata = changed.clone();
            Ok(Some(changed))
        })
    }

    async fn delete_thread(&self, scope: &Scope, thread: &ThreadId) -> Result<bool> {
        Ok(self.write(scope, |owner| owner.delete_thread(thread)))
    }

    async fn create_thread(&self, scope: &Scope, thread: ThreadMetadata) -> Result<()> {
        self.write(scope, |owner| {
            owner.check_new_thread(&thread)?;
            owner.add_thread(thread);
            Ok(())
        })
    }
}

/// The thread as the patch makes it, unless the patch is too large.
pub(super) fn patched(thread: &ThreadMetadata, patch: ThreadPatch) -> Result<ThreadMetadata> {
    form::check_patch(&thread.id, &patch)?;
    let mut changed = thread.clone();
    patch.apply(&mut changed);
    Ok(changed)
}
