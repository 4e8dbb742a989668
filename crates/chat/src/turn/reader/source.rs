//! Where a reader gets its events from: this process's memory, and the store for what is no longer there.

use std::sync::Arc;

use frontdesk_store::EventId;
use tokio::sync::watch;

use super::Origin;
use crate::turn::follow::{Following, Found, Standing};
use crate::turn::frame::Frame;
use crate::turn::live::{LiveTurn, Retry};
use crate::turn::stored::StoredPage;
use crate::turn::tail::Tailed;
use crate::{ChatError, Client};

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
    /// It has been told what is in no log.
    has_parted: bool,
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

/// The log of a turn that is over.
pub(super) struct StoredSource {
    /// What was read and not given out yet.
    page: Option<StoredPage>,
    /// What says that the rest isn't there any more.
    dropped: Frame,
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
            has_parted: false,
        }
    }

    /// The attempt that runs here.
    pub(super) fn attempt(&self) -> u32 {
        self.turn.key.attempt
    }

    /// What errors of the turn may offer.
    pub(super) fn retry(&self) -> Retry {
        self.turn.retry()
    }

    fn is_parting(&self) -> bool {
        self.client == Client::Plain && self.turn.parting().is_some()
    }

    pub(super) async fn next(&mut self, origin: &Origin, after: Option<EventId>) -> Next {
        let beginning = EventId {
            attempt: self.turn.key.attempt,
            seq: 0,
        };
        if self.earlier == Earlier::Unread && beginning.attempt > 1 && after < Some(beginning) {
            let Some(mut page) = origin.stored(after).await else {
                return Next::Broken;
            };
            let read = page.frames.len();
            page.frames.retain(|frame| frame.id < Some(beginning));
            if page.is_last || page.frames.len() < read {
                self.earlier = Earlier::Read;
            }
            if !page.frames.is_empty() {
                return Next::Frames(page.frames);
            }
        }
        let after = after.max(Some(beginning));
        loop {
            self.changed.mark_unchanged();
            match self.turn.read(after) {
                Tailed::Frames(frames) => return Next::Frames(frames),
                // A plain client doesn't know how to go on with what others take up.
                Tailed::Ended if self.turn.is_elsewhere() && !self.is_parting() => {
                    return Next::Moved;
                }
                Tailed::Ended => {
                    return match self.turn.parting().filter(|_| !self.has_parted) {
                        Some(parting) => {
                            self.has_parted = true;
                            Next::Frames(vec![Frame::loose(parting.to_vec())])
                        }
                        None => Next::End,
                    };
                }
                Tailed::Nothing => {
                    if self.changed.changed().await.is_err() {
                        return Next::End;
                    }
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

impl StoredSource {
    pub(super) fn new(first: StoredPage, dropped: Frame) -> Self {
        Self {
            page: Some(first),
            dropped,
        }
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        let page = self.page.as_ref();
        page.is_some_and(|page| page.is_last && page.frames.is_empty())
    }

    pub(super) async fn next(&mut self, origin: &Origin, after: Option<EventId>) -> Next {
        let was_read = self.page.is_some();
        if self.page.is_none() {
            self.page = origin.stored(after).await;
        }
        let Some(page) = &mut self.page else {
            return Next::Broken;
        };
        let frames = std::mem::take(&mut page.frames);
        if !page.is_last {
            self.page = None;
        }
        if !frames.is_empty() {
            return Next::Frames(frames);
        }
        if was_read {
            return Next::End;
        }
        // Nothing comes after a full page: it was the end of the log, or the log is gone meanwhile.
        match origin.stored(None).await {
            None => Next::Broken,
            Some(log) if log.frames.is_empty() => Next::Frames(vec![self.dropped.clone()]),
            Some(_) => Next::End,
        }
    }
}

impl Origin {
    /// What the store has next after this event, without what comes after a gap: that is in memory, too.
    async fn whole(&self, after: Option<EventId>) -> Next {
        let log = self.log();
        let read = async { log.without_gap(log.page(after).await?, after).await };
        match self.known(read.await) {
            None => Next::Broken,
            Some(page) if page.frames.is_empty() => {
                tracing::warn!(turn = %self.turn, "the log of a turn lacks what it had");
                Next::Broken
            }
            Some(page) => Next::Frames(page.frames),
        }
    }

    async fn stored(&self, after: Option<EventId>) -> Option<StoredPage> {
        self.known(self.log().page(after).await)
    }

    fn known(&self, read: Result<StoredPage, ChatError>) -> Option<StoredPage> {
        let told = |error: &ChatError| {
            tracing::warn!(turn = %self.turn, error = error.detail(), "a reader lost the turn's log");
        };
        read.inspect_err(told).ok()
    }
}
