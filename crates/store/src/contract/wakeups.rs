//! Wake-ups between the processes on a store.

use std::time::Duration;

use super::StoreUnderTest;
use super::sample::turn_id;
use crate::{Result, StoreError, Wakeup};

/// How long a wake-up may take that has to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who listens hears which turns another one wakes the processes for.
pub async fn who_listens_is_woken(subject: &StoreUnderTest) -> Result<()> {
    let mut woken = subject.wakeups.listen();
    let turns = vec![turn_id("turn_1"), turn_id("turn \"2\"")];
    subject.wakeups.wake(&turns).await?;
    let failed = |detail: String| StoreError::Failed { detail };
    let heard = tokio::time::timeout(PATIENCE, woken.recv()).await;
    let heard = heard.map_err(|error| failed(error.to_string()))?;
    let heard = heard.map_err(|error| failed(error.to_string()))?;
    assert_eq!(heard, Wakeup::Turns(turns));
    Ok(())
}
