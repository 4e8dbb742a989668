//! How a service begins and ends: it takes up what earlier processes left, and hands over what it leaves.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_identity::Scope;
use frontdesk_store::{TurnKey, TurnRecord};

use super::Service;
use crate::turn::LiveTurn;
use crate::{ChatError, Processes};

/// How long shutting down waits for tasks beyond the grace of turns.
const SHUTDOWN_WAIT: Duration = Duration::from_secs(30);
/// How often it looks whether turns are over.
const SHUTDOWN_LOOK: Duration = Duration::from_millis(20);

impl Service {
    /// Goes on with the turns that an earlier process left running; answers with how many. To be called before the
    /// first request. Where other processes may be on the store, what they run is theirs until its lease runs out, and
    /// is taken over then.
    ///
    /// # Errors
    /// The store is away.
    pub async fn recover(&self) -> Result<usize, ChatError> {
        if self.options().processes == Processes::Many {
            return Ok(0);
        }
        self.maintenance().release_all().await?;
        let mut taken = 0;
        for (scope, record) in self.maintenance().running_turns().await? {
            if self.0.hub.has(&record.id) {
                continue;
            }
            match self.0.takeover.take(&scope, &record).await {
                Ok(live) => taken += usize::from(live.is_some()),
                Err(ChatError::Unavailable { detail }) => {
                    return Err(ChatError::Unavailable { detail });
                }
                // One turn that can't be gone on with is no reason not to serve all others.
                Err(error) => {
                    tracing::error!(turn = %record.id, ?error, "a turn could not be taken over");
                }
            }
        }
        Ok(taken)
    }

    /// Whether requests can be served.
    ///
    /// # Errors
    /// The store is away, or the service shuts down.
    pub async fn ready(&self) -> Result<(), ChatError> {
        self.refuse_while_draining()?;
        Ok(self.maintenance().ping().await?)
    }

    /// Begins no more turns and gives the running ones `grace`. What still runs then is stored as far as it has come and
    /// left to whichever process takes it over, the next one on this store at the latest; turns of plain clients that
    /// read them end as interrupted, for those can't come back for the rest.
    pub async fn shutdown(&self, grace: Duration) {
        self.0.draining.store(true, Ordering::Release);
        self.0.taking.cancel();
        self.0.followers.closing.cancel();
        let turns = self.0.hub.all();
        let all_over = futures_util::future::join_all(turns.iter().map(|live| live.over()));
        let in_time = tokio::time::timeout(grace, all_over).await.is_ok();
        self.0.tasks.close();
        let ended = async {
            // What began in the last moment is left, too.
            while !self.0.hub.is_empty() {
                for live in self.0.hub.all() {
                    live.stop(live.leaving());
                }
                tokio::time::sleep(SHUTDOWN_LOOK).await;
            }
            self.0.upkeep.cancel();
            self.0.tasks.wait().await;
            self.0.keeper.release_unended(self.store()).await;
        };
        if tokio::time::timeout(SHUTDOWN_WAIT, ended).await.is_err() {
            tracing::error!(in_time, "shutting down left something behind");
            self.0.upkeep.cancel();
        }
    }

    /// The task that runs this turn here. A turn that nobody runs is taken over first. `None` where it has ended, or
    /// another process runs it.
    pub(super) async fn take_up(
        &self,
        scope: &Scope,
        record: &TurnRecord,
    ) -> Result<Option<Arc<LiveTurn>>, ChatError> {
        if record.ended_at.is_some() {
            return Ok(None);
        }
        // Asked first: what is no longer being taken over then is found.
        let is_taking = self.0.hub.is_taking(&record.id);
        if let Some(live) = self.0.hub.find(scope, &record.id) {
            return Ok(Some(live));
        }
        if is_taking || self.0.draining.load(Ordering::Acquire) {
            return Ok(None);
        }
        let key = TurnKey {
            thread: record.thread_id.clone(),
            turn: record.id.clone(),
            attempt: record.attempt,
        };
        // No task here runs it: if it is still this process's, its end could not be stored.
        self.0.keeper.release(scope, &key).await?;
        self.0.takeover.take(scope, record).await
    }

    pub(super) fn refuse_while_draining(&self) -> Result<(), ChatError> {
        if self.0.draining.load(Ordering::Acquire) {
            return Err(ChatError::Unavailable {
                detail: "shutting down".to_owned(),
            });
        }
        Ok(())
    }
}
