//! The connections to one server: one for each user, kept while it is used, never shared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use frontdesk_identity::Scope;
use tokio::time::Instant;

use crate::McpError;
use crate::connection::Connection;
use crate::listing::Listing;

/// How many users of one server are connected at once.
pub const MAX_CONNECTIONS: usize = 1_024;

/// The users' slots.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<HashMap<Scope, Entry>>);

#[derive(Debug)]
struct Entry {
    slot: Arc<Slot>,
    used: Instant,
}

/// One user's place: locked while the connection is made, so that a user's first calls make one connection.
#[derive(Debug, Default)]
pub(crate) struct Slot(pub(crate) tokio::sync::Mutex<Option<Kept>>);

/// A connection and what it listed.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) connection: Arc<Connection>,
    pub(crate) listing: Option<(Instant, Arc<Listing>)>,
}

impl Pool {
    /// The user's slot, made if need be; the user that has been idle longest gives way.
    pub(crate) fn slot(&self, owner: &Scope) -> Result<Arc<Slot>, McpError> {
        let now = Instant::now();
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(owner) {
            entry.used = now;
            return Ok(Arc::clone(&entry.slot));
        }
        if entries.len() >= MAX_CONNECTIONS {
            let idle = |(_, entry): &(&Scope, &Entry)| Arc::strong_count(&entry.slot) == 1;
            let oldest = entries
                .iter()
                .filter(idle)
                .min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(owner, _)| owner.clone()) else {
                return Err(McpError::Away {
                    detail: format!("{MAX_CONNECTIONS} users are connected"),
                });
            };
            entries.remove(&oldest);
        }
        let slot = Arc::<Slot>::default();
        entries.insert(
            owner.clone(),
            Entry {
                slot: Arc::clone(&slot),
                used: now,
            },
        );
        Ok(slot)
    }

    /// Closes the connections that nobody has used for this long.
    pub(crate) fn sweep(&self, idle: Duration) {
        let now = Instant::now();
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, entry| {
            Arc::strong_count(&entry.slot) > 1 || now.duration_since(entry.used) < idle
        });
    }

    /// Forgets all connections; each closes when its last call has ended.
    pub(crate) fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
