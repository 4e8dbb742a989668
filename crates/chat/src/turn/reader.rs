//! A reader of a turn's log: the connection that asked, another tab, or one that came back.
//!
//! Where the turn runs makes no difference to it: what it gives is the log, each event once and in order.

mod source;

use std::sync::Arc;

use frontdesk_identity::Scope;
use frontdesk_store::{EventId, TurnId};

use self::source::{FollowedSource, LiveSource, Next};
use super::follow::Followers;
use super::frame::Frame;
use super::live::LiveTurn;
use super::stored::{is_stored, stored_frames};
use super::task::{elsewhere, gone};
use crate::{ChatError, Client};

/// Tells a client that resumes to load the thread anew. Not of ChatKit: only our own front end reads it.
const RELOAD: &[u8] = br#"{"type":"frontdesk.reload"}"#;

/// Reads the events of a turn as they come. Dropping it tells the turn that this reader went away.
pub struct TurnReader {
    client: Client,
    after: Option<EventId>,
    seen: Seen,
    /// What is read; nothing where all of the answer is here.
    origin: Option<Origin>,
    source: Source,
    end: End,
}

/// How what there was to read ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With the turn, if it has.
    Whole,
    /// Before the turn did.
    BrokenOff,
}

/// A turn, and what reading it needs.
#[derive(Clone)]
pub(super) struct Origin {
    client: Client,
    pub(super) followers: Arc<Followers>,
    pub(super) scope: Scope,
    pub(super) turn: TurnId,
}

/// Whether the log is known to have the last event that the reader saw. Once the turn was taken over, what the log
/// doesn't have was never so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Stored,
    Perhaps,
}

enum Source {
    /// The turn runs here.
    Live(Box<LiveSource>),
    /// It runs in another process.
    Followed(Box<FollowedSource>),
    /// Everything is here already.
    Rest(Vec<Frame>),
}

impl TurnReader {
    /// Reads a turn, wherever it runs, from the event after this one; `None` if the owner has no such turn.
    pub(crate) async fn open(
        followers: &Arc<Followers>,
        scope: &Scope,
        turn: &TurnId,
        client: Client,
        after: Option<EventId>,
    ) -> Result<Option<Self>, ChatError> {
        let origin = Origin {
            client,
            followers: Arc::clone(followers),
            scope: scope.clone(),
            turn: turn.clone(),
        };
        let source = origin.open(after).await?;
        Ok(source.map(|source| Self {
            client,
            after,
            seen: Seen::Perhaps,
            origin: Some(origin),
            source,
            end: End::Whole,
        }))
    }

    /// Reads a turn that runs in this process from its beginning.
    pub(crate) fn live(followers: &Arc<Followers>, turn: Arc<LiveTurn>, client: Client) -> Self {
        Self {
            client,
            after: None,
            seen: Seen::Perhaps,
            origin: Some(Origin {
                client,
                followers: Arc::clone(followers),
                scope: turn.scope.clone(),
                turn: turn.key.turn.clone(),
            }),
            source: Source::Live(Box::new(LiveSource::new(turn, client))),
            end: End::Whole,
        }
    }

    /// An answer of these events, which are all.
    pub(crate) fn of(frames: Vec<Frame>) -> Self {
        Self {
            client: Client::Plain,
            after: None,
            seen: Seen::Stored,
            origin: None,
            source: Source::Rest(frames),
            end: End::Whole,
        }
    }

    /// Whether there is nothing to read and nothing will come.
    pub(crate) fn is_over(&self) -> bool {
        matches!(&self.source, Source::Rest(frames) if frames.is_empty())
    }

    /// Whether the events broke off before the turn's end, which is to be read in another process, or later.
    pub fn has_broken_off(&self) -> bool {
        self.end == End::BrokenOff
    }

    /// The next events, at least one; `None` when the turn has ended and all of it was read, or when the events
    /// [broke off](Self::has_broken_off).
    pub async fn next(&mut self) -> Option<Vec<Frame>> {
        loop {
            let mut frames = match self.read().await {
                Next::Frames(frames) => frames,
                Next::Moved => match self.move_on().await {
                    Some(()) => continue,
                    None => return self.break_off(),
                },
                Next::Broken => return self.break_off(),
                Next::Gone => {
                    self.source = Source::Rest(Vec::new());
                    vec![Frame::loose(gone().to_wire())]
                }
                Next::End => return None,
            };
            self.reload_first(&mut frames).await;
            if let Some(last) = frames.iter().rev().find_map(|frame| frame.id) {
                self.after = Some(last);
                self.seen = match self.source {
                    Source::Live(_) => Seen::Perhaps,
                    Source::Followed(_) | Source::Rest(_) => Seen::Stored,
                };
            }
            frames.retain(|frame| frame.is_for(self.client));
            if !frames.is_empty() {
                return Some(frames);
            }
        }
    }

    fn break_off(&mut self) -> Option<Vec<Frame>> {
        self.end = End::BrokenOff;
        self.source = Source::Rest(Vec::new());
        None
    }

    async fn read(&mut self) -> Next {
        match (&mut self.source, &self.origin) {
            (Source::Live(live), Some(origin)) => live.next(origin, self.after).await,
            (Source::Followed(followed), Some(origin)) => followed.next(origin, self.after).await,
            (Source::Rest(frames), _) if !frames.is_empty() => Next::Frames(std::mem::take(frames)),
            _ => Next::End,
        }
    }

    /// Goes on where the turn runs now. `None` where that can't be; the client may come back.
    async fn move_on(&mut self) -> Option<()> {
        let origin = self.origin.as_ref()?;
        if origin.followers.closing.is_cancelled() {
            if self.client == Client::Resuming {
                return None;
            }
            // It won't come back for the rest.
            self.source = Source::Rest(vec![Frame::loose(elsewhere().to_wire())]);
            return Some(());
        }
        self.source = match origin.open(self.after).await {
            Ok(Some(source)) => source,
            Ok(None) => Source::Rest(vec![Frame::loose(gone().to_wire())]),
            Err(error) => {
                tracing::warn!(turn = %origin.turn, ?error, "a reader lost its turn");
                return None;
            }
        };
        Some(())
    }

    /// A reader who saw more than the log has of an attempt that died is told to load the thread anew before it reads
    /// the next attempt: it can't be known what to take back.
    async fn reload_first(&mut self, frames: &mut Vec<Frame>) {
        let next = frames.iter().find_map(|frame| frame.id);
        let (Some(origin), Some(after), Some(next)) = (&self.origin, self.after, next) else {
            return;
        };
        if self.seen == Seen::Stored || after.seq == 0 || after.attempt >= next.attempt {
            return;
        }
        let (store, scope) = (origin.followers.store.as_ref(), &origin.scope);
        let known = is_stored(store, scope, &origin.turn, after).await;
        if !known.unwrap_or(false) {
            frames.insert(0, Frame::loose(RELOAD.to_vec()));
        }
    }
}

impl Origin {
    /// Where the turn is to be read now; `None` if the owner has no such turn.
    async fn open(&self, after: Option<EventId>) -> Result<Option<Source>, ChatError> {
        let (followers, scope, turn) = (&self.followers, &self.scope, &self.turn);
        if let Some(live) = followers.hub.find(scope, turn) {
            return Ok(Some(Source::Live(Box::new(LiveSource::new(
                live,
                self.client,
            )))));
        }
        match followers.store.turn(scope, turn).await? {
            None => Ok(None),
            Some(record) if record.ended_at.is_some() => Ok(Some(self.rest(after).await?)),
            Some(_) => {
                let source = FollowedSource::new(followers.join(scope, turn));
                Ok(Some(Source::Followed(Box::new(source))))
            }
        }
    }

    /// What the store has of a turn that is over. Who reads on after its log was dropped loads the thread anew.
    async fn rest(&self, after: Option<EventId>) -> Result<Source, ChatError> {
        let store = self.followers.store.as_ref();
        let mut frames = stored_frames(store, &self.scope, &self.turn, None).await?;
        let is_gone = frames.is_empty() && after.is_some();
        frames.retain(|frame| frame.id > after);
        if is_gone {
            frames.push(Frame::loose(RELOAD.to_vec()));
        }
        Ok(Source::Rest(frames))
    }
}
