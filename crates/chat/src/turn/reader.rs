//! A reader of a turn's log: the connection that asked, another tab, or one that came back.
//!
//! Where the turn runs makes no difference to it: what it gives is the log, each event once and in order.

mod source;

use std::sync::Arc;

use frontdesk_identity::Scope;
use frontdesk_store::{EventId, TurnId};

use self::source::{FollowedSource, LiveSource, Next, StoredSource};
use super::follow::Followers;
use super::frame::Frame;
use super::live::{LiveTurn, Retry};
use super::stored::StoredLog;
use super::task::{elsewhere, gone, interrupted, lost_track};
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
    /// What was taken out of the source and not given out yet: who awaits it may be dropped in the middle.
    taken: Vec<Frame>,
    track: Track,
    end: End,
}

/// Whether a plain client reads what it can make sense of. It can't be told to load the thread anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Track {
    Kept,
    /// It saw of a dead attempt what nobody takes back. It is shown no more, and is told so at the end: leaving before
    /// would stop the turn.
    Lost,
    /// It was told why it reads no more.
    Told,
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
    /// It is over.
    Stored(Box<StoredSource>),
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
            taken: Vec::new(),
            track: Track::Kept,
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
            taken: Vec::new(),
            track: Track::Kept,
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
            taken: Vec::new(),
            track: Track::Kept,
            end: End::Whole,
        }
    }

    /// Whether there is nothing to read and nothing will come.
    pub(crate) fn is_over(&self) -> bool {
        match &self.source {
            Source::Live(_) | Source::Followed(_) => false,
            Source::Stored(stored) => stored.is_empty(),
            Source::Rest(frames) => frames.is_empty(),
        }
    }

    /// Whether the events broke off before the turn's end, which is to be read in another process, or later.
    pub fn has_broken_off(&self) -> bool {
        self.end == End::BrokenOff
    }

    /// The next events, at least one; `None` when the turn has ended and all of it was read, or when the events
    /// [broke off](Self::has_broken_off). Dropped before it is ready, it loses nothing.
    pub async fn next(&mut self) -> Option<Vec<Frame>> {
        loop {
            if self.taken.is_empty() {
                self.taken = match self.read().await {
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
                    Next::End => vec![self.last_word().await?],
                };
            }
            let stale = self.stale().await;
            let mut frames = std::mem::take(&mut self.taken);
            match (stale, self.client) {
                (Some(attempt), Client::Resuming) => frames.insert(0, reload(attempt)),
                (Some(_), Client::Plain) => self.track = Track::Lost,
                (None, _) => {}
            }
            self.pass(&frames);
            self.filter(&mut frames);
            if !frames.is_empty() {
                return Some(frames);
            }
        }
    }

    /// Leaves out what isn't for this reader. To a plain client, what is in no log is the last word.
    fn filter(&mut self, frames: &mut Vec<Frame>) {
        frames.retain(|frame| frame.is_for(self.client));
        if self.track == Track::Lost {
            frames.retain(|frame| frame.id.is_none());
        }
        if self.client == Client::Plain && frames.iter().any(|frame| frame.id.is_none()) {
            self.track = Track::Told;
        }
    }

    /// What there is to say to a reader who has read to the end and doesn't have what the store has.
    async fn last_word(&mut self) -> Option<Frame> {
        match (self.track, self.client) {
            (Track::Told, _) => None,
            (Track::Kept, Client::Resuming) => self.left_behind().await.map(reload),
            (Track::Kept, Client::Plain) => {
                self.left_behind().await?;
                self.track = Track::Lost;
                Some(Frame::loose(lost_track().to_wire()))
            }
            (Track::Lost, _) => Some(Frame::loose(lost_track().to_wire())),
        }
    }

    /// Notes what the reader has seen with these.
    fn pass(&mut self, frames: &[Frame]) {
        if let Some(last) = frames.iter().rev().find_map(|frame| frame.id) {
            self.after = Some(last);
            self.seen = match self.source {
                Source::Live(_) => Seen::Perhaps,
                Source::Followed(_) | Source::Stored(_) | Source::Rest(_) => Seen::Stored,
            };
        }
    }

    /// What can't be read any more: who can come back for it does, and others are told.
    fn break_off(&mut self) -> Option<Vec<Frame>> {
        let retry = match &self.source {
            Source::Live(live) => live.retry(),
            Source::Followed(_) | Source::Rest(_) => Retry::AsTheErrorSays,
            // It has an end already.
            Source::Stored(_) => Retry::Never,
        };
        self.source = Source::Rest(Vec::new());
        match self.client {
            Client::Resuming => {
                self.end = End::BrokenOff;
                None
            }
            Client::Plain => {
                self.track = Track::Told;
                Some(vec![Frame::loose(interrupted(retry).to_wire())])
            }
        }
    }

    async fn read(&mut self) -> Next {
        match (&mut self.source, &self.origin) {
            (Source::Live(live), Some(origin)) => live.next(origin, self.after).await,
            (Source::Followed(followed), Some(origin)) => followed.next(origin, self.after).await,
            (Source::Stored(stored), Some(origin)) => stored.next(origin, self.after).await,
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
    /// the next attempt, which is this: it can't be known what to take back.
    async fn stale(&self) -> Option<u32> {
        let mut next = self.taken.iter().filter(|frame| !is_reload(frame));
        let next = next.find_map(|frame| frame.id)?;
        let after = self.after.filter(|after| after.attempt < next.attempt)?;
        self.saw_more(after).await.then_some(next.attempt)
    }

    /// The same at the end, where the attempts after the one that died had nothing to say.
    async fn left_behind(&self) -> Option<u32> {
        let after = self.after?;
        let has_all = match &self.source {
            Source::Live(live) => live.attempt() <= after.attempt,
            Source::Followed(_) | Source::Stored(_) | Source::Rest(_) => false,
        };
        if has_all || !self.saw_more(after).await {
            return None;
        }
        let newest = self.newest_attempt(after.attempt).await?;
        (newest > after.attempt).then_some(newest)
    }

    /// The turn's last attempt; the one after this where it can't be asked for.
    async fn newest_attempt(&self, attempt: u32) -> Option<u32> {
        let origin = self.origin.as_ref()?;
        let store = &origin.followers.store;
        match store.turn(&origin.scope, &origin.turn).await {
            Ok(record) => record.map(|record| record.attempt),
            Err(_) => Some(attempt.saturating_add(1)),
        }
    }

    /// Whether the log lacks what this reader saw up to this event.
    async fn saw_more(&self, after: EventId) -> bool {
        let Some(origin) = self.origin.as_ref().filter(|_| after.seq > 0) else {
            return false;
        };
        if self.seen == Seen::Stored {
            return false;
        }
        !origin.log().has(after).await.unwrap_or(false)
    }
}

/// Where it stands a reader who has loaded the thread reads on: before this attempt.
fn reload(attempt: u32) -> Frame {
    Frame {
        id: Some(EventId { attempt, seq: 0 }),
        ..Frame::loose(RELOAD.to_vec()).for_resuming()
    }
}

fn is_reload(frame: &Frame) -> bool {
    frame.json == RELOAD
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
            Some(record) if record.ended_at.is_some() => {
                Ok(Some(self.rest(after, record.attempt).await?))
            }
            Some(_) => {
                let source = FollowedSource::new(followers.join(scope, turn));
                Ok(Some(Source::Followed(Box::new(source))))
            }
        }
    }

    /// What the store has of a turn that is over. Who reads on after its log was dropped loads the thread anew.
    async fn rest(&self, after: Option<EventId>, attempt: u32) -> Result<Source, ChatError> {
        let log = self.log();
        let page = log.page(after).await?;
        // Whoever has been told so comes back from behind everything.
        let told = reload(attempt.saturating_add(1));
        let may_be_gone = page.frames.is_empty() && after.is_some() && after < told.id;
        if may_be_gone && log.page(None).await?.frames.is_empty() {
            return Ok(Source::Rest(vec![told]));
        }
        let dropped = match self.client {
            Client::Resuming => told,
            Client::Plain => Frame::loose(lost_track().to_wire()),
        };
        Ok(Source::Stored(Box::new(StoredSource::new(page, dropped))))
    }

    fn log(&self) -> StoredLog<'_> {
        StoredLog {
            store: self.followers.store.as_ref(),
            scope: &self.scope,
            turn: &self.turn,
        }
    }
}
