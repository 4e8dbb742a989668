//! The way into a thread: one turn runs in it at a time.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_protocol::ThreadId;
use frontdesk_store::{After, Entered, TurnId, TurnRecord};
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use super::asked::Asked;
use super::begin::Ground;
use super::{STOP_WAIT, Service};
use crate::turn::{LiveTurn, NOTED_FOR, ThreadTime, WhenUnread};
use crate::{ChatError, WhenBusy};

/// How long a request waits for the end of a turn that another process runs: it may be about to stop, because its last
/// reader has gone.
const LEFT_WAIT: Duration = Duration::from_secs(1);

/// The same where its last reader may have been in another process than the one that runs it, which finds that out when
/// the last note of it lapses.
const LAPSE_WAIT: Duration = Duration::from_secs(NOTED_FOR.as_secs() + 2);

/// How long a request waits for its turn where it is to wait.
const BUSY_WAIT: Duration = Duration::from_secs(30);

/// What stands in the way of a new turn.
enum Busy {
    /// A turn that is about to end.
    Stopping(TurnId),
    /// A turn of another process, or one that was taken up just now.
    Elsewhere(TurnId),
    /// A turn of this process that is read in other ones, if anywhere.
    Left(TurnId),
    /// Any other.
    Here(TurnId),
    /// The turn of an equal request.
    Equal,
}

impl Service {
    /// The caller's thread as it is, with nothing running in it, and no other request of this process beginning a turn in
    /// it while the guard is held. One of another process may; then what was read since doesn't count, and the store
    /// refuses what would begin on it. What is done about a turn that runs there is the operator's choice.
    pub(super) async fn enter(
        &self,
        asked: &Asked,
        id: &ThreadId,
    ) -> Result<(OwnedMutexGuard<()>, Ground), ChatError> {
        let begun = Instant::now();
        loop {
            let guard = self.0.hub.lock_thread(&asked.scope, id).await;
            // Before the look into the store: what was here is still here, or is stored as ended.
            let here = self.0.hub.of_thread(&asked.scope, id);
            let found = self.store().thread_with_running(&asked.scope, id).await?;
            let found = found.ok_or(ChatError::NotFound { what: "thread" })?;
            let Entered {
                thread,
                running,
                newest,
                last_turn,
            } = found;
            let Some(busy) = self.busy(asked, here, running).await? else {
                let ground = Ground {
                    thread,
                    time: ThreadTime::after(Arc::clone(&self.0.parts.clock), newest),
                    after: After::Seen(last_turn),
                };
                return Ok((guard, ground));
            };
            // Others may come in meanwhile; who waited looks again.
            drop(guard);
            // What was begun before is joined: nothing waits or ends for it.
            if self.has_begun(asked).await? {
                return Err(being_answered());
            }
            self.make_room(asked, busy, begun).await?;
        }
    }

    /// What stands in the way: the thread's turn of this process, or the one that is stored as running.
    async fn busy(
        &self,
        asked: &Asked,
        here: Option<Arc<LiveTurn>>,
        running: Option<TurnRecord>,
    ) -> Result<Option<Busy>, ChatError> {
        if let Some(live) = here {
            let turn = live.key.turn.clone();
            return Ok(Some(match running.filter(|record| record.id == turn) {
                Some(_) if live.is_stopping() => Busy::Stopping(turn),
                Some(record) if asked.is_equal(&record) => Busy::Equal,
                Some(_) => {
                    live.renew(&asked.cx.credentials);
                    if live.may_be_left() {
                        Busy::Left(turn)
                    } else {
                        Busy::Here(turn)
                    }
                }
                // It has ended just now; its readers are being told.
                None => Busy::Stopping(turn),
            }));
        }
        let Some(record) = running else {
            return Ok(None);
        };
        if asked.is_equal(&record) {
            return Ok(Some(Busy::Equal));
        }
        if let Some(live) = self.take_up(&asked.scope, &record).await? {
            live.renew(&asked.cx.credentials);
        }
        Ok(Some(Busy::Elsewhere(record.id)))
    }

    /// Waits until the turn that stands in the way may be over.
    async fn make_room(&self, asked: &Asked, busy: Busy, begun: Instant) -> Result<(), ChatError> {
        let (turn, patience) = match (busy, self.options().when_busy) {
            (Busy::Equal, _) | (Busy::Here(_), WhenBusy::Refuse) => return Err(being_answered()),
            (Busy::Stopping(turn), _) => (turn, STOP_WAIT),
            (Busy::Left(turn), WhenBusy::Refuse) => (turn, LAPSE_WAIT),
            (Busy::Elsewhere(turn), WhenBusy::Refuse) => (turn, self.left_wait(asked)),
            (Busy::Here(turn) | Busy::Left(turn) | Busy::Elsewhere(turn), WhenBusy::Wait) => {
                (turn, BUSY_WAIT)
            }
            (Busy::Here(turn) | Busy::Left(turn) | Busy::Elsewhere(turn), WhenBusy::Stop) => {
                self.ask_to_stop(&asked.scope, &turn).await?;
                (turn, STOP_WAIT)
            }
        };
        let patience = patience.saturating_sub(begun.elapsed());
        let is_over = tokio::select! {
            is_over = self.is_over_within(&asked.cx, &turn, patience) => is_over?,
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

    /// How long a turn of another process is waited for, which a client of this kind may have left just now.
    fn left_wait(&self, asked: &Asked) -> Duration {
        let client = asked.cx.client;
        match self.options().on_disconnect.when_unread(client) {
            WhenUnread::Stop => LAPSE_WAIT,
            WhenUnread::GoOn => LEFT_WAIT,
        }
    }
}

pub(super) fn being_answered() -> ChatError {
    ChatError::conflict("an answer is still running in this thread; wait for it or stop it")
}
