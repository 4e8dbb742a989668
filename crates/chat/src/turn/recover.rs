//! Ends a turn whose process died: what readers saw is kept as far as the log has it, and the end is told.

use std::sync::Arc;

use frontdesk_clock::{Clock, Ids};
use frontdesk_identity::{Credentials, Scope};
use frontdesk_protocol::{ItemId, ThreadEvent};
use frontdesk_store::{Lease, Maintenance, Store, TurnKey, TurnRecord, TurnStatus};

use super::live::{LiveTurn, WhenUnread};
use super::recorder::{Recorder, Refused};
use super::stored::stored_frames;
use super::task::{INTERRUPTED_NOTE, interrupted, note};
use crate::{ChatError, Limits};

/// What recovering needs of the service.
pub(crate) struct Recovery<'a> {
    pub(crate) store: &'a Arc<dyn Store>,
    pub(crate) maintenance: &'a dyn Maintenance,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) ids: &'a dyn Ids,
    pub(crate) limits: &'a Limits,
    pub(crate) lease: &'a Lease,
}

/// Ends this turn as interrupted. `false` when somebody else took it first.
pub(crate) async fn recover(
    recovery: &Recovery<'_>,
    scope: &Scope,
    record: &TurnRecord,
) -> Result<bool, ChatError> {
    let taken = recovery
        .maintenance
        .take_over(scope, &record.id, record.attempt, recovery.lease)
        .await?;
    let thread = recovery.store.thread(scope, &record.thread_id).await?;
    let (Some(_), Some(thread)) = (taken, thread) else {
        return Ok(false);
    };
    let key = TurnKey {
        thread: record.thread_id.clone(),
        turn: record.id.clone(),
        attempt: record.attempt + 1,
    };
    let live = LiveTurn::new(scope.clone(), key, Credentials::default(), WhenUnread::GoOn);
    let store = Arc::clone(recovery.store);
    let mut recorder = Recorder::new(live, store, recovery.limits.clone(), thread);
    for frame in stored_frames(recovery.store.as_ref(), scope, &record.id, None).await? {
        match serde_json::from_slice::<ThreadEvent>(&frame.json) {
            Ok(event) => recorder.resume_after(&event),
            Err(error) => {
                tracing::warn!(turn = %record.id, %error, "an unreadable event in a log");
            }
        }
    }
    end(recovery, &mut recorder)
        .await
        .map_err(|refused| match refused {
            Refused::Gone => ChatError::conflict("the turn is gone"),
            Refused::Away { detail } => ChatError::Unavailable { detail },
            Refused::Never { detail } => ChatError::Internal { detail },
        })?;
    Ok(true)
}

async fn end(recovery: &Recovery<'_>, recorder: &mut Recorder) -> Result<(), Refused> {
    let now = recovery.clock.now();
    let id = ItemId::new(recovery.ids.next("shcx"));
    let note = note(id, recorder.key().thread.clone(), now, INTERRUPTED_NOTE);
    recorder.conclude_pending();
    recorder.conclude(ThreadEvent::item_done(note));
    recorder.conclude(interrupted());
    match recorder.end(TurnStatus::Interrupted, now).await {
        // Better an end without the text than a turn that never ends.
        Err(Refused::Never { detail }) => {
            tracing::error!(turn = %recorder.key().turn, detail, "an interrupted answer can't be kept");
            recorder.forget_unstored();
            recorder.conclude(interrupted());
            recorder.end(TurnStatus::Interrupted, now).await
        }
        ended => ended,
    }
}
