//! Reading and stopping a turn, wherever it runs.

use std::time::Duration;

use frontdesk_identity::Scope;
use frontdesk_store::{EventId, TurnId};

use super::{STOP_WAIT, Service};
use crate::turn::{StopReason, TurnReader};
use crate::{ChatError, RequestContext};

/// How often who waits for a turn's end looks by itself.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What came of a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The turn is over.
    Over,
    /// The process that runs the turn was asked, or will be as soon as one does.
    Asked,
}

impl Service {
    /// Reads a turn's events, from the one after `after`, wherever the turn runs.
    ///
    /// # Errors
    /// The caller has no such turn.
    pub async fn events(
        &self,
        cx: &RequestContext,
        turn: &TurnId,
        after: Option<EventId>,
    ) -> Result<TurnReader, ChatError> {
        let scope = cx.scope();
        self.look_after(cx, &scope, turn).await?;
        let opened = TurnReader::open(&self.0.followers, &scope, turn, cx.client, after).await?;
        opened.ok_or(ChatError::NotFound { what: "turn" })
    }

    /// Stops a turn, wherever it runs, and waits a while for its end. Stopping one that is over changes nothing.
    ///
    /// # Errors
    /// The caller has no such turn.
    pub async fn stop(&self, cx: &RequestContext, turn: &TurnId) -> Result<Stopped, ChatError> {
        let scope = cx.scope();
        self.look_after(cx, &scope, turn).await?;
        self.ask_to_stop(&scope, turn).await?;
        let is_over = self.is_over_within(cx, turn, STOP_WAIT).await?;
        Ok(if is_over {
            Stopped::Over
        } else {
            Stopped::Asked
        })
    }

    /// Lets the turn go on with what this request signed in with; what nobody runs is taken up.
    pub(super) async fn look_after(
        &self,
        cx: &RequestContext,
        scope: &Scope,
        turn: &TurnId,
    ) -> Result<(), ChatError> {
        if let Some(live) = self.0.hub.find(scope, turn) {
            live.renew(&cx.credentials);
            return Ok(());
        }
        let found = self.store().turn(scope, turn).await?;
        let record = found.ok_or(ChatError::NotFound { what: "turn" })?;
        if let Some(live) = self.take_up(scope, &record).await? {
            live.renew(&cx.credentials);
        }
        Ok(())
    }

    /// Asks whoever runs the turn to stop it.
    pub(super) async fn ask_to_stop(&self, scope: &Scope, turn: &TurnId) -> Result<(), ChatError> {
        // First, so that whoever takes the turn over hears of it in one way or the other.
        self.0.hub.stop_when_taken(turn, StopReason::User);
        if let Some(live) = self.0.hub.find(scope, turn) {
            live.stop(StopReason::User);
            if !live.stop_reason().is_some_and(StopReason::is_no_end) {
                return Ok(());
            }
        }
        if self.store().ask_to_stop(scope, turn).await? {
            self.wake(turn).await;
        }
        Ok(())
    }

    /// Tells other processes that there is something new about a turn.
    pub(super) async fn wake(&self, turn: &TurnId) {
        let wakeups = self.0.parts.wakeups.as_ref();
        if let Err(error) = wakeups.wake(std::slice::from_ref(turn)).await {
            // They look by themselves a little later.
            tracing::debug!(%turn, ?error, "other processes were not woken");
        }
    }

    /// Waits until the turn is over, at most this long; `false` if it still runs then. Taken over meanwhile, it goes on
    /// with what the request signed in with.
    pub(super) async fn is_over_within(
        &self,
        cx: &RequestContext,
        turn: &TurnId,
        longest: Duration,
    ) -> Result<bool, ChatError> {
        let scope = cx.scope();
        let mut bell = self.0.hub.bells.of(turn);
        let over = async {
            loop {
                if let Some(live) = self.0.hub.find(&scope, turn) {
                    live.renew(&cx.credentials);
                    live.over().await;
                }
                let record = self.store().turn(&scope, turn).await?;
                if record.is_none_or(|record| record.ended_at.is_some()) {
                    return Ok(());
                }
                bell.wait(LOOK_EVERY).await;
            }
        };
        match tokio::time::timeout(longest, over).await {
            Ok(over) => over.map(|()| true),
            Err(_) => Ok(false),
        }
    }
}
