//! What can go wrong in a store, told apart by what a caller can do about it.

/// A failure of a store. `detail` is for the operator alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store can't be reached, is busy for too long, or is closed: try again later.
    #[error("the store is not available: {detail}")]
    Unavailable {
        /// What happened.
        detail: String,
    },
    /// An id is taken, by another thread of the same owner or by something that is written only once.
    #[error("already taken: {what}")]
    Conflict {
        /// The kind and the id.
        what: String,
    },
    /// A record is larger than the store takes; nothing was written.
    #[error("too large: {what} has {bytes} bytes, at most {limit} are taken")]
    TooLarge {
        /// The kind and the id.
        what: String,
        /// Its size.
        bytes: usize,
        /// The largest size that is taken.
        limit: usize,
    },
    /// What is stored can't be read: restore it or leave it out.
    #[error("stored data can't be read: {detail}")]
    Corrupt {
        /// What can't be read, and why.
        detail: String,
    },
    /// The store was written by a newer version: start that version.
    #[error(
        "the store has schema {found}, this version knows schemas up to {known}: start a newer version"
    )]
    NewerSchema {
        /// The schema of the store.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// Anything else: a defect, to be reported.
    #[error("the store failed: {detail}")]
    Failed {
        /// What happened.
        detail: String,
    },
}
