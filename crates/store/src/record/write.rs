//! What the beginning of a turn and a running turn write, each as a whole or not at all.

use frontdesk_protocol::{Attachment, ItemId, ThreadId, ThreadItem, ThreadMetadata, Timestamp};

use crate::{
    Continuation, Lease, LogBatch, Step, ThreadPatch, Trim, TurnId, TurnRecord, TurnStatus,
};

/// The beginning of a turn. It is done in the order of the fields.
#[derive(Debug, Clone)]
pub struct BeginTurn {
    /// The turn; its status is [`TurnStatus::Running`].
    pub turn: TurnRecord,
    /// The thread, if the turn is its first.
    pub new_thread: Option<ThreadMetadata>,
    /// Behind which turn it may begin. A new thread has none, so there it says nothing.
    pub after: After,
    /// Where to cut the thread off first.
    pub trim: Option<Trim>,
    /// Items to store; they get the turn's id.
    pub put: Vec<ThreadItem>,
    /// Items to remove. An id that isn't there is no error.
    pub remove: Vec<ItemId>,
    /// Attachments that are stored as belonging to the thread from now on.
    pub attachments: Vec<Attachment>,
    /// Who runs the turn.
    pub lease: Lease,
    /// What another process needs to go on with it.
    pub continuation: Option<Continuation>,
}

/// Behind which turn of its thread another one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// Whichever is the newest.
    Any,
    /// This one, which was the thread's newest, by (time of making, id), when what the beginning rests on was read;
    /// `None` where the thread had no turn.
    Seen(Option<TurnId>),
}

/// What came of the beginning of a turn. Only [`Began::Started`] has written anything. Of several refusals the
/// first one here is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Began {
    /// The turn runs.
    Started {
        /// The items that the trim removed, oldest first.
        removed: Vec<ItemId>,
    },
    /// The owner has a turn that was begun with the same key already. It counts before everything else.
    Repeated(TurnRecord),
    /// The owner has no such thread.
    NoThread,
    /// This turn runs in the thread already.
    Busy(TurnRecord),
    /// The thread's newest turn is another one than was seen, and has ended already.
    Overtaken,
    /// The item that the trim names isn't in the thread.
    NoItem,
}

/// A turn in a thread, and the attempt on whose behalf something is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TurnKey {
    /// The thread.
    pub thread: ThreadId,
    /// The turn.
    pub turn: TurnId,
    /// The attempt.
    pub attempt: u32,
}

/// What a running turn writes.
#[derive(Debug, Clone, Default)]
pub struct TurnWrite {
    /// Items to store; new ones get the turn's id.
    pub put: Vec<ThreadItem>,
    /// Items to remove. An id that isn't there is no error.
    pub remove: Vec<ItemId>,
    /// Steps. Writing the same step again is no error; a different one under the same number is a conflict.
    pub steps: Vec<Step>,
    /// A change of the thread.
    pub thread: Option<ThreadPatch>,
    /// Batches of the turn's log. A batch that is there already is left as it is.
    pub log: Vec<LogBatch>,
    /// The end of the turn.
    pub end: Option<TurnEnd>,
}

/// The end of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnEnd {
    /// How it ended; anything but [`TurnStatus::Running`].
    pub status: TurnStatus,
    /// When.
    pub at: Timestamp,
    /// The tokens that the turn used, as far as it is known. They are added to its owner's day, see
    /// [`Usage`](crate::Usage); at most [`MAX_TURN_TOKENS`](crate::limit::MAX_TURN_TOKENS) count.
    pub tokens: u64,
}

/// What came of a running turn's write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// All of it is stored.
    Stored,
    /// The thread was deleted, or the turn doesn't run under this attempt any more. Nothing was written.
    Gone,
}
