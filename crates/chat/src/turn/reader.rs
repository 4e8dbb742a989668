//! A reader of a turn's log: the connection that asked, another tab, or one that came back.

use std::sync::Arc;

use frontdesk_identity::Scope;
use frontdesk_store::{EventId, Store, TurnId};
use tokio::sync::watch;

use super::frame::{Frame, decode};
use super::live::LiveTurn;
use super::tail::Tailed;
use crate::{ChatError, Client};

/// Tells a client that resumes to load the thread anew. Not of ChatKit: only our own front end reads it.
const RELOAD: &[u8] = br#"{"type":"frontdesk.reload"}"#;

/// Reads the events of a turn as they come. Dropping it tells the turn that this reader went away.
pub struct TurnReader {
    client: Client,
    after: Option<EventId>,
    source: Source,
}

enum Source {
    Live(Box<LiveSource>),
    /// Everything is here already.
    Rest(Vec<Frame>),
}

struct LiveSource {
    store: Arc<dyn Store>,
    turn: Arc<LiveTurn>,
    changed: watch::Receiver<u64>,
}

impl Drop for LiveSource {
    fn drop(&mut self) {
        self.turn.reader_went();
    }
}

impl TurnReader {
    /// Reads a running turn, from the event after this one.
    pub(crate) fn live(
        turn: Arc<LiveTurn>,
        store: Arc<dyn Store>,
        client: Client,
        after: Option<EventId>,
    ) -> Self {
        turn.reader_came();
        let changed = turn.subscribe();
        let source = LiveSource {
            store,
            turn,
            changed,
        };
        Self {
            client,
            after,
            source: Source::Live(Box::new(source)),
        }
    }

    /// Reads what the store has of a turn that is over. A reader who saw more than the log has of an attempt that died
    /// is told first to load the thread anew: it can't be known what to take back. So is one who comes after the log
    /// was dropped.
    pub(crate) async fn stored(
        store: &dyn Store,
        scope: &Scope,
        turn: &TurnId,
        client: Client,
        after: Option<EventId>,
    ) -> Result<Self, ChatError> {
        let mut frames = stored_frames(store, scope, turn, None).await?;
        let is_gone = frames.is_empty() && after.is_some();
        let has_seen_more = after.is_some_and(|after| {
            let numbers = || frames.iter().filter_map(|frame| frame.id);
            numbers().any(|id| id.attempt > after.attempt) && !numbers().any(|id| id == after)
        });
        frames.retain(|frame| frame.id > after);
        if is_gone || has_seen_more {
            frames.insert(0, Frame::loose(RELOAD.to_vec()));
        }
        Ok(Self {
            client,
            after,
            source: Source::Rest(frames),
        })
    }

    /// An answer of one event, without a turn.
    pub(crate) fn only(frame: Frame) -> Self {
        Self {
            client: Client::Plain,
            after: None,
            source: Source::Rest(vec![frame]),
        }
    }

    /// The next events, at least one; `None` when the turn has ended and all of it was read.
    pub async fn next(&mut self) -> Option<Vec<Frame>> {
        loop {
            let mut frames = match &mut self.source {
                Source::Rest(frames) if frames.is_empty() => return None,
                Source::Rest(frames) => std::mem::take(frames),
                Source::Live(live) => live.next(self.after).await?,
            };
            self.after = frames.last().and_then(|frame| frame.id).or(self.after);
            frames.retain(|frame| frame.is_for(self.client));
            if !frames.is_empty() {
                return Some(frames);
            }
        }
    }
}

impl LiveSource {
    async fn next(&mut self, after: Option<EventId>) -> Option<Vec<Frame>> {
        loop {
            self.changed.mark_unchanged();
            match self.turn.read(after) {
                Tailed::Frames(frames) => return Some(frames),
                Tailed::Ended => return None,
                Tailed::Nothing => {
                    self.changed.changed().await.ok()?;
                    // What comes in one burst is read, and sent, in one piece.
                    tokio::task::yield_now().await;
                }
                Tailed::InStore => return self.read_stored(after).await,
            }
        }
    }

    async fn read_stored(&self, after: Option<EventId>) -> Option<Vec<Frame>> {
        let (scope, turn) = (&self.turn.scope, &self.turn.key.turn);
        match stored_frames(self.store.as_ref(), scope, turn, after).await {
            Ok(frames) if !frames.is_empty() => Some(frames),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(turn = %turn, error = error.detail(), "a reader lost the turn's log");
                None
            }
        }
    }
}

pub(super) async fn stored_frames(
    store: &dyn Store,
    scope: &Scope,
    turn: &TurnId,
    after: Option<EventId>,
) -> Result<Vec<Frame>, ChatError> {
    let batches = store.turn_log(scope, turn, after).await?;
    let mut frames = Vec::new();
    let mut last = after;
    for frame in batches.iter().flat_map(decode) {
        if frame.id > last {
            last = frame.id;
            frames.push(frame);
        }
    }
    Ok(frames)
}
