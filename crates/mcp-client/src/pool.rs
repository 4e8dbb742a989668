//! The connections to one server: one that all users share where the protocol has each request speak for itself, else
//! one for each user. Each is kept while it is used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use frontdesk_identity::Scope;
use tokio::time::Instant;

use crate::McpError;
use crate::connection::Connection;

/// How many users of one server are connected at once, where nothing else is configured.
pub const MAX_CONNECTIONS: usize = 1_024;

/// The places for connections.
#[derive(Debug)]
pub(crate) struct Pool {
    max: usize,
    shared: Arc<Place>,
    users: Mutex<HashMap<Scope, Arc<Place>>>,
}

/// A place for one connection.
#[derive(Debug)]
pub(crate) struct Place {
    /// Held while the connection is made, so that the first calls make one.
    pub(crate) opening: tokio::sync::Mutex<()>,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    connection: Option<Arc<Connection>>,
    used: Instant,
}

impl Place {
    fn new() -> Self {
        Self {
            opening: tokio::sync::Mutex::default(),
            kept: Mutex::new(Kept {
                connection: None,
                used: Instant::now(),
            }),
        }
    }

    /// The connection, if one stands.
    pub(crate) fn live(&self) -> Option<Arc<Connection>> {
        let mut kept = self.lock();
        kept.used = Instant::now();
        kept.connection
            .as_ref()
            .filter(|connection| !connection.is_closed())
            .map(Arc::clone)
    }

    pub(crate) fn put(&self, connection: Connection) -> Arc<Connection> {
        let connection = Arc::new(connection);
        self.lock().connection = Some(Arc::clone(&connection));
        connection
    }

    /// Gives this connection up; calls that are on it still end as they do.
    pub(crate) fn forget(&self, connection: &Arc<Connection>) {
        let mut kept = self.lock();
        if kept
            .connection
            .as_ref()
            .is_some_and(|kept| Arc::ptr_eq(kept, connection))
        {
            kept.connection = None;
        }
    }

    /// The connection, without this counting as a use.
    fn peek(&self) -> Option<Arc<Connection>> {
        self.lock().connection.clone()
    }

    fn is_idle(&self, now: Instant, idle: Duration) -> bool {
        let kept = self.lock();
        let busy = kept
            .connection
            .as_ref()
            .is_some_and(|connection| Arc::strong_count(connection) > 1);
        !busy && now.saturating_duration_since(kept.used) >= idle
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max,
            shared: Arc::new(Place::new()),
            users: Mutex::default(),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Place> {
        &self.shared
    }

    /// The connection that is shared, if it stands and is in use.
    pub(crate) fn shared_connection(&self) -> Option<Arc<Connection>> {
        self.shared
            .peek()
            .filter(|connection| !connection.is_closed())
    }

    /// The user's place, made if need be; the user that has been idle longest gives way.
    pub(crate) fn of(&self, owner: &Scope) -> Result<Arc<Place>, McpError> {
        let now = Instant::now();
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = users.get(owner) {
            return Ok(Arc::clone(place));
        }
        if users.len() >= self.max {
            let idle = |(_, place): &(&Scope, &Arc<Place>)| {
                Arc::strong_count(place) == 1 && place.is_idle(now, Duration::ZERO)
            };
            let oldest = users
                .iter()
                .filter(idle)
                .min_by_key(|(_, place)| place.lock().used);
            let Some(oldest) = oldest.map(|(owner, _)| owner.clone()) else {
                return Err(McpError::Away {
                    detail: format!("{} users are connected and busy", self.max),
                });
            };
            users.remove(&oldest);
        }
        let place = Arc::new(Place::new());
        users.insert(owner.clone(), Arc::clone(&place));
        Ok(place)
    }

    /// The user's own connection, if there is one, without this counting as a use.
    pub(crate) fn own_connection(&self, owner: &Scope) -> Option<Arc<Connection>> {
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.get(owner)?.peek()
    }

    /// Closes the connections that nobody has used for this long.
    pub(crate) fn sweep(&self, idle: Duration) {
        let now = Instant::now();
        if self.shared.is_idle(now, idle) {
            self.shared.lock().connection = None;
        }
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.retain(|_, place| Arc::strong_count(place) > 1 || !place.is_idle(now, idle));
    }

    /// Forgets all connections; each closes when its last call has ended.
    pub(crate) fn clear(&self) {
        self.shared.lock().connection = None;
        self.users
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    pub(crate) fn len(&self) -> usize {
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let own = users.values().filter(|place| place.peek().is_some());
        own.count() + usize::from(self.shared.peek().is_some())
    }
}
