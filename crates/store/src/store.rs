//! All that a request may do with storage.

use std::fmt;

use crate::{Attachments, Connections, Feedback, Items, Search, Threads, Turns, Usage};

/// A store, as request code sees it. [`Maintenance`](crate::Maintenance) and [`Keys`](crate::Keys) are no part of it.
pub trait Store:
    Threads
    + Items
    + Attachments
    + Turns
    + Connections
    + Usage
    + Feedback
    + Search
    + Send
    + Sync
    + fmt::Debug
{
}

impl<T> Store for T where
    T: Threads
        + Items
        + Attachments
        + Turns
        + Connections
        + Usage
        + Feedback
        + Search
        + Send
        + Sync
        + fmt::Debug
{
}
