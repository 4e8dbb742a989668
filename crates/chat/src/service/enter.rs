//! The way into a thread: one turn runs in it at a time.

use std::time::Duration;

use frontdesk_protocol::{ThreadId, ThreadMetadata};
use frontdesk_store::TurnId;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use super::asked::Asked;
use super::{STOP_WAIT, Service};
use crate::{ChatError, WhenBusy};

/// How long a request waits for the end of a turn that another process runs: it may be about to stop, because its last
/// reader has gone.
const LEFT_WAIT: Duration = Duration::from_secs(1);

/// How long a request waits for its turn where it is to wait.
const BUSY_WAIT: Duration = Duration::from_secs(30);

/// What stands in the way of a new turn.
enum Busy {
    /// A turn that is about to end.
    Stopping(TurnId),
    /// A turn of another process, or one that was taken up just now.
    Elsewhere(TurnId),
    /// Any other.
    Here(TurnId),
    /// The turn of an equal request.
    Equal,
}

impl Service {
    /// The caller's thread, with nothing running in it, and no other request of this process beginning a turn in it
    /// while the guard is held. What is done about a turn that runs there is the operator's choice.
    pub(super) async fn enter(
        &self,
        asked: &Asked,
        id: &ThreadId,
    ) -> Result<(OwnedMutexGuard<()>, ThreadMetadata), ChatError> {
        let begun = Instant::now();
        loop {
            let guard = self.0.hub.lock_thread(&asked.scope, id).await;
            let thread = self.thread(&asked.scope, id).await?;
            let Some(busy) = self.busy(asked, id).await? else {
                return Ok((guard, thread));
            };
            // Others may come in meanwhile; who waited looks again.
            drop(guard);
            self.make_room(asked, busy, begun).await?;
        }
    }

    async fn busy(&self, asked: &Asked, id: &ThreadId) -> Result<Option<Busy>, ChatError> {
        let (scope, store) = (&asked.scope, self.store());
        let here = self.0.hub.of_thread(scope, id);
        if let Some(live) = here.as_ref().filter(|live| live.is_stopping()) {
            return Ok(Some(Busy::Stopping(live.key.turn.clone())));
        }
        let running = match &here {
            Some(live) => Some(live.key.turn.clone()),
            None => store.running_turn(scope, id).await?,
        };
        let Some(turn) = running else {
            return Ok(None);
        };
        let record = store.turn(scope, &turn).await?;
        let Some(record) = record.filter(|record| record.ended_at.is_none()) else {
            // It has ended just now; where it is still here, its readers are being told.
            return Ok(here.map(|_| Busy::Stopping(turn)));
        };
        if asked.is_equal(&record) {
            return Ok(Some(Busy::Equal));
        }
        if here.is_some() {
            return Ok(Some(Busy::Here(turn)));
        }
        self.take_up(scope, &record).await?;
        Ok(Some(Busy::Elsewhere(turn)))
    }

    /// Waits until the turn that stands in the way may be over.
    async fn make_room(&self, asked: &Asked, busy: Busy, begun: Instant) -> Result<(), ChatError> {
        let (turn, patience) = match (busy, self.options().when_busy) {
            (Busy::Equal, _) | (Busy::Here(_), WhenBusy::Refuse) => return Err(being_answered()),
            (Busy::Stopping(turn), _) => (turn, STOP_WAIT),
            (Busy::Elsewhere(turn), WhenBusy::Refuse) => (turn, LEFT_WAIT),
            (Busy::Here(turn) | Busy::Elsewhere(turn), WhenBusy::Wait) => (turn, BUSY_WAIT),
            (Busy::Here(turn) | Busy::Elsewhere(turn), WhenBusy::Stop) => {
                self.ask_to_stop(&asked.scope, &turn).await?;
                (turn, STOP_WAIT)
            }
        };
        let patience = patience.saturating_sub(begun.elapsed());
        let is_over = tokio::select! {
            is_over = self.is_over_within(&asked.scope, &turn, patience) => is_over?,
            () = asked.left.cancelled() => false,
            () = self.0.followers.closing.cancelled() => {
                return Err(ChatError::Unavailable { detail: "shutting down".to_owned() });
            }
        };
        if is_over {
            return Ok(());
        }
        Err(being_answered())
    }
}

pub(super) fn being_answered() -> ChatError {
    ChatError::conflict("an answer is still running in this thread; wait for it or stop it")
}
