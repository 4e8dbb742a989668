//! A change of a thread, and a thread as it is found before a turn.

use frontdesk_protocol::{Map, ThreadMetadata, ThreadStatus, Timestamp};

use crate::{TurnId, TurnRecord};

/// A thread as it is found by who is about to run a turn in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entered {
    /// The thread.
    pub thread: ThreadMetadata,
    /// The turn that runs in it.
    pub running: Option<TurnRecord>,
    /// When the newest of its items and turns was made. What is made next has to be later to come last.
    pub newest: Option<Timestamp>,
    /// The newest of its turns, by (time of making, id). What is begun because of what was read begins
    /// [after](crate::After) this one.
    pub last_turn: Option<TurnId>,
}

/// What to change in a thread. `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ThreadPatch {
    /// The title; `Some(None)` takes it away.
    pub title: Option<Option<String>>,
    /// The title that has to be there for it to change, so that nobody's change in the meantime is lost.
    pub title_was: Option<Option<String>>,
    /// The status.
    pub status: Option<ThreadStatus>,
    /// The application's metadata, as a whole.
    pub metadata: Option<Map>,
    /// The hosts images may come from; `Some(None)` takes the list away.
    pub allowed_image_domains: Option<Option<Vec<String>>>,
}

impl ThreadPatch {
    /// Changes the thread.
    pub fn apply(self, thread: &mut ThreadMetadata) {
        let is_expected = self.title_was.is_none_or(|was| was == thread.title);
        if let (Some(title), true) = (self.title, is_expected) {
            thread.title = title;
        }
        if let Some(status) = self.status {
            thread.status = status;
        }
        if let Some(metadata) = self.metadata {
            thread.metadata = metadata;
        }
        if let Some(domains) = self.allowed_image_domains {
            thread.allowed_image_domains = domains;
        }
    }
}
