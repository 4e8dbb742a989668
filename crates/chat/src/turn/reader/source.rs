//! Where a reader gets its events from: this process's memory, and the store for what is no longer there.

use std::sync::Arc;

use frontdesk_store::EventId;
use tokio::sync::watch;

use super::Origin;
use crate::Client;
use crate::turn::follow::{Following, Found, Standing};
use crate::turn::frame::Frame;
use crate::turn::live::LiveTurn;
use crate::turn::stored::{stored_frames, without_gap};
use crate::turn::tail::Tailed;

/// What comes next.
pub(super) enum Next {
    Frames(Vec<Frame>),
    /// The turn goes on in another place.
    Moved,
    /// It was deleted.
    Gone,
    End,
    /// The rest can't be read here now.
    Broken,
}

/// A turn that runs in this process.
pub(super) struct LiveSource {
    client: Client,
    turn: Arc<LiveTurn>,
    changed: watch::Receiver<u64>,
    earlier: Earlier,
}

/// Whether the log of earlier attempts has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Earlier {
    Unread,
    Read,
}

/// A turn that another process runs.
pub(super) struct FollowedSource {
    following: Following,
    changed: watch::Receiver<()>,
}

impl Drop for LiveSource {
    fn drop(&mut self) {
        self.turn.reader_went(self.client);
    }
}

impl LiveSource {
    pub(super) fn new(turn: Arc<LiveTurn>, client: Client) -> Self {
        turn.reader_came(client);
        Self {
            client,
            changed: turn.subscribe(),
            turn,
            earlier: Earlier::Unread,
        }
    }

    pub(super) async fn next(&mut self, origin: &Origin, after: Option<EventId>) -> Next {
        let beginning = EventId {
            attempt: self.turn.key.attempt,
            seq: 0,
        };
        if self.earlier == Earlier::Unread && beginning.attempt > 1 && after < Some(beginning) {
            let Some(mut frames) = origin.stored(after).await else {
                return Next::Broken;
            };
            self.earlier = Earlier::Read;
            frames.retain(|frame| frame.id < Some(beginning));
            if !frames.is_empty() {
                return Next::Frames(frames);
            }
        }
        let after = after.max(Some(beginning));
        loop {
            self.changed.mark_unchanged();
            match self.turn.read(after) {
                Tailed::Frames(frames) => return Next::Frames(frames),
                Tailed::Ended if self.turn.is_elsewhere() => return Next::Moved,
                Tailed::Ended => return Next::End,
                Tailed::Nothing => {
                    if self.changed.changed().await.is_err() {
                        return Next::End;
                    }
                    // What comes in one burst is read, and sent, in one piece.
                    tokio::task::yield_now().await;
                }
                Tailed::InStore => return origin.whole(after).await,
            }
        }
    }
}

impl FollowedSource {
    pub(super) fn new(following: Following) -> Self {
        Self {
            changed: following.followed.subscribe(),
            following,
        }
    }

    pub(super) async fn next(&mut self, origin: &Origin, after: Option<EventId>) -> Next {
        loop {
            self.changed.mark_unchanged();
            match self.following.followed.read(after) {
                Found::Frames(frames) => return Next::Frames(frames),
                Found::InStore => return origin.whole(after).await,
                Found::Nothing(Standing::Here) => return Next::Moved,
                Found::Nothing(Standing::Gone) => return Next::Gone,
                Found::Nothing(Standing::Ended) if origin.followers.closing.is_cancelled() => {
                    return Next::Moved;
                }
                Found::Nothing(Standing::Ended) => return Next::End,
                Found::Nothing(Standing::Running) => {
                    if self.changed.changed().await.is_err() {
                        return Next::End;
                    }
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

impl Origin {
    /// What the store has after this event, without what comes after a gap: that is in memory, too.
    async fn whole(&self, after: Option<EventId>) -> Next {
        let Some(mut frames) = self.stored(after).await else {
            return Next::Broken;
        };
        without_gap(&mut frames, after);
        if frames.is_empty() {
            tracing::warn!(turn = %self.turn, "the log of a turn lacks what it had");
            return Next::End;
        }
        Next::Frames(frames)
    }

    async fn stored(&self, after: Option<EventId>) -> Option<Vec<Frame>> {
        let store = self.followers.store.as_ref();
        match stored_frames(store, &self.scope, &self.turn, after).await {
            Ok(frames) => Some(frames),
            Err(error) => {
                tracing::warn!(turn = %self.turn, error = error.detail(), "a reader lost the turn's log");
                None
            }
        }
    }
}
