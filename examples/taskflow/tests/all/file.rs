//! Tasks in an SQLite file of their own.

use std::sync::Arc;

use frontdesk_clock::Clock;
use frontdesk_taskflow::Tasks;
use tempfile::TempDir;

use super::desk::Result;

/// What has to live as long as the tasks.
pub(crate) type Place = TempDir;

pub(crate) async fn open(clock: Arc<dyn Clock>) -> Result<(Tasks, Place)> {
    let directory = tempfile::tempdir()?;
    let tasks = Tasks::open(&directory.path().join("taskflow.db"), clock).await?;
    Ok((tasks, directory))
}
