//! All that a request may do with storage.

use std::fmt;

use crate::{Attachments, Items, Threads, Turns};

/// A store, as request code sees it. [`Maintenance`](crate::Maintenance) is no part of it.
pub trait Store: Threads + Items + Attachments + Turns + Send + Sync + fmt::Debug {}

impl<T: Threads + Items + Attachments + Turns + Send + Sync + fmt::Debug> Store for T {}
