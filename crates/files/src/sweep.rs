//! Removes what nothing needs any more: attachments that were never sent, and the objects of what was deleted.

use std::time::Duration;

use frontdesk_identity::Scope;
use frontdesk_store::ObjectName;
use object_store::ObjectStoreExt;
use tokio_util::sync::CancellationToken;

use crate::files::preview_of;
use crate::{FileError, Files};

/// After what time an attachment goes that was never sent.
const UNSENT_TIME: Duration = Duration::from_hours(24);
/// How often it is looked for what can go.
const PERIOD: Duration = Duration::from_mins(1);
/// Attachments, and objects, that are removed before it is looked again.
const AT_ONCE: u32 = 100;

impl Files {
    /// Sweeps from time to time, until it is told to end. Any number of processes may do so on the same store.
    pub async fn keep_sweeping(&self, end: CancellationToken) {
        while end
            .run_until_cancelled(tokio::time::sleep(PERIOD))
            .await
            .is_some()
        {
            if let Some(Err(error)) = end.run_until_cancelled(self.sweep(UNSENT_TIME)).await {
                tracing::warn!(?error, "removing files failed; it is tried again");
            }
        }
    }

    /// Removes attachments that were made longer ago than this and never sent, and all objects that are due. Says how
    /// many objects.
    pub async fn sweep(&self, unsent_for: Duration) -> Result<u64, FileError> {
        while self.upkeep.drop_unsent(unsent_for, AT_ONCE).await? >= u64::from(AT_ONCE) {}
        let mut removed = 0;
        loop {
            let due = self.upkeep.due_objects(AT_ONCE).await?;
            let (mut gone, mut failed) = (Vec::new(), None);
            for (scope, object) in &due {
                match self.remove_all_of(scope, object).await {
                    Ok(()) => gone.push((scope.clone(), object.clone())),
                    // One that can't be removed is no reason to keep the others.
                    Err(error) => failed = Some(error),
                }
            }
            self.upkeep.forget_objects(&gone).await?;
            let count = u64::try_from(due.len()).unwrap_or(u64::MAX);
            removed += u64::try_from(gone.len()).unwrap_or(u64::MAX);
            if let Some(failed) = failed {
                return Err(failed);
            }
            if count < u64::from(AT_ONCE) {
                return Ok(removed);
            }
        }
    }

    /// Removes an object, its preview, and what was never finished of them.
    async fn remove_all_of(&self, scope: &Scope, object: &ObjectName) -> Result<(), FileError> {
        self.remove_object(scope, object).await?;
        for object in [object, &preview_of(object)] {
            let path = self.bucket.path(scope, object.as_str());
            self.bucket.remove_unfinished(&path).await?;
        }
        Ok(())
    }

    /// Removes an object and its preview. What isn't there is no error.
    pub(crate) async fn remove_object(
        &self,
        scope: &Scope,
        object: &ObjectName,
    ) -> Result<(), FileError> {
        for object in [object, &preview_of(object)] {
            let path = self.bucket.path(scope, object.as_str());
            match self.bucket.objects.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
