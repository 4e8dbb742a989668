//! What an archive consists of.

use std::fmt;

use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, ThreadMetadata, Timestamp};

use crate::{ApiKey, ItemFeedback, Step, StoredFile, StoredItem, TurnRecord, UtcDay};

/// One thing in an archive, with its owner.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A thread, without its items.
    Thread(Scope, ThreadMetadata),
    /// A turn that has ended.
    Turn(Scope, TurnRecord),
    /// A step of a turn.
    Step(Scope, Step),
    /// An item.
    Item(Scope, StoredItem),
    /// What the owner thinks of an item.
    Feedback(Scope, ItemFeedback),
    /// An attachment, and what is known of its bytes.
    Attachment(Scope, Attachment, Option<StoredFile>),
    /// A connection to a tool server.
    Connection(Scope, SealedConnection),
    /// The tokens that were used on a day.
    Usage(Scope, UtcDay, u64),
    /// An API key. It names its owner itself.
    Key(ApiKey),
}

/// A connection with what is sealed in it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedConnection {
    /// The server's name, as the operator's file has it.
    pub server: String,
    /// What only the holder of the server's secret can read.
    pub sealed: Vec<u8>,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When it was last stored.
    pub updated_at: Timestamp,
}

impl fmt::Debug for SealedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedConnection")
            .field("server", &self.server)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .finish_non_exhaustive()
    }
}

/// How much was deleted of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Threads, with their steps and logs.
    pub threads: u64,
    /// Items.
    pub items: u64,
    /// Turns.
    pub turns: u64,
    /// What they thought of items.
    pub feedback: u64,
    /// Attachments. Their bytes are removed a while later.
    pub attachments: u64,
    /// Connections to tool servers, finished or not.
    pub connections: u64,
    /// Days of which use was remembered.
    pub days: u64,
    /// API keys.
    pub keys: u64,
}
